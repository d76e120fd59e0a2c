"""What the service records: facts told to partners, and facts kept here because a sibling has already told them."""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias
from uuid import UUID

from services.referents.domain.dossier import Accompagnant, Affectation, Issue, Orientation, RdvSuivi, Structure


@dataclass(frozen=True, slots=True)
class ReferentDesigne:
    """`rang` is that of the open orientation, `designee_le` the day on which the hub received it."""

    parcours: UUID
    departement: str
    affectation: Affectation
    rang: int
    designee_le: date


@dataclass(frozen=True, slots=True)
class ReferentAccepte:
    parcours: UUID
    departement: str
    motif: str | None
    acceptee_le: date


@dataclass(frozen=True, slots=True)
class ReferentDecline:
    parcours: UUID
    departement: str
    motif: str


@dataclass(frozen=True, slots=True)
class ReferentRemplace:
    """One fact for both: the référent in force ends, `nouvelle` takes its place."""

    parcours: UUID
    departement: str
    date_fin: date
    motif: str
    nouvelle: Affectation
    rang: int
    designee_le: date


@dataclass(frozen=True, slots=True)
class ReferentTermine:
    parcours: UUID
    departement: str
    date_fin: date
    motif: str
    issue: Issue


@dataclass(frozen=True, slots=True)
class AccompagnantAjoute:
    parcours: UUID
    departement: str
    accompagnant: Accompagnant


@dataclass(frozen=True, slots=True)
class AccompagnantRetire:
    parcours: UUID
    departement: str
    identifiant_agent: str
    structure: Structure
    date_fin: date
    motif: str | None


@dataclass(frozen=True, slots=True)
class RdvPlanifie:
    parcours: UUID
    departement: str
    suivi: RdvSuivi


@dataclass(frozen=True, slots=True)
class RdvModifie:
    parcours: UUID
    departement: str
    suivi: RdvSuivi


@dataclass(frozen=True, slots=True)
class RdvAnnule:
    parcours: UUID
    departement: str
    suivi: RdvSuivi


@dataclass(frozen=True, slots=True)
class RdvConstate:
    parcours: UUID
    departement: str
    suivi: RdvSuivi


@dataclass(frozen=True, slots=True)
class DossierOuvert:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class OrientationConnue:
    """The one before it, if it was open, ends the day before."""

    parcours: UUID
    orientation: Orientation


@dataclass(frozen=True, slots=True)
class OrientationTerminee:
    parcours: UUID
    date_fin: date


@dataclass(frozen=True, slots=True)
class RdvRepris:
    """The survivor of a merge takes an appointment that is over."""

    parcours: UUID
    suivi: RdvSuivi


@dataclass(frozen=True, slots=True)
class DossierTransfere:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DossierAbsorbe:
    parcours: UUID
    par: UUID


@dataclass(frozen=True, slots=True)
class DossierClos:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class DossierEfface:
    parcours: UUID


FaitDeRdv: TypeAlias = RdvPlanifie | RdvModifie | RdvAnnule | RdvConstate
FaitPublie: TypeAlias = (
    ReferentDesigne
    | ReferentAccepte
    | ReferentDecline
    | ReferentRemplace
    | ReferentTermine
    | AccompagnantAjoute
    | AccompagnantRetire
    | FaitDeRdv
)
FaitSurDossier: TypeAlias = (
    OrientationConnue
    | OrientationTerminee
    | RdvRepris
    | DossierTransfere
    | DossierAbsorbe
    | DossierClos
    | DossierEfface
)
FaitInterne: TypeAlias = DossierOuvert | FaitSurDossier
Fait: TypeAlias = FaitPublie | FaitInterne
