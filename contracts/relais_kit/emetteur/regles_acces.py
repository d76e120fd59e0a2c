"""How the program got in: tokens, assertions, proofs."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from relais_contrats.oauth.dpop import ath, normaliser_url, verifier_preuve
from relais_contrats.oauth.errors import PreuveRefusee
from relais_kit.carnet import Carnet
from relais_kit.emetteur.jugement import Dossier, regle
from relais_kit.emetteur.pannes import JetonCourt, JetonRevoque
from relais_kit.emetteur.pannes_strictes import JetonIndisponible, Nonce
from relais_kit.emetteur.recu import Recu, lire_jwt
from relais_kit.emetteur.temoin import Passage

_VIE_MIN_S = 60
_DE_JETON = (JetonCourt, JetonRevoque, Nonce, JetonIndisponible)
_REFUS = {
    "typ must": "`typ` n'est pas dpop+jwt",
    "alg must": "son algorithme n'est ni ES256, ni PS256, ni EdDSA",
    "private": "elle montre la clé privée",
    "not signed with the key": "elle n'est pas signée avec la clé à laquelle le jeton est lié",
    "signature is wrong": "sa signature est fausse",
    "iat": "`iat` n'est pas l'instant de la requête, en secondes",
    "jti": "il lui manque `jti`",
}
_SECRETS = ("access_token=", "client_secret=", "client_assertion=", "dpop=")


@regle("premier jeton, sans panne", "jeton-obtenu")
def jeton_obtenu(dossier: Dossier, carnet: Carnet) -> None:
    demandes = [r for r in dossier.reference.echanges if r.est_jeton]
    for recu in demandes:
        if recu.statut == 200:
            carnet.passer("jeton-obtenu", recu)
            return
    if demandes:
        dit = demandes[-1].rendu
        motif = " : ".join(filter(None, (dit.get("error"), dit.get("error_description"))))
        carnet.echouer("jeton-obtenu", f"le jeton est refusé, {motif or demandes[-1].statut}", demandes[-1])
    elif gardes := [r for r in dossier.reference.echanges if r.est_garde]:
        carnet.echouer("jeton-obtenu", "appelle l'API sans avoir demandé de jeton", gardes[0])


@regle("jetons employés l'un après l'autre", "jeton-reutilise")
def jeton_reutilise(dossier: Dossier, carnet: Carnet) -> None:
    for passage in dossier.passages:
        if any(isinstance(panne, _DE_JETON) for panne in passage.etape.pannes):
            continue
        par_route = defaultdict[str, list[Recu]](list)
        for recu in passage.echanges:
            if recu.est_garde and recu.jeton and recu.statut is not None:
                par_route[f"{recu.methode} {recu.route}"].append(recu)
        for suite in par_route.values():
            changes = [(avant, apres) for avant, apres in pairwise(suite) if _a_change_pour_rien(avant, apres, suite)]
            if len(suite) > 1 and (len(changes) > 1 or len(changes) == len(suite) - 1):
                carnet.echouer("jeton-reutilise", "demande un jeton par requête", *changes[0])
            elif len(suite) > 1:
                carnet.passer("jeton-reutilise", *suite[:2])


def _a_change_pour_rien(avant: Recu, apres: Recu, suite: Sequence[Recu]) -> bool:
    """The former token was good, had time to live, and never served again."""
    if avant.jeton == apres.jeton or avant.statut is None or avant.statut == 401 or avant.statut >= 429:
        return False
    if lire_jwt(avant.jeton or "").get("scope") != lire_jwt(apres.jeton or "").get("scope"):
        return False
    reste_s = lire_jwt(avant.jeton or "").get("exp", 0) - apres.instant.timestamp()
    sert_encore = any(r.jeton == avant.jeton for r in suite if r.debut > apres.debut)
    return reste_s > _VIE_MIN_S and not sert_encore


def _est_admis(dossier: Dossier) -> bool:
    """Without a fault, no token and no proof of its own is refused."""
    return all(r.statut != 401 for r in dossier.reference.echanges if r.est_garde)


@regle("jeton de deux secondes, attente de trois", "jeton-renouvele")
def jeton_renouvele(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(JetonCourt) if _est_admis(dossier) else ():
        premier = panne.touches[0]
        suivants = [r for r in passage.echanges if r.est_garde and r.debut > (premier.fin or premier.debut)]
        refuses = [r for r in suivants if r.statut == 401]
        acceptes = [r for r in suivants if r.statut is not None and r.statut < 300 and r.jeton != premier.jeton]
        if acceptes:
            carnet.passer("jeton-renouvele", acceptes[0])
        elif refuses and not passage.est_ecourte:
            carnet.echouer("jeton-renouvele", "s'arrête sur un jeton expiré, sans en demander un autre", refuses[0])


@regle("jeton refusé alors qu'il n'a pas expiré", "jeton-refuse")
def jeton_refuse(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(JetonRevoque) if _est_admis(dossier) else ():
        touche = panne.touches[0]
        suivants = [r for r in passage.echanges if r.est_garde and r.debut > (touche.fin or touche.debut)]
        memes = [r for r in suivants if r.jeton == touche.jeton]
        admis = [r for r in suivants if r.statut not in (None, 401)]
        renvoyes = {d.contenu for r in admis for d in r.depots()}
        if len(memes) > 1:
            carnet.echouer("jeton-refuse", "envoie encore plusieurs requêtes avec le jeton refusé", *memes)
        elif admis and (touche.est_lecture or all(d.contenu in renvoyes for d in touche.depots())):
            carnet.passer("jeton-refuse", touche, admis[0])
        elif admis or passage.statut == 0:
            carnet.echouer("jeton-refuse", "ne renvoie jamais la requête refusée 401, sans le signaler", touche)
        else:
            carnet.omettre("jeton-refuse", "s'arrête sur le 401 en le signalant, sans demander d'autre jeton")


@regle("assertions de toutes les demandes de jeton", "assertion-unique")
def assertion_unique(dossier: Dossier, carnet: Carnet) -> None:
    vues = dict[str, Recu]()
    for recu in dossier.echanges():
        jti = lire_jwt(recu.demande.get("client_assertion", "")).get("jti") if recu.est_jeton else None
        if not isinstance(jti, str):
            continue
        if jti in vues:
            carnet.echouer("assertion-unique", "présente deux fois la même assertion", vues[jti], recu)
        elif vues:
            carnet.passer("assertion-unique", recu)
        vues[jti] = recu


@regle("adresses de toutes les requêtes", "secret-hors-adresse")
def secret_hors_adresse(dossier: Dossier, carnet: Carnet) -> None:
    for recu in dossier.echanges():
        requete = recu.chemin.partition("?")[2].lower()
        if any(nom in requete for nom in _SECRETS):
            carnet.echouer("secret-hors-adresse", "met un jeton ou un secret dans l'adresse", recu)
        else:
            carnet.passer("secret-hors-adresse", recu)


@regle("preuves de toutes les requêtes", "dpop-presente", "dpop-adresse", "dpop-methode", "dpop-jeton", "dpop-juste")
def preuves(dossier: Dossier, carnet: Carnet) -> None:
    for recu in dossier.echanges():
        if not (recu.est_jeton or recu.est_garde):
            continue
        if len(recu.preuves) != 1 or (recu.est_garde and recu.schema != "dpop"):
            carnet.echouer("dpop-presente", _ce_qui_manque(recu), recu)
        else:
            carnet.passer("dpop-presente", recu)
            _juger_la_preuve(dossier, recu, carnet)


def _ce_qui_manque(recu: Recu) -> str:
    if not recu.preuves:
        return "n'a pas de preuve DPoP"
    if len(recu.preuves) > 1:
        return "a plusieurs preuves DPoP"
    return f"présente son jeton en « {recu.schema or 'rien'} », non en DPoP"


def _juger_la_preuve(dossier: Dossier, recu: Recu, carnet: Carnet) -> None:
    preuve, adresse = recu.preuve, f"{dossier.url}{recu.route}"
    constats = {
        "dpop-methode": preuve.get("htm") == recu.methode or "`htm` n'est pas la méthode de la requête",
        "dpop-adresse": _est_la_meme(preuve.get("htu"), adresse) or "`htu` n'est pas l'adresse de la requête",
        "dpop-juste": _defaut(recu) or True,
    }
    if recu.est_garde and recu.jeton:
        constats["dpop-jeton"] = preuve.get("ath") == ath(recu.jeton) or "`ath` n'est pas l'empreinte du jeton"
    for nom, constat in constats.items():
        if constat is True:
            carnet.passer(nom, recu)
        else:
            carnet.echouer(nom, str(constat), recu)


def _est_la_meme(htu: object, adresse: str) -> bool:
    try:
        return isinstance(htu, str) and normaliser_url(htu) == normaliser_url(adresse)
    except ValueError:
        return False


def _defaut(recu: Recu) -> str | None:
    """What the hub would refuse in a proof besides its address, its method and its token."""
    lie = (lire_jwt(recu.jeton or "").get("cnf") or {}).get("jkt")
    dites = str(recu.preuve.get("htm")), str(recu.preuve.get("htu"))
    try:
        verifier_preuve(recu.preuves, methode=dites[0], url=dites[1], maintenant=recu.instant, jkt=lie)
    except PreuveRefusee as refus:
        trouve = str(refus.description)
        return f"la preuve est refusée : {next((fr for en, fr in _REFUS.items() if en in trouve), trouve)}"
    return None


@regle("`jti` de toutes les preuves", "dpop-unique")
def preuve_unique(dossier: Dossier, carnet: Carnet) -> None:
    vues = dict[object, Recu]()
    for recu in dossier.echanges():
        jti = recu.preuve.get("jti")
        if jti is None:
            continue
        if jti in vues:
            carnet.echouer("dpop-unique", "présente deux fois la même preuve, ou le même `jti`", vues[jti], recu)
        elif vues:
            carnet.passer("dpop-unique", recu)
        vues[jti] = recu


@regle("nonce demandé par le relais", "nonce")
def nonce(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(Nonce):
        repris = [r for r in passage.echanges if r.preuve.get("nonce") == panne.valeur]
        if repris:
            carnet.passer("nonce", repris[0])
        elif not passage.est_ecourte:
            carnet.echouer("nonce", "ne reprend pas le nonce demandé", *panne.touches[:2])


@regle("503 à la demande de jeton", "jeton-indisponible")
def jeton_indisponible(dossier: Dossier, carnet: Carnet) -> None:
    for passage, panne in dossier.avec(JetonIndisponible):
        touche = panne.touches[0]
        if _redemande(passage, touche):
            carnet.passer("jeton-indisponible", touche)
        elif not passage.est_ecourte:
            carnet.echouer("jeton-indisponible", "ne redemande pas de jeton après un 503", touche)


def _redemande(passage: Passage, touche: Recu) -> bool:
    return any(r.est_jeton and r.statut == 200 and r.debut > touche.debut for r in passage.echanges)
