"""The situation before the hub followed the person, as `orientation` publishes it. No past delay begins again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import reprise as v1
from services.engagements.domain import reexamen
from services.engagements.domain.contenu import Auteur, Contenu
from services.engagements.domain.contrat import clos
from services.engagements.domain.delai import date_de_signature_due
from services.engagements.domain.dossier import (
    Contrat,
    Dossier,
    EtatContrat,
    Orientation,
    Reexamen,
    StatutReferent,
    Suspension,
)
from services.engagements.domain.regles import Recu, apres, repli, suit
from services.engagements.domain.signature import MoisOuvert
from services.engagements.domain.suivi import ReferentSuivi

MOTIF_DEJA_LA = "Un contrat du parcours avait été enregistré entre-temps : celui de la reprise n'est pas repris."
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SuiviRepris:
    """The survivor of a merge takes the orientation that only the absorbed dossier had, or the hub takes an earlier
    one, with its contract."""

    parcours: UUID
    orientation: Orientation
    referent: StatutReferent | None
    reexamen: Reexamen | None


@dataclass(frozen=True, slots=True)
class ContratDeclare:
    """A contract from before the hub, in the state in which it was declared."""

    parcours: UUID
    contrat: Contrat


@suit("reprise.declaree")
def reprendre(dossier: Dossier, recu: Recu[Json]) -> Sequence[Any]:
    """By the day on which the hub received it, a delay is over or not."""
    recue_le = jour_legal(recu.departement, datetime.fromisoformat(recu.data["recue_a"]))
    contrat = _lu(recu, recue_le)
    contrats = list(_contrat(dossier, contrat, recue_le)) if contrat else []
    suivi = _suivi(apres(dossier, contrats), recu, recue_le)
    return [*contrats, *suivi, *_mois(dossier, recu, contrat, recue_le)]


def _lu(recu: Recu[Json], recue_le: date) -> Contrat | None:
    """Signed, it was so by the person at least."""
    if not recu.data.get("contrat"):
        return None
    dit = v1.ContratReprise.model_validate(recu.data["contrat"])
    signe_le, suspension = dit.date_signature, dit.suspension
    etat = EtatContrat.SIGNE if signe_le else EtatContrat.A_SIGNER
    return Contrat(
        numero=0,
        contenu=Contenu.lu(dit),
        proposeur=Auteur(recu.auteur, recu.data["role"]),
        etat=EtatContrat.SUSPENDU if suspension else etat,
        signe_le=signe_le,
        signataires=tuple(map(str, dit.signataires or ("usager",))) if signe_le else (),
        suspensions=(Suspension(suspension.date, suspension.motif, recue_le),) if suspension else (),
    )


def _contrat(dossier: Dossier, contrat: Contrat, recue_le: date) -> Iterator[Any]:
    """`orientation` refuses one when it knows of another one here. One that came at the same moment stays, and where it
    has the place of the declared one, all hear that this one does not."""
    if dossier.contrat(contrat.id):
        return
    if dossier.en_vigueur if contrat.signe_le else dossier.en_attente:
        yield clos(dossier, contrat, recue_le, MOTIF_DEJA_LA)
    else:
        yield ContratDeclare(dossier.parcours, contrat)


@repli(ContratDeclare)
def _declare(dossier: Dossier, fait: ContratDeclare) -> Dossier:
    declare = replace(fait.contrat, numero=len(dossier.contrats) + 1)
    return replace(dossier, contrats=(*dossier.contrats, declare))


def _suivi(dossier: Dossier, recu: Recu[Json], recue_le: date) -> Iterator[Any]:
    suivi, dite = StatutReferent.ACTIF if "referent" in recu.data else dossier.referent, recu.data.get("orientation")
    if dite and dossier.orientation is None:
        periode = _periode(dossier, dite, recue_le)
        yield SuiviRepris(dossier.parcours, Orientation.lue(dite), suivi, periode)
    elif suivi is not dossier.referent:
        yield ReferentSuivi(dossier.parcours, suivi)


def _periode(dossier: Dossier, dite: Json, recue_le: date) -> Reexamen | None:
    """The one under way, if its end is still to come: nobody knows here whether an earlier one was done."""
    if dite["parcours_type"] != reexamen.SOCIAL:
        return None
    periode = Reexamen(date.fromisoformat(dite.get("date_reexamen") or dite["date_debut"]))
    due_le = reexamen.date_echeance(replace(dossier, reexamen=periode))
    return periode if due_le and due_le >= recue_le else None


@repli(SuiviRepris)
def _repris(dossier: Dossier, fait: SuiviRepris) -> Dossier:
    return replace(dossier, orientation=fait.orientation, referent=fait.referent, reexamen=fait.reexamen)


def _mois(dossier: Dossier, recu: Recu[Json], contrat: Contrat | None, recue_le: date) -> Iterator[MoisOuvert]:
    """A contract that was signed is in nobody's delay; one that is still awaited has what is left of its month."""
    dite = (recu.data.get("orientation") or {}).get("date_notification")
    if dite is None or (contrat and contrat.signe_le):
        return
    notifiee_le = date.fromisoformat(dite)
    if date_de_signature_due(notifiee_le) >= recue_le:
        yield MoisOuvert(dossier.parcours, dossier.departement, notifiee_le)
