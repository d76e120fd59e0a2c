"""Tokens, and the assertions that ask for them."""

import asyncio
import time
from urllib.parse import urlencode

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.jws import JWSRegistry, deserialize_compact

from relais_kit.hub.acces import FORMULAIRE, contenu, en_hs256, entete, non_signe, signe_de
from relais_kit.hub.echanges import lu, rendu
from relais_kit.hub.verification import Verification

_FAIBLES = frozenset({"none", "HS256", "HS384", "HS512", "RS256"})
_PRIVES = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_INTERDITES_AU_SECRET = frozenset({"sante:lire", "identite:resoudre"})
_JETON_MAX_S = 300
_DIX_MINUTES_S = 600
_ES256 = JWSRegistry(algorithms=["ES256"])
FIL = "/v1/evenements"


async def metadonnees(v: Verification) -> None:
    serveur = await v.fil.envoyer("GET", "/.well-known/oauth-authorization-server")
    ressource = await v.fil.envoyer("GET", "/.well-known/oauth-protected-resource")
    dit, de_l_api, client = lu(serveur), lu(ressource), v.un.client
    attendus = {"issuer": client.issuer, "token_endpoint": client.token_endpoint}
    faux = [nom for nom, valeur in attendus.items() if dit.get(nom) != valeur]
    faux += [] if dit.get("jwks_uri") else ["jwks_uri"]
    faux += [] if de_l_api.get("resource") == client.api else ["resource"]
    faux += [] if client.issuer in _liste(de_l_api.get("authorization_servers")) else ["authorization_servers"]
    v.noter(
        "metadonnees", not faux, f"ses métadonnées contredisent client.json : {', '.join(faux)}", serveur, ressource
    )
    for nom in ("dpop_signing_alg_values_supported", "token_endpoint_auth_signing_alg_values_supported"):
        dits = _liste(dit.get(nom))
        v.noter("metadonnees", bool(dits) and not _FAIBLES & set(dits), f"{nom} : {', '.join(dits) or 'rien'}", serveur)
    cles = await v.fil.envoyer("GET", "/oauth/jwks")
    recus = await v.fil.envoyer("GET", "/v1/recus/cles")
    for echange, quoi in ((cles, "/oauth/jwks"), (recus, "/v1/recus/cles")):
        publiees = _liste_d_objets(lu(echange).get("keys"))
        v.noter("cles-publiques", bool(publiees), f"{quoi} ne publie aucune clé", echange)
        montrees = [cle for cle in publiees if _PRIVES & set(cle) or cle.get("kty") == "oct"]
        v.noter("cles-publiques", not montrees, f"{quoi} montre une clé privée ou secrète", echange)


async def jeton(v: Verification) -> None:
    donne = await v.un.authentifier()
    assert donne is not None  # nothing was asked before
    dit = lu(donne)
    v.noter(
        "jeton", dit.get("token_type") == "DPoP", f"token_type est « {dit.get('token_type')} », non « DPoP »", donne
    )
    v.noter("jeton-sans-cache", "no-store" in rendu(donne, "cache-control"), "la réponse n'a pas no-store", donne)
    claims, tete = contenu(v.un.jeton), entete(v.un.jeton)
    lie = claims.get("cnf") == {"jkt": v.un.cle_de_preuve.thumbprint()}
    v.noter("jeton-lie", lie, "le jeton n'est pas lié à la clé de la preuve (cnf.jkt)", donne)
    est_at = tete.get("typ") == "at+jwt" and claims.get("iss") == v.un.client.issuer
    v.noter("jeton-lie", est_at and claims.get("aud") == v.un.client.api, "le jeton n'est pas celui de l'API", donne)
    duree = _nombre(claims.get("exp")) - _nombre(claims.get("iat"))
    v.noter("jeton-lie", 0 < duree <= _JETON_MAX_S, f"le jeton vaut {duree:g} s", donne)
    publiees = await v.fil.envoyer("GET", "/oauth/jwks")
    try:
        deserialize_compact(v.un.jeton, KeySet.import_key_set({"keys": lu(publiees)["keys"]}), registry=_ES256)
        est_signe = True
    except (JoseError, ValueError, KeyError, TypeError):
        est_signe = False
    v.noter("jeton-lie", est_signe, "aucune clé publiée ne vérifie le jeton", donne, publiees)


async def assertions(v: Verification) -> None:
    un, inconnue = v.un, ECKey.generate_key("P-256")
    faits = int(time.time())
    autre_cle = signe_de(inconnue) if un.client.alg == "ES256" else non_signe
    publique = un.cle.as_pem(private=False) if isinstance(un.cle, ECKey) else b"publique"
    for nom, quoi, assertion in (
        ("assertion-signee", "une assertion signée d'une autre clé", un.assertion(autre_cle)),
        ("assertion-signee", "une assertion non signée (none)", un.assertion(non_signe)),
        ("assertion-signee", "une assertion signée en HS256 de la clé publique", un.assertion(en_hs256(publique))),
        ("assertion-datee", "une assertion expirée", un.assertion(iat=faits - 700, exp=faits - _DIX_MINUTES_S)),
        ("assertion-datee", "une assertion sans fin (`exp`)", un.assertion(exp=None)),
        ("assertion-destinee", "une assertion pour un autre relais", un.assertion(aud="https://autre.exemple.fr")),
    ):
        await _refuser(v, nom, quoi, un.formulaire(assertion))
    await _refuser(v, "jeton-sans-preuve", "une demande sans preuve DPoP", un.formulaire(), sans_preuve=True)
    deux_fois = un.assertion()
    premiere = await un.demander_un_jeton(un.formulaire(deux_fois))
    if v.attendre("assertion-unique", premiere, "une assertion neuve", 200):
        await _refuser(v, "assertion-unique", "une assertion déjà présentée", un.formulaire(deux_fois))


async def portees(v: Verification) -> None:
    un = v.un
    await _refuser(v, "portee", "une portée qui n'existe pas", un.formulaire(scope="portee:inconnue"))
    siennes = list(un.client.scopes)
    if len(siennes) < 2 or "messages:deposer" not in siennes or "evenements:lire" not in siennes:
        v.carnet.omettre("portee", "ce partenaire n'a pas les deux portées messages:deposer et evenements:lire")
        return
    donne = await un.demander_un_jeton(un.formulaire(scope="messages:deposer"))
    if not v.attendre("portee", donne, "une demande de la seule portée messages:deposer", 200):
        return
    reduit = str(lu(donne).get("access_token"))
    entetes = {"Authorization": f"DPoP {reduit}", "DPoP": un.preuve("GET", f"{un.client.api}{FIL}", reduit)}
    lecture = await v.fil.envoyer("GET", FIL, entetes)
    v.attendre("portee", lecture, "une lecture du fil avec la seule portée messages:deposer", 403)


async def revocation(v: Verification) -> None:
    un, debut = v.un, time.monotonic()
    donne = await un.demander_un_jeton()
    if not v.attendre("revocation", donne, "une demande de jeton", 200):
        return
    jete = str(lu(donne)["access_token"])
    if not v.attendre("revocation", await un.revoquer(jete), "une révocation", 200):
        return
    while True:
        entetes = {"Authorization": f"DPoP {jete}", "DPoP": un.preuve("GET", f"{un.client.api}{FIL}", jete)}
        lecture = await v.fil.envoyer("GET", FIL, entetes)
        if lecture.statut == 401 or time.monotonic() - debut > v.revocation_s:
            break
        await asyncio.sleep(0.25)
    v.attendre("revocation", lecture, f"un jeton révoqué depuis {v.revocation_s:g} s", 401)


async def herite(v: Verification) -> None:
    """Only for a partner whose `client.json` holds a secret: the check needs one."""
    avec = next((a for a in (v.un, v.autre) if a is not None and a.secret), None)
    if avec is None:
        v.carnet.omettre("herite", "aucun client.json n'a de client_secret : le profil hérité n'est pas offert")
        return
    formulaire = {"grant_type": "client_credentials", "client_id": avec.client.client_id}
    corps = urlencode({**formulaire, "client_secret": str(avec.secret)}).encode()
    donne = await v.fil.envoyer("POST", "/oauth/token", {"Content-Type": FORMULAIRE}, corps)
    if donne.statut == 200:
        portees = set(str(lu(donne).get("scope", "")).split())
        trop = sorted(portees & _INTERDITES_AU_SECRET)
        v.noter("herite", not trop, f"donne {', '.join(trop)} à un secret", donne)
    for portee in sorted(_INTERDITES_AU_SECRET):
        faux = urlencode({**formulaire, "client_secret": str(avec.secret), "scope": portee}).encode()
        demande = await v.fil.envoyer("POST", "/oauth/token", {"Content-Type": FORMULAIRE}, faux)
        v.attendre("herite", demande, f"une demande de {portee} par secret", 400)


async def _refuser(
    v: Verification, nom: str, quoi: str, formulaire: dict[str, str], *, sans_preuve: bool = False
) -> None:
    echange = await v.un.demander_un_jeton(formulaire, sans_preuve=sans_preuve)
    v.attendre(nom, echange, quoi, 400, 401)


def _liste(dit: object) -> list[str]:
    return [str(un) for un in dit] if isinstance(dit, list) else []


def _liste_d_objets(dit: object) -> list[dict[str, object]]:
    return [un for un in dit if isinstance(un, dict)] if isinstance(dit, list) else []


def _nombre(dit: object) -> float:
    return float(dit) if isinstance(dit, int | float) else 0.0
