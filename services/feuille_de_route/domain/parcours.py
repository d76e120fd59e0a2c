"""Stores the events of siblings under the surviving parcours, undoes merges and erases persons.

The order between briques is arbitrary: the dossier stores events as they arrive, and its fold sorts them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.dossiers.vie import DossierAbsorbe, DossierEfface, DossierRetabli, Situation
from services.feuille_de_route.domain.dossier import Dossier
from services.feuille_de_route.domain.recu import DEPLACE, REPRISE, Recu
from services.feuille_de_route.domain.regles import Message, regle, repli

SANS_DONNEES = ("usager.signale", "parcours.ouvert")
"""Of which only the arrival matters: their data stay where they are."""
FUSION, DEFUSION = "usager.fusionne", "usager.defusionne"

MONTRES: Mapping[str, tuple[str, ...]] = {
    "usagers": (
        *SANS_DONNEES,
        *("parcours.transfere", "transfert.effectif", "parcours.clos", "parcours.rendu"),
        *("usager.ambigu", "usager.rapproche"),
    ),
    "orientation": (
        *("orientation.demandee", "orientation.decidee", "orientation.effective", "orientation.notifiee"),
        *("orientation.dessaisie", "orientation.close", "orientation.annulee", REPRISE),
    ),
    "referents": (
        *("referent.designe", "referent.accepte", "referent.decline", "referent.remplace", "referent.termine"),
        *("referent.annule", "suivi.effectif", "accompagnant.ajoute", "accompagnant.retire"),
        *("rdv.planifie", "rdv.modifie", "rdv.annule", "rdv.constate"),
    ),
    "engagements": (
        *("contrat.propose", "contrat.signe", "contrat.refuse", "contrat.suspendu", "contrat.repris"),
        *("contrat.clos", "contrat.annule", "contrat.a-resigner", "reexamen.prevu"),
        *("sanction.proposee", "sanction.decidee", "sanction.levee", "levee.effective"),
    ),
    "offres": (
        *("prescription.emise", "prescription.mise-a-l-etude", "prescription.acceptee", "prescription.refusee"),
        *("prescription.annulee", "prescription.expiree", "participation.commencee", "participation.terminee"),
    ),
}
"""By brique, the events that the view shows."""
BRIQUES: Mapping[str, str] = {
    **{type_: brique for brique, types in MONTRES.items() for type_ in types},
    **dict.fromkeys((FUSION, DEFUSION, "usager.efface"), "usagers"),
}
"""The brique of each event that is heard."""


@dataclass(frozen=True, slots=True)
class EvenementAppris:
    """An event about `recu.parcours`, stored under `parcours`: itself, or the survivor that absorbed it."""

    parcours: UUID
    recu: Recu


@dataclass(frozen=True, slots=True)
class FeuillesReunies:
    """The events of absorbed parcours join this one; `rendus`: the parcours that these gave back."""

    parcours: UUID
    absorbes: tuple[UUID, ...]
    recus: tuple[Recu, ...]
    rendus: tuple[UUID, ...]


@regle(*BRIQUES.keys() - {FUSION, DEFUSION, "usager.efface"}, au_survivant=True)
def apprendre(situation: Situation, message: Message[Recu], _: datetime) -> Sequence[Any]:
    """Store an event. A late one about an object that was given back goes to the parcours of the object."""
    dossier: Dossier = situation.dossier or Dossier(message.parcours)
    for rendu in situation.absorbes:
        if rendu.parcours in dossier.rendus and rendu.absorbe_par is None:
            siens = partager(rendu.parcours, {rendu.parcours}, (message.data,))[0]
            return [EvenementAppris(rendu.parcours, sien) for sien in siens]
    return [EvenementAppris(dossier.parcours, message.data)]


@repli(EvenementAppris)
def _appris(dossier: Dossier | None, fait: EvenementAppris) -> Dossier:
    return (dossier or Dossier(fait.parcours)).avec(fait.recu)


@regle(FUSION, au_survivant=True)
def fusionner(situation: Situation, message: Message[Recu], _: datetime) -> Sequence[Any]:
    """Absorb parcours, unknown ones too: their later events reach the survivor.

    Each leads to the parcours that absorbed it, also when that one was absorbed since.
    """
    dossier: Dossier = situation.dossier or Dossier(message.parcours)
    connus = {absorbe.parcours: absorbe for absorbe in situation.absorbes}
    absorbes = [id_ for id_ in message.absorbes if id_ not in connus or connus[id_].absorbe_par is None]
    absorbes = [id_ for id_ in absorbes if id_ != dossier.parcours]
    repris = [connus[id_] for id_ in absorbes if id_ in connus]
    recus = tuple(recu for absorbe in repris for recu in absorbe.recus)
    rendus = tuple(rendu for absorbe in repris for rendu in absorbe.rendus)
    return [
        EvenementAppris(dossier.parcours, message.data),
        *(DossierAbsorbe(id_, message.parcours) for id_ in absorbes),
        FeuillesReunies(dossier.parcours, tuple(absorbes), recus, rendus),
    ]


@repli(DossierAbsorbe)
def _absorbe(dossier: Dossier | None, fait: DossierAbsorbe) -> Dossier:
    return replace(dossier or Dossier(fait.parcours), absorbe_par=fait.par, recus=())


@repli(FeuillesReunies)
def _reunies(dossier: Dossier, fait: FeuillesReunies) -> Dossier:
    rendus = dict.fromkeys((*dossier.rendus, *fait.rendus))
    restent = tuple(rendu for rendu in rendus if rendu not in (*fait.absorbes, fait.parcours))
    return replace(dossier, recus=(*dossier.recus, *fait.recus), rendus=restent)


@regle(DEFUSION, au_survivant=True, absorbes=True)
def defaire(situation: Situation, message: Message[Recu], _: datetime) -> Sequence[Any]:
    """Give parcours back: each has its absorbed ones, their events, and the objects that bear their names again. The
    consequences of the merge are cancelled (`annulations`)."""
    dossier: Dossier = situation.dossier or Dossier(message.parcours)
    absorbes = {absorbe.parcours: absorbe for absorbe in situation.absorbes}
    noms = {UUID(rendu): _lignee(UUID(rendu), absorbes) for rendu in message.data.donnees["rendus"]}
    noms = {rendu: lignee for rendu, lignee in noms.items() if rendu in absorbes}
    if not noms:
        return [EvenementAppris(dossier.parcours, message.data)]
    reste, retablis = dossier.recus, []
    for rendu, lignee in noms.items():
        siens, reste = partager(rendu, lignee, reste)
        retablis.append(DossierRetabli(replace(absorbes[rendu], absorbe_par=None, recus=siens)))
    rendus = tuple(dict.fromkeys((*dossier.rendus, *noms)))
    conserve = replace(dossier, recus=(*reste, message.data), rendus=rendus)
    return [*retablis, DossierRetabli(conserve)]


def partager(rendu: UUID, lignee: set[UUID], recus: Sequence[Recu]) -> tuple[tuple[Recu, ...], tuple[Recu, ...]]:
    """Split events: about `rendu`, its `lignee` or an object that bears one of their names; and all others.

    An event about such an object has no place in the sequence of `rendu`: it is `DEPLACE`.
    """
    suffixes = tuple(f"@{nom.hex}" for nom in lignee)
    siens = [recu for recu in recus if recu.parcours in lignee]
    autres = [recu for recu in recus if recu.parcours not in lignee]
    objets = [replace(recu, parcours=rendu, sequence=DEPLACE) for recu in autres if recu.objet.endswith(suffixes)]
    return (*siens, *objets), tuple(recu for recu in autres if not recu.objet.endswith(suffixes))


def _lignee(rendu: UUID, absorbes: Mapping[UUID, Dossier]) -> set[UUID]:
    """The parcours, and those that lead to it, through however many merges."""
    lignee = {rendu}
    while suivants := {a.parcours for a in absorbes.values() if a.absorbe_par in lignee} - lignee:
        lignee |= suivants
    return lignee


@regle("usager.efface", au_survivant=True)
def effacer(situation: Situation, message: Message[Recu], _: datetime) -> Sequence[Any]:
    """Erase also an unknown person: a message that arrives later must not bring it back."""
    survivant = situation.dossier.parcours if situation.dossier else message.parcours
    return [DossierEfface(parcours) for parcours in sorted({message.parcours, survivant})]


@repli(DossierEfface)
def _efface(dossier: Dossier | None, fait: DossierEfface) -> Dossier:
    return dossier or Dossier(fait.parcours)
