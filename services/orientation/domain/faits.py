"""What the service records: facts told to partners, and facts kept here because a sibling has already told them."""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias
from uuid import UUID

from services.orientation.domain.dossier import (
    Auteur,
    Contestation,
    Contrainte,
    Criteres,
    Decision,
    DemandeReorientation,
    Dit,
    Preconisation,
)


@dataclass(frozen=True, slots=True)
class OrientationDemandee:
    parcours: UUID
    departement: str
    recue_le: date
    motif: str | None = None


@dataclass(frozen=True, slots=True)
class DiagnosticRealise:
    parcours: UUID
    departement: str
    criteres: Criteres
    contraintes: tuple[Contrainte, ...]


@dataclass(frozen=True, slots=True)
class OrientationPreconisee:
    parcours: UUID
    departement: str
    preconisation: Preconisation


@dataclass(frozen=True, slots=True)
class OrientationDecidee:
    """`fin_precedente` cuts the last orientation; `decidee_le` settles the request, None when it leaves it waiting."""

    parcours: UUID
    departement: str
    decision: Decision
    contestation: Contestation | None
    decideur: Auteur
    fin_precedente: date | None
    est_derniere: bool
    decidee_le: date | None


@dataclass(frozen=True, slots=True)
class OrientationNotifiee:
    parcours: UUID
    departement: str
    notifiee_le: date


@dataclass(frozen=True, slots=True)
class OrientationDessaisie:
    parcours: UUID
    departement: str
    recue_le: date
    date_echeance: date


@dataclass(frozen=True, slots=True)
class ReorientationDemandee:
    parcours: UUID
    departement: str
    demande: DemandeReorientation


@dataclass(frozen=True, slots=True)
class ReorientationDecidee:
    """Accepted, it is followed by the `OrientationDecidee` of the new decision, in the same transaction."""

    parcours: UUID
    departement: str
    sens: str
    motif: str | None
    nouvelle: Decision | None


@dataclass(frozen=True, slots=True)
class OrientationClose:
    parcours: UUID
    departement: str
    date_fin: date
    motif: str


@dataclass(frozen=True, slots=True)
class DossierOuvert:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DroitConnu:
    """`dit` is None when this service concludes it from something else than the right."""

    parcours: UUID
    brsa: bool
    dit: Dit | None = None


@dataclass(frozen=True, slots=True)
class DossierTransfere:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DossierAbsorbe:
    parcours: UUID
    par: UUID


@dataclass(frozen=True, slots=True)
class DiagnosticRepris:
    """The survivor of a merge takes what only the absorbed dossier knew."""

    parcours: UUID
    criteres: Criteres
    contraintes: tuple[Contrainte, ...]


@dataclass(frozen=True, slots=True)
class DossierClos:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class DossierOppose:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class DossierEfface:
    parcours: UUID


FaitPublie: TypeAlias = (
    OrientationDemandee
    | DiagnosticRealise
    | OrientationPreconisee
    | OrientationDecidee
    | OrientationNotifiee
    | OrientationDessaisie
    | ReorientationDemandee
    | ReorientationDecidee
    | OrientationClose
)
FaitSurDossier: TypeAlias = (
    DroitConnu | DossierTransfere | DossierAbsorbe | DiagnosticRepris | DossierClos | DossierOppose | DossierEfface
)
FaitInterne: TypeAlias = DossierOuvert | FaitSurDossier
Fait: TypeAlias = FaitPublie | FaitInterne
