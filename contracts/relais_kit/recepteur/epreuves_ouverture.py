"""How a subscription begins: its handshake, the test that its partner asks for, the first events."""

import asyncio
import secrets
from uuid import uuid4

import orjson

from relais_kit.personne import SANS_PERSONNE
from relais_kit.recepteur.envoi import SansReponse
from relais_kit.recepteur.faits import ESSAI, TYPES_COURANTS, VERIFICATION, Evenement
from relais_kit.recepteur.verification import Verification

_RELANCES_MAX = 60


async def ouvrir(v: Verification) -> None:
    """As the hub does before the first delivery: a signed challenge, to which any 2xx is the answer."""
    data = {"abonnement": v.identite.abonnement or str(uuid4()), "defi": secrets.token_urlsafe(24)}
    fait = v.faits.de_service(VERIFICATION, data)
    await v.accepter("poignee-de-main", "la vérification de l'abonnement", fait, est_du=False)
    if v.carnet.a_echoue("sans-redirection"):
        v.arret = "l'abonnement ne s'ouvre pas : le relais ne suit aucune redirection"
        return
    essai = v.faits.de_service(ESSAI, {"abonnement": data["abonnement"]})
    await v.accepter("essai", "la livraison d'essai", essai, est_du=False)


async def premiers_evenements(v: Verification) -> None:
    """One of each type, to learn which ones this receiver processes: it may answer 2xx to the others and leave them."""
    demandes = v.types or TYPES_COURANTS
    v.types = ()
    premiers = {nom: v.faits.fait(nom) for nom in demandes}
    repondus = {nom: await v.envoyer("evenement-accepte", nom, fait) for nom, fait in premiers.items()}
    statuts = {nom: statut for nom, statut in repondus.items() if statut is not None}
    acceptes = {nom: premiers[nom] for nom, statut in statuts.items() if 200 <= statut < 300}
    refus = [f"répond {statut} à {nom}" for nom, statut in statuts.items() if nom not in acceptes]
    if not acceptes:
        for constat in refus:
            v.carnet.echouer("evenement-accepte", constat)
        v.arret = v.arret or "aucun événement bien signé n'est accepté : vérifiez le secret"
        return
    v.carnet.passer("evenement-accepte")
    for constat in refus:  # a type of the catalogue that it does not handle
        v.carnet.echouer("type-inconnu", constat)
    await _reconnaitre(v, acceptes)


async def _reconnaitre(v: Verification, acceptes: dict[str, Evenement]) -> None:
    if v.sonde is None:
        v.types = tuple(acceptes)
        return
    ids = frozenset(fait["id"] for fait in acceptes.values())
    traites = frozenset(await v.sonde.attendre(ids.issubset))
    v.types = tuple(nom for nom, fait in acceptes.items() if fait["id"] in traites)
    if v.types:
        v.carnet.passer("evenement-traite")
        return
    v.carnet.echouer("evenement-traite", f"répond 2xx, et la sonde ne montre aucun de : {', '.join(acceptes)}")
    v.arret = "la sonde ne montre aucun des événements acceptés"


async def redemarrage(v: Verification) -> None:
    """A person stops the receiver and starts it again; the events sent meanwhile, and an event already processed, come
    again.
    """
    fait, pendant = v.fait(), v.fait()
    v.repeter("redemarrage", fait)
    if not v.personne.est_la:
        v.carnet.omettre("redemarrage", SANS_PERSONNE)
        return
    await v.accepter("evenement-accepte", "un événement", fait)
    if not await v.personne.faire("Arrêtez votre récepteur."):
        v.carnet.omettre("redemarrage", "il n'a pas été arrêté")
        return
    if await _repond(v, pendant):
        v.carnet.omettre("redemarrage", "il répond encore : il n'a pas été arrêté")
        return
    await v.personne.faire("Relancez-le.")
    for _ in range(_RELANCES_MAX):
        if await _repond(v, v.faits.de_service(ESSAI, {"abonnement": str(uuid4())})):
            break
        await asyncio.sleep(0.5)
    await v.accepter("redemarrage", "l'événement venu pendant l'arrêt", pendant)
    await v.accepter("redemarrage", "un événement d'avant l'arrêt", fait)


async def _repond(v: Verification, fait: Evenement) -> bool:
    try:
        await v.hub.poster(orjson.dumps(fait), fait["id"])
    except SansReponse:
        return False
    return True


async def simultanes(v: Verification) -> None:
    """As many at once as the hub sends to one subscription, each about its own parcours. A server whose queue of
    connections is short cuts some, which the hub sends again."""
    faits = [v.fait() for _ in range(16)]
    quoi = "un des seize envois simultanés"
    await asyncio.gather(*(v.accepter("simultanes", quoi, fait, relances=3) for fait in faits))
