"""The consequences of events of `orientation` and `referents`. They refuse nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from services.engagements.domain import contrat
from services.engagements.domain.dossier import (
    Avant,
    Cause,
    Dossier,
    Etape,
    Issue,
    Orientation,
    Reexamen,
    StatutReferent,
)
from services.engagements.domain.reexamen import SOCIAL
from services.engagements.domain.regles import Recu, repli, suit
from services.engagements.domain.signature import MoisOuvert, notifiee, terminer

Json = Mapping[str, Any]

# Replaced, a référent leaves to the next one the standing that it had: nothing changes here.
_STATUTS = {"referent.designe": StatutReferent.PROPOSE, "referent.accepte": StatutReferent.ACTIF}


@dataclass(frozen=True, slots=True)
class OrientationSuivie:
    """`est_nouvelle`: another decision than the one known here; it ends the month."""

    parcours: UUID
    orientation: Orientation
    est_nouvelle: bool


@dataclass(frozen=True, slots=True)
class OrientationOubliee:
    """The last decision was cancelled: the follow-up is as it was before it."""

    parcours: UUID
    retablie: Orientation | None


@dataclass(frozen=True, slots=True)
class OrientationTerminee:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class ReferentSuivi:
    parcours: UUID
    statut: StatutReferent | None


@suit("orientation.decidee", "orientation.effective")
def decidee(dossier: Dossier, recu: Recu[Json]) -> Sequence[Any]:
    """A new decision interrupts the month (C. trav. D. 5411-8-2) and puts the contract back to be signed."""
    connue, decidee = dossier.orientation, Orientation.lue(recu.data)
    if connue and connue.est_la_meme(decidee):
        return [] if connue == decidee else [OrientationSuivie(dossier.parcours, decidee, est_nouvelle=False)]
    if connue and decidee.debut <= connue.debut:
        return []  # about the past: the open orientation stays what it is
    suivie = OrientationSuivie(dossier.parcours, decidee, est_nouvelle=True)
    # The person may have been told of it before its first day.
    le = recu.data.get("date_notification")
    mois = [MoisOuvert(dossier.parcours, dossier.departement, date.fromisoformat(le))] if le else []
    return [suivie, *mois, *contrat.resigner(dossier, Cause.REORIENTATION, decidee.decidee_le)]


@repli(OrientationSuivie)
def _suivie(dossier: Dossier, fait: OrientationSuivie) -> Dossier:
    if not fait.est_nouvelle:
        return replace(dossier, orientation=fait.orientation)
    avant = Avant(
        orientation=dossier.orientation,
        reexamen=dossier.reexamen,
        delai=dossier.delai.numero if dossier.delai else None,
        delais=len(dossier.delais),
        contrats=dossier.vivants,
        etapes=len(dossier.etapes),
    )
    return replace(
        terminer(dossier, Issue.REMPLACEE),
        orientation=fait.orientation,
        reexamen=Reexamen(fait.orientation.debut) if fait.orientation.parcours_type == SOCIAL else None,
        avant=avant,
        etapes=(*dossier.etapes, Etape("orientation.decidee")),
    )


@suit("orientation.annulee")
def annulee(dossier: Dossier, recu: Recu[Json]) -> Sequence[Any]:
    """A decision that never took effect had changed nothing here."""
    if not recu.data["etait_effective"] or dossier.avant is None:
        return []
    retablie = recu.data["retablie"]
    return [OrientationOubliee(dossier.parcours, Orientation.lue(retablie) if retablie else None)]


@repli(OrientationOubliee)
def _oubliee(dossier: Dossier, fait: OrientationOubliee) -> Dossier:
    """What the decision opened goes, what it interrupted goes on; reviews made meanwhile stay."""
    avant = dossier.avant
    if avant is None:
        return dossier
    etats = {contrat.numero: contrat for contrat in avant.contrats}
    orientation = avant.orientation if fait.retablie else None
    return replace(
        dossier,
        orientation=orientation,
        reexamen=avant.reexamen if orientation else None,
        delais=tuple(replace(d, issue=None) if d.numero == avant.delai else d for d in dossier.delais[: avant.delais]),
        contrats=tuple(replace(etats[c.numero], bilans=c.bilans) if c.numero in etats else c for c in dossier.contrats),
        avant=None,
        etapes=dossier.etapes[: avant.etapes],
    )


@suit("orientation.notifiee")
def notifie(dossier: Dossier, recu: Recu[Json]) -> Sequence[Any]:
    return notifiee(dossier, date.fromisoformat(recu.data["date_notification"]))


@suit("orientation.close")
def close(dossier: Dossier, _: Recu[Json]) -> Sequence[Any]:
    return [OrientationTerminee(dossier.parcours)] if dossier.orientation else []


@repli(OrientationTerminee)
def _terminee(dossier: Dossier, _: OrientationTerminee) -> Dossier:
    return replace(terminer(dossier, Issue.CLOSE), orientation=None, reexamen=None)


@suit("referent.designe", "referent.accepte", "referent.decline", "referent.termine")
def referent(dossier: Dossier, recu: Recu[Json]) -> Sequence[Any]:
    return _devient(dossier, _STATUTS.get(recu.type))


@suit("suivi.effectif")
def effectif(dossier: Dossier, recu: Recu[Json]) -> Sequence[Any]:
    etat = recu.data["etat"]
    return _devient(dossier, StatutReferent(etat) if etat else None)


def _devient(dossier: Dossier, statut: StatutReferent | None) -> Sequence[Any]:
    return [] if dossier.referent is statut else [ReferentSuivi(dossier.parcours, statut)]


@repli(ReferentSuivi)
def _referent(dossier: Dossier, fait: ReferentSuivi) -> Dossier:
    return replace(dossier, referent=fait.statut)
