"""Subscriptions, with a receiver that the run opens: the handshake, signatures, deliveries, rotation of a secret."""

import json
from collections.abc import Mapping
from typing import Any

from relais_contrats.client.webhooks import VERIFICATION
from relais_kit.echange import Echange
from relais_kit.hub.acces import Acces
from relais_kit.hub.echanges import lu
from relais_kit.hub.ecoute import Ecoute
from relais_kit.hub.epreuves_acces import FIL
from relais_kit.hub.epreuves_etanches import SANS_AUTRE
from relais_kit.hub.epreuves_fil import SANS_EVENEMENT, evenements, lire
from relais_kit.hub.verification import Verification

ABONNEMENTS = "/v1/abonnements"
ESSAI = "fr.insertion.abonnement.essai.v1"
SANS_ECOUTE = "il faut un récepteur : --ecoute"
_JSON = "application/json"
AVEC_ECOUTE = ("secret-une-fois", "poignee-de-main", "signature", "livraison", "rotation", "abonnement-d-autrui")
_PRIVEES = ("https://10.0.0.1/webhooks", "http://169.254.169.254/latest", "https://[::ffff:192.168.1.1]/webhooks")


async def adresses_interdites(v: Verification) -> None:
    if (abonne := abonne_de(v)) is None:
        v.carnet.omettre("adresse-interdite", "aucun accès n'a la portée evenements:lire")
        return
    for url in _PRIVEES:
        corps = {"url": url, "types": ["parcours.ouvert"], "actif": False}
        echange = await _appeler(abonne, "POST", ABONNEMENTS, corps)
        v.attendre("adresse-interdite", echange, f"un abonnement vers {url.split('/')[2]}", 422)
        if echange.statut == 201:
            await abonne.demander("DELETE", f"{ABONNEMENTS}/{lu(echange).get('id')}")


async def abonnement(v: Verification) -> None:
    """The whole life of one subscription, which is deleted at the end."""
    raison, abonne = SANS_ECOUTE, v.lecteur
    if v.ecoute is not None and abonne is not None and v.evenements:
        type_ = str(v.evenements[0]["type"])
        cree = await _appeler(abonne, "POST", ABONNEMENTS, {"url": v.ecoute.url, "types": [type_]})
        if cree.statut == 201:
            try:
                await _vivre(v, v.ecoute, abonne, lu(cree), type_)
            finally:
                await abonne.demander("DELETE", f"{ABONNEMENTS}/{lu(cree).get('id')}")
            return
        raison = f"le relais refuse l'adresse du récepteur ({cree.statut}, {_pourquoi(cree)})"
    elif v.ecoute is not None:
        raison = SANS_EVENEMENT
    for nom in AVEC_ECOUTE:
        v.carnet.omettre(nom, raison)


async def _vivre(v: Verification, ecoute: Ecoute, abonne: Acces, cree: Mapping[str, Any], type_: str) -> None:
    id_, secret = str(cree.get("id")), str(cree.get("secret"))
    relu = await abonne.demander("GET", f"{ABONNEMENTS}/{id_}")
    liste = await abonne.demander("GET", ABONNEMENTS)
    est_montre = secret.startswith("whsec_") and secret.encode() not in relu.corps_rendu + liste.corps_rendu
    v.noter("secret-une-fois", est_montre, "ne donne pas de secret, ou le montre encore", relu)
    await _autrui(v, abonne, id_)
    poignee = await ecoute.attendre(VERIFICATION, 0, v.patience_s)
    premier = ecoute.recus[0].types if ecoute.recus else set()
    if not v.noter("poignee-de-main", poignee is not None, f"n'envoie pas de vérification en {v.patience_s:g} s"):
        for nom in ("signature", "livraison", "rotation"):
            v.carnet.omettre(nom, "l'abonnement n'est pas vérifié")
        return
    v.noter("poignee-de-main", premier == {VERIFICATION}, "envoie autre chose avant la vérification")
    await _livrer(v, ecoute, abonne, id_, type_)
    signes = [envoi.est_signe(secret) for envoi in ecoute.recus]
    if not v.noter("signature", all(signes), f"{signes.count(False)} envoi(s) ne sont pas signés du secret donné"):
        v.carnet.omettre("rotation", "le premier secret ne signe pas")
        return
    await _tourner(v, ecoute, abonne, id_, secret)


async def _livrer(v: Verification, ecoute: Ecoute, abonne: Acces, id_: str, type_: str) -> None:
    essai = await abonne.demander("POST", f"{ABONNEMENTS}/{id_}/essai")
    if v.attendre("livraison", essai, "une demande d'essai", 202):
        venu = await ecoute.attendre(ESSAI, 0, v.patience_s)
        v.noter("livraison", venu is not None, f"ne livre pas l'essai en {v.patience_s:g} s", essai)
    depart = len(ecoute.recus)
    await v.deposer(v.message())
    envoi = await ecoute.attendre(type_, depart, v.patience_s, v.debut)
    if v.noter("livraison", envoi is not None, f"ne livre pas l'événement en {v.patience_s:g} s") and envoi:
        manquent = await _absents_du_fil(v, abonne, {e.get("id") for e in envoi.depuis(v.debut)})
        v.noter("livraison", not manquent, "livre un événement que le fil n'a pas", envoi.echange)


async def _absents_du_fil(v: Verification, abonne: Acces, ids: set[Any]) -> set[Any]:
    """Which of these events no page of the feed holds: a hub at work tells more than one page since the run began."""
    page = await lire(v, abonne, "limite=500")
    while ids and (dits := evenements(page)):
        ids -= {e.get("id") for e in dits}
        page = await abonne.demander("GET", f"{FIL}?limite=500&apres={lu(page).get('curseur')}")
    return ids


async def _tourner(v: Verification, ecoute: Ecoute, abonne: Acces, id_: str, ancien: str) -> None:
    tourne = await abonne.demander("POST", f"{ABONNEMENTS}/{id_}/secret")
    if not v.attendre("rotation", tourne, "un changement de secret", 201):
        return
    depart = len(ecoute.recus)
    await abonne.demander("POST", f"{ABONNEMENTS}/{id_}/essai")
    envoi = await ecoute.attendre(ESSAI, depart, v.patience_s)
    if v.noter("rotation", envoi is not None, "ne livre pas l'essai qui suit") and envoi:
        est_double = envoi.est_signe(ancien, str(lu(tourne).get("secret")))
        v.noter("rotation", est_double, "ne signe pas des deux secrets", envoi.echange)


async def _autrui(v: Verification, abonne: Acces, id_: str) -> None:
    """Asked first: whoever deletes it ends the run of this subscription."""
    autre = next((a for a in (v.un, v.autre) if a not in (None, abonne) and "evenements:lire" in a.client.scopes), None)
    if autre is None:
        v.carnet.omettre("abonnement-d-autrui", SANS_AUTRE)
        return
    for methode in ("GET", "DELETE"):
        echange = await autre.demander(methode, f"{ABONNEMENTS}/{id_}")
        v.attendre("abonnement-d-autrui", echange, f"{methode} de l'abonnement d'un autre", 404)


def abonne_de(v: Verification) -> Acces | None:
    return next((a for a in (v.un, v.autre) if a is not None and "evenements:lire" in a.client.scopes), None)


async def _appeler(acces: Acces, methode: str, chemin: str, corps: Mapping[str, Any]) -> Echange:
    return await acces.demander(methode, chemin, json.dumps(corps).encode(), _JSON)


def _pourquoi(echange: Echange) -> str:
    erreurs = lu(echange).get("erreurs") or [{}]
    return str(erreurs[0].get("message") or lu(echange).get("code"))
