"""What becomes of one message: accepted with a receipt, the same again, refused with a reason."""

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry, deserialize_compact

from relais_contrats.lecture import MessageInvalide, empreinte, lire_objet
from relais_kit.echange import Echange
from relais_kit.hub.acces import contenu
from relais_kit.hub.echanges import lu, rendu
from relais_kit.hub.verification import SEUL, Message, Verification, change, pointeurs

MESSAGES = "/v1/messages"
_MESSAGE_MAX_OCTETS = 256 * 1024
_DECISION_S = 30.0
_ES256 = JWSRegistry(algorithms=["ES256"])
_NE_SIGNALE_PAS = ("non-autorise", "hors-territoire", "finalite-interdite", "portee-insuffisante")


class Injugeable(Exception):
    """This partner cannot deposit what the run needs. One French sentence without its full stop."""


async def depot(v: Verification) -> None:
    """The first one: most of the rest is about it. Raises Injugeable."""
    message = v.message()
    echange = await v.deposer(message)
    dit = lu(echange)
    if (code := dit.get("code")) in _NE_SIGNALE_PAS:
        raise Injugeable(
            f"{v.un.code} ne peut pas signaler une personne dans le département {v.departement} ({code}) : donnez "
            "un autre accès, ou --departement"
        )
    if not v.attendre("depot", echange, "un message conforme", 201, 202):
        return
    if echange.statut == 202:
        dit = await _decide(v, message["id"])
    manque = [nom for nom in ("parcours", "evenements", "recu") if nom not in dit]
    est_bon = dit.get("etat") == "accepte" and dit.get("id") == message["id"] and not manque
    if not v.noter("depot", est_bon, f"répond sans accepter, ou sans {', '.join(manque) or 'le même id'}", echange):
        return
    v.premier, v.parcours = message, str(dit["parcours"])
    await _recu(v, message, str(dit["recu"]), echange)


async def rejeu(v: Verification) -> None:
    if not v.premier:
        return
    attendu = {nom: lu(await _lire(v, v.premier["id"])).get(nom) for nom in ("id", "etat", "parcours", "recu")}
    encore = await v.deposer(v.premier)
    if v.attendre("rejeu", encore, "le même message", 200):
        dit = {nom: lu(encore).get(nom) for nom in attendu}
        v.noter("rejeu", dit == attendu, "ne rend pas la première réponse", encore)
        est_rejoue = rendu(encore, "relais-rejoue") == "true"
        v.noter("rejeu", est_rejoue, "répond sans Relais-Rejoue: true", encore)
    autre = await v.deposer({**v.premier, "agent": "AUTRE Agent X1"})
    v.attendre("contenu-different", autre, "un autre contenu sous le même id", 409, code="contenu-different")


async def sans_attente(v: Verification) -> None:
    message = v.message()
    echange = await v.deposer(message, {"Prefer": "respond-async"})
    if not v.attendre("sans-attente", echange, "Prefer: respond-async", 202):
        return
    lieu = rendu(echange, "location").removeprefix(v.fil.url)
    est_bon = lieu == f"{MESSAGES}/{message['id']}" and lu(echange).get("etat") == "en-attente"
    v.noter("sans-attente", est_bon, "répond 202 sans `en-attente`, ou sans Location", echange)
    dit = await _decide(v, message["id"])
    v.noter("sans-attente", dit.get("etat") == "accepte", f"n'a pas décidé en {_DECISION_S:g} s", echange)


async def devenir(v: Verification) -> None:
    refuse = change(v.message(), lambda m: m["data"].pop("identite"))
    await v.deposer(refuse)
    dit = await _lire(v, refuse["id"])
    if v.attendre("devenir", dit, "la lecture d'un dépôt refusé à l'entrée", 200):
        probleme = lu(dit).get("probleme")
        code = probleme.get("code") if isinstance(probleme, dict) else None
        est_bon = lu(dit).get("etat") == "refuse" and code == "schema-invalide"
        v.noter("devenir", est_bon, "ne dit pas qu'il est refusé, ni pourquoi", dit)
    if v.premier:
        accepte = await _lire(v, v.premier["id"])
        v.attendre("devenir", accepte, "la lecture d'un dépôt accepté", 200)
        v.noter("devenir", lu(accepte).get("etat") == "accepte", "ne dit pas qu'il est accepté", accepte)
    inconnu = await _lire(v, secrets.token_hex(16))
    v.attendre("devenir", inconnu, "la lecture d'un dépôt inconnu", 404)


async def formes(v: Verification) -> None:
    corps = json.dumps(v.message()).encode()
    autre = await v.un.demander("POST", MESSAGES, corps, "text/plain")
    if v.attendre("type-de-contenu", autre, "du text/plain", 415, code="type-non-admis"):
        dits = rendu(autre, "accept-post")
        v.noter("type-de-contenu", SEUL in dits, "répond 415 sans Accept-Post", autre)
    grand = v.message()
    grand["data"]["identite"]["nom_naissance"] = "x" * _MESSAGE_MAX_OCTETS
    v.attendre("taille", await v.deposer(grand), "un message de plus de 256 ko", 413, code="trop-grand")
    for quoi, illisible in (
        ("du JSON coupé", corps[:-20]),
        ("du JSON qui répète une clé", b'{"specversion": "1.0", ' + corps[1:]),
        ("des octets qui ne sont pas de l'UTF-8", corps.replace(b"Essai", b"Essai\xff")),
    ):
        echange = await v.un.demander("POST", MESSAGES, illisible, SEUL)
        v.attendre("illisible", echange, quoi, 400, code="illisible")


async def contrat(v: Verification) -> None:
    """What the contract code of the kit refuses, the hub must refuse with the same code and pointers."""
    temoin = f"temoin-{secrets.token_hex(8)}"
    for quoi, message in (
        ("un champ qui manque", change(v.message(), lambda m: m["data"].pop("identite"))),
        ("un champ de trop", change(v.message(), lambda m: m["data"].update(champ_de_trop=temoin))),
        ("un code inconnu", change(v.message(), lambda m: m["data"].update(origine=temoin))),
        (
            "une date qui n'existe pas",
            change(v.message(), lambda m: m["data"].update(date_reception_droit="2026-02-30")),
        ),
        ("un NIR dont la clé est fausse", change(v.message(), _fausser_le_nir)),
        ("un instant sans décalage", v.message(time="2026-11-03T10:00:00")),
        ("un attribut qui manque", change(v.message(), lambda m: m.pop("departement"))),
    ):
        echange = await v.deposer(message)
        code, attendus = _verdict(message)
        if v.attendre("contrat", echange, quoi, 422, code=code):
            v.noter("contrat", pointeurs(echange) == attendus, f"ne désigne pas le champ, à {quoi}", echange)
        v.noter("sans-echo", temoin.encode() not in echange.corps_rendu, f"répète la valeur reçue, à {quoi}", echange)
    message = v.message()
    avec_nir = await v.deposer({**message, "id": message["data"]["identifiants"][0]["valeur"]})
    v.attendre("identifiant-nir", avec_nir, "un id qui est un NIR", 422)
    d_un_autre = await v.deposer(v.message(source="/partenaires/un-autre"))
    v.attendre("source", d_un_autre, "un message au nom d'un autre", 403, code="emetteur-inconnu")


async def trace(v: Verification) -> None:
    trace_id = secrets.token_hex(16)
    faux = change(v.message(), lambda m: m["data"].pop("identite"))
    echange = await v.deposer(faux, {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"})
    instance = lu(echange).get("instance")
    v.noter("trace", instance == trace_id, "instance n'est pas l'identifiant de la trace reçue", echange)
    sans = await v.deposer(faux)
    v.noter("trace", bool(lu(sans).get("instance")), "instance est vide quand aucune trace n'est donnée", sans)


async def _recu(v: Verification, message: Message, recu: str, echange: Echange) -> None:
    cles = await v.fil.envoyer("GET", "/v1/recus/cles")
    try:
        jeu = KeySet.import_key_set({"keys": lu(cles)["keys"]})
        deserialize_compact(recu, jeu, registry=_ES256)
        est_signe = True
    except (JoseError, ValueError, KeyError, TypeError):
        est_signe = False
    v.noter("recu", est_signe, "aucune clé publiée ne vérifie le reçu", echange, cles)
    if est_signe:
        dit = contenu(recu)
        est_bon = dit.get("empreinte") == empreinte(message) and dit.get("partenaire") == v.un.code
        v.noter("recu", est_bon, "le reçu n'est pas celui de ce message", echange)


async def _decide(v: Verification, message: str) -> Mapping[str, Any]:
    """What a deposit became, waited for."""
    fin = time.monotonic() + _DECISION_S
    while True:
        dit = lu(await _lire(v, message))
        if dit.get("etat") != "en-attente" or time.monotonic() > fin:
            return dit
        await asyncio.sleep(0.2)


async def _lire(v: Verification, message: str) -> Echange:
    return await v.un.demander("GET", f"{MESSAGES}/{message}")


def _verdict(message: Message) -> tuple[str, set[tuple[str, str]]]:
    try:
        lire_objet(message)
    except MessageInvalide as invalide:
        return invalide.code, {(e.pointeur, e.code) for e in invalide.erreurs}
    raise AssertionError("this message had to be wrong")


def _fausser_le_nir(message: Message) -> None:
    nir = message["data"]["identifiants"][0]
    nir["valeur"] = f"{nir['valeur'][:-2]}{(int(nir['valeur'][-2:]) + 1) % 97:02d}"
