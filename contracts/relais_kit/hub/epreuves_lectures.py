"""Reads, addresses that do not exist, and the documents that everybody may read."""

import json
from urllib.parse import urlsplit

from relais_contrats.api import OPERATIONS
from relais_contrats.catalogue import par_type_cloudevents
from relais_contrats.lecture import MessageIllisible, MessageInvalide, lire_evenement, lire_objet
from relais_kit.echange import Echange
from relais_kit.hub.echanges import lu, rendu
from relais_kit.hub.epreuves_acces import FIL
from relais_kit.hub.epreuves_depots import MESSAGES
from relais_kit.hub.epreuves_fil import SANS_EVENEMENT
from relais_kit.hub.verification import SEUL, Verification

_SCHEMAS_RAPIDE = 6


async def etag(v: Verification) -> None:
    """On the history of a parcours: all that a partner was told of it."""
    lecteur = v.lecteur
    sujet = next((str(e["subject"]) for e in v.evenements if e.get("subject")), None)
    if lecteur is None or sujet is None or "parcours:lire" not in lecteur.client.scopes:
        v.carnet.omettre("etag", SANS_EVENEMENT)
        return
    chemin = f"/v1/parcours/{sujet}/historique"
    lecture = await lecteur.demander("GET", chemin)
    if not v.attendre("etag", lecture, "la lecture de l'historique", 200):
        return
    marque = rendu(lecture, "etag")
    if v.noter("etag", bool(marque), "répond sans ETag", lecture):
        encore = await lecteur.demander("GET", chemin, entetes={"If-None-Match": marque})
        v.attendre("etag", encore, "If-None-Match", 304)
        autre = await lecteur.demander("GET", chemin, entetes={"If-None-Match": '"autre"'})
        v.attendre("etag", autre, "un autre If-None-Match", 200)


async def adresses(v: Verification) -> None:
    un = v.un
    corps = json.dumps(v.message()).encode()
    for quoi, echange in (
        ("un paramètre inconnu", await un.demander("GET", f"{FIL}?parametre_inconnu=1")),
        ("un paramètre répété", await un.demander("GET", f"{FIL}?limite=1&limite=2")),
        ("un paramètre au dépôt", await un.demander("POST", f"{MESSAGES}?parametre_inconnu=1", corps, SEUL)),
        ("un paramètre à un document", await v.fil.envoyer("GET", "/v1/contrats?parametre_inconnu=1")),
    ):
        v.attendre("parametre-inconnu", echange, quoi, 422)
    v.attendre("adresse-inconnue", await un.demander("GET", "/v1/nulle-part"), "une adresse inconnue", 404)
    interdite = await un.demander("PUT", MESSAGES)
    if v.attendre("adresse-inconnue", interdite, "une méthode qui n'existe pas là", 405):
        v.noter("adresse-inconnue", "POST" in rendu(interdite, "allow"), "répond 405 sans Allow", interdite)
    dite = await un.demander("GET", f"{FIL}?limite=1", entetes={"Origin": "https://autre.exemple.fr"})
    reste = rendu(dite, "ratelimit-policy") and rendu(dite, "ratelimit")
    v.noter("debit", bool(reste), "répond sans RateLimit, ou sans RateLimit-Policy", dite)
    demande = {"Origin": "https://autre.exemple.fr", "Access-Control-Request-Method": "POST"}
    await v.fil.envoyer("OPTIONS", MESSAGES, demande)


async def documents(v: Verification) -> None:
    api = await v.fil.envoyer("GET", "/openapi.json")
    if v.attendre("descriptions", api, "/openapi.json", 200):
        dit = lu(api)
        v.noter("descriptions", str(dit.get("openapi")).startswith("3.1"), "n'est pas OpenAPI 3.1", api)
        chemins = dit.get("paths") if isinstance(dit.get("paths"), dict) else {}
        absents = sorted({o.chemin for o in OPERATIONS} - set(chemins or {}))
        v.noter("descriptions", not absents, f"OpenAPI ne décrit pas {', '.join(absents[:5])}", api)
    flux = await v.fil.envoyer("GET", "/asyncapi.json")
    if v.attendre("descriptions", flux, "/asyncapi.json", 200):
        v.noter("descriptions", str(lu(flux).get("asyncapi")).startswith("3."), "n'est pas AsyncAPI 3", flux)
    for chemin in ("/sante/vivant", "/sante/pret"):
        v.attendre("sante", await v.fil.envoyer("GET", chemin), chemin, 200)


async def contrats(v: Verification) -> None:
    """Each schema that is listed; the first few in a quick run."""
    liste = await v.fil.envoyer("GET", "/v1/contrats")
    dits = lu(liste).get("contrats")
    if not v.noter("contrats", isinstance(dits, list) and bool(dits), "/v1/contrats ne liste aucun contrat", liste):
        return
    for un in (dits or [])[: _SCHEMAS_RAPIDE if v.est_rapide else None]:
        echange = await v.fil.envoyer("GET", urlsplit(str(un.get("schema"))).path)
        if not v.attendre("contrats", echange, f"le schéma de {un.get('nom')}", 200):
            return
        faux = _exemples_faux(echange)
        v.noter("contrats", faux == 0, f"{un.get('nom')} : {faux} exemple(s) donnés pour bons sont refusés", echange)


async def explications(v: Verification) -> None:
    """Every code that this run was refused with is explained where `type` says."""
    for code, adresse in sorted(v.refus.items()):
        echange = await v.fil.envoyer("GET", urlsplit(adresse).path, {"Accept": "application/json"})
        if v.attendre("explications", echange, f"l'explication de « {code} »", 200):
            v.noter("explications", lu(echange).get("code") == code, f"n'explique pas « {code} »", echange)


def _exemples_faux(echange: Echange) -> int:
    faux = 0
    for exemple in lu(echange).get("x-relais-exemples") or []:
        message = exemple.get("message") or {}
        connu = par_type_cloudevents(str(message.get("type")))
        if connu is None or exemple.get("erreurs"):  # of a later contract than this kit knows, or said to be wrong
            continue
        try:
            if connu.se_depose:
                lire_objet(message)
            else:
                lire_evenement(json.dumps(message).encode())
        except (MessageIllisible, MessageInvalide):
            faux += 1
    return faux
