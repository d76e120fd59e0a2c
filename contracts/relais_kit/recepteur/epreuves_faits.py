"""What comes twice, late, with a hole, in a batch: deliveries as a hub that insists makes them."""

import asyncio
import copy

from relais_contrats.catalogue import CATALOGUE
from relais_kit.recepteur.envoi import Maniere
from relais_kit.recepteur.faits import INCONNU
from relais_kit.recepteur.verification import Verification

_RELANCE = Maniere(decalage_s=-5)
"""The first of two attempts: the second one has another instant, and so another signature."""
_ENTRE_DEUX = 20


async def doublons(v: Verification) -> None:
    fait = v.fait()
    v.repeter("doublon-une-fois", fait)
    await v.accepter("evenement-accepte", "un événement", fait, maniere=_RELANCE)
    await v.accepter("doublon-accepte", "le même événement, pour la seconde fois", fait)
    await v.accepter("doublon-accepte", "le même événement, pour la troisième fois", fait)


async def doublon_lointain(v: Verification) -> None:
    """The hub delivers again for days: what came in between must not make the receiver forget."""
    fait, autres = v.fait(), [v.fait() for _ in range(v.lot if v.lot > 1 else _ENTRE_DEUX)]
    v.repeter("doublon-une-fois", fait)
    await v.accepter("evenement-accepte", "un événement", fait)
    if v.lot > 1:
        await v.accepter("lot", f"un lot de {len(autres)} événements", *autres, en_lot=True)
    else:
        for autre in autres:
            await v.accepter("evenement-accepte", "un événement", autre)
    await v.accepter("doublon-accepte", f"un événement déjà venu, {len(autres)} événements plus tôt", fait)


async def doublon_simultane(v: Verification) -> None:
    """One of the two may be told to come again: it will."""
    fait = v.fait()
    v.repeter("doublon-simultane", fait)
    deux = await asyncio.gather(*(v.envoyer("doublon-simultane", "un envoi simultané", fait) for _ in range(2)))
    if all(statut is not None and statut >= 400 for statut in deux):
        v.carnet.echouer("doublon-simultane", f"n'accepte aucun de deux envois simultanés ({deux[0]}, {deux[1]})")


async def doublon_en_lot(v: Verification) -> None:
    """A batch has a `webhook-id` of its own: the ids of its events show a repetition, each for itself alone."""
    if v.lot < 2:
        v.carnet.omettre("doublon-en-lot", "sans lot")
        return
    parcours = v.faits.parcours()
    seul, autre, neuf = (v.fait(parcours, rang) for rang in (1, 2, 3))
    v.repeter("doublon-en-lot", seul, autre)
    await v.accepter("evenement-accepte", "un événement", seul)
    await v.accepter("doublon-en-lot", "un lot dont un événement est déjà venu", seul, autre, en_lot=True)
    await v.accepter("doublon-accepte", "un événement déjà venu dans un lot", autre)
    await v.accepter("doublon-en-lot", "un lot dont un événement seulement est neuf", seul, neuf, en_lot=True)


async def faits_distincts(v: Verification) -> None:
    """Neither the content nor the number of an event shows a repetition: each brique counts its own facts."""
    parcours = v.faits.parcours()
    premier = v.fait(parcours, 1)
    second = {**copy.deepcopy(premier), **_noms_de(v.fait(parcours, 2))}
    v.suivre(premier, second)
    for fait in (premier, second):
        await v.accepter("faits-distincts", "deux événements de même contenu", fait)
    par_brique = {CATALOGUE[type_].brique: type_ for type_ in v.types if CATALOGUE[type_].porte_sur_parcours}
    if len(par_brique) > 1:
        parcours = v.faits.parcours()
        deux = [v.faits.fait(type_, parcours, 1) for type_ in list(par_brique.values())[:2]]
        v.suivre(*deux)
        for fait in deux:
            await v.accepter("faits-distincts", "deux événements de deux briques, de même sequence", fait)


def _noms_de(fait: dict[str, object]) -> dict[str, object]:
    return {nom: fait[nom] for nom in ("id", "sequence", "relaisnumero", "traceparent")}


async def desordre(v: Verification) -> None:
    """On one parcours a hole that stays; on another one a hole, and then what was missing, late."""
    parcours = v.faits.parcours()
    debut, suite, lointain = (v.fait(parcours, sequence) for sequence in (1, 2, 9))
    v.suivre(debut, suite, lointain)
    await v.accepter("evenement-accepte", "un événement", debut)
    await v.accepter("evenement-accepte", "un événement", suite)
    await v.accepter("trou", "un fait dont la sequence saute de 2 à 9", lointain)
    parcours = v.faits.parcours()
    premier, retardataire, troisieme = (v.fait(parcours, sequence) for sequence in (1, 2, 3))
    v.suivre(premier, troisieme)
    await v.accepter("evenement-accepte", "un événement", premier)
    await v.accepter("trou", "un fait dont la sequence saute de 1 à 3", troisieme)
    await v.accepter("retardataire", "un fait qui arrive après un plus récent", retardataire)


async def lots(v: Verification) -> None:
    if v.lot < 2:
        for nom in ("lot", "lot-melange"):
            v.carnet.omettre(nom, "--lot 1 : ce récepteur n'en demande pas")
        return
    parcours = v.faits.parcours()
    faits = [v.fait(parcours, rang) for rang in range(1, v.lot + 1)]
    v.suivre(*faits)
    await v.accepter("lot", f"un lot de {len(faits)} événements", *faits, en_lot=True)
    inconnu = v.faits.de_service(INCONNU, {"essai": True})
    autour = [v.fait(parcours, v.lot + rang) for rang in (1, 2)]
    melange = (autour[0], inconnu, autour[1])[: max(2, v.lot)]
    await v.accepter("lot-melange", "un lot qui contient un type inconnu", *melange, en_lot=True)
