"""The référent and the appointments from before the hub followed the person, as `orientation` publishes them.

They replace nothing that this service holds: data that arrived at the same moment stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.decision import Attente, Refus
from relais_contrats.v1 import referents as contrat
from services.dossiers.vie import DossierOuvert, Situation
from services.referents.domain.dossier import (
    Affectation,
    Designation,
    Dossier,
    Orientation,
    RdvSuivi,
    RendezVous,
    Statut,
)
from services.referents.domain.regles import Recu, regle, repli


@dataclass(frozen=True, slots=True)
class OrientationConnue:
    """The one before it, if it was open, ends the day before."""

    parcours: UUID
    orientation: Orientation


@dataclass(frozen=True, slots=True)
class SuiviDeclare:
    """A référent from before the hub: it follows the person since `affectation.debut`."""

    parcours: UUID
    affectation: Affectation
    rang: int


@dataclass(frozen=True, slots=True)
class RdvDeclare:
    """An appointment from before the hub."""

    parcours: UUID
    suivi: RdvSuivi
    rang: int | None


@regle("reprise.declaree", au_survivant=True)
def reprendre(situation: Situation, recu: Recu[Mapping[str, Any]], _: datetime) -> Sequence[Any]:
    dossier = situation.dossier or Dossier(recu.parcours, recu.departement)
    dite = recu.data.get("orientation")
    connue = Orientation.lue(dite | {"est_reprise": True}, recu.departement) if dite else None
    if dossier.orientations:
        connue = None
    rang = connue.rang if connue else (dossier.ouverte.rang if dossier.ouverte else None)
    return [
        *([] if situation.dossier else [DossierOuvert(recu.parcours, recu.departement)]),
        *([OrientationConnue(dossier.parcours, connue)] if connue else []),
        *_referent(dossier, recu, rang),
        *_rdvs(dossier, recu, rang),
    ]


def _referent(dossier: Dossier, recu: Recu[Mapping[str, Any]], rang: int | None) -> Iterator[Any]:
    """It follows the person already: there is nothing to accept."""
    dit = recu.data.get("referent")
    if dit and rang and not dossier.designations and not dossier.est_clos:
        yield SuiviDeclare(dossier.parcours, Affectation.lue(contrat.Designation.model_validate(dit)), rang)


def _rdvs(dossier: Dossier, recu: Recu[Mapping[str, Any]], rang: int | None) -> Iterator[Any]:
    for dit in recu.data.get("rdv") or ():
        rendez_vous = RendezVous.lu(contrat.RendezVous.model_validate(dit))
        est_constate = rendez_vous.statut in (Statut.HONORE, Statut.NON_HONORE)
        constate_a = datetime.fromisoformat(recu.data["recue_a"]) if est_constate else None
        if dossier.rdv(rendez_vous.rdv_id) is None:
            yield RdvDeclare(dossier.parcours, RdvSuivi(rendez_vous, recu.auteur, constate_a=constate_a), rang)


@repli(SuiviDeclare)
def _suivi_declare(dossier: Dossier, fait: SuiviDeclare) -> Dossier:
    debut, numero = fait.affectation.debut, len(dossier.designations) + 1
    declaree = Designation(numero, fait.affectation, fait.rang, debut, debut)
    return replace(dossier, designations=(*dossier.designations, declaree))


@repli(RdvDeclare)
def _rdv_declare(dossier: Dossier, fait: RdvDeclare) -> Dossier:
    return dossier.avec_rdv(replace(fait.suivi, rang=fait.rang))


def en_route(refus: Refus) -> Attente:
    """Wait for a declared situation on its way: messages may name its parts before this service reads of it."""
    return Attente("reprise en route", refus)
