"""What the service records: facts told to partners, and facts kept here because a sibling has already told them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from services.offres.domain.dossier import Etat, Prescription
from services.offres.domain.messages import Genre


@dataclass(frozen=True, slots=True)
class OffrePubliee:
    """Under the same key, it replaces what was published before."""

    genre: Genre
    cle: str
    departement: str
    donnees: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OffreRetiree:
    genre: Genre
    cle: str
    departement: str
    date: date
    raison: str
    est_prevu: bool = False
    """Told before its day: until then it is offered, and to publish it again takes that back."""


@dataclass(frozen=True, slots=True)
class SourceLiee:
    """From now on only this partner publishes under this source."""

    source: str
    partenaire: str


@dataclass(frozen=True, slots=True)
class PrescriptionEmise:
    """`donnees` is the deposit."""

    parcours: UUID
    departement: str
    prescription: Prescription
    donnees: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SuiteDonnee:
    """Told under the name of the state that it leads to."""

    parcours: UUID
    departement: str
    prescription_id: str
    vers: Etat
    date: date
    motifs: tuple[str, ...] = ()
    issue: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class PrescriptionRelancee:
    parcours: UUID
    departement: str
    prescription_id: str
    date: date
    relance: int


@dataclass(frozen=True, slots=True)
class PrescriptionExpiree:
    parcours: UUID
    departement: str
    prescription_id: str
    date: date
    raison: str


@dataclass(frozen=True, slots=True)
class DossierOuvert:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DossierTransfere:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DossierClos:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class PrescriptionReprise:
    """A prescription of an absorbed parcours goes on in that of the survivor, under the same key."""

    parcours: UUID
    prescription: Prescription


@dataclass(frozen=True, slots=True)
class DossierAbsorbe:
    """Its prescriptions are its survivor's, or over."""

    parcours: UUID
    par: UUID


@dataclass(frozen=True, slots=True)
class DossierEfface:
    parcours: UUID


SurLOffre: TypeAlias = OffrePubliee | OffreRetiree | SourceLiee
DePrescription: TypeAlias = PrescriptionEmise | SuiteDonnee | PrescriptionRelancee | PrescriptionExpiree
Interne: TypeAlias = (
    DossierTransfere | DossierClos | PrescriptionReprise | DossierAbsorbe | DossierEfface | DossierOuvert
)
SurUnParcours: TypeAlias = DePrescription | Interne
Fait: TypeAlias = SurLOffre | SurUnParcours
