"""What the service decides on: deposits of partners, events of `usagers` and of `orientation`. One dataclass each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from services.referents.domain.dossier import Accompagnant, Affectation, Orientation, RendezVous, Structure


@dataclass(frozen=True, slots=True)
class DesignerReferent:
    parcours: UUID
    affectation: Affectation
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class AccepterReferent:
    parcours: UUID
    motif: str | None
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class DeclinerReferent:
    parcours: UUID
    motif: str


@dataclass(frozen=True, slots=True)
class RemplacerReferent:
    """`date_fin` is the last day of the référent in force; `nouvelle` begins after it."""

    parcours: UUID
    date_fin: date
    motif: str
    nouvelle: Affectation
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class TerminerReferent:
    parcours: UUID
    date_fin: date
    motif: str


@dataclass(frozen=True, slots=True)
class AjouterAccompagnant:
    parcours: UUID
    accompagnant: Accompagnant


@dataclass(frozen=True, slots=True)
class RetirerAccompagnant:
    parcours: UUID
    identifiant_agent: str
    structure: Structure
    date_fin: date
    motif: str | None


@dataclass(frozen=True, slots=True)
class PlanifierRdv:
    parcours: UUID
    rendez_vous: RendezVous
    organisateur: str


@dataclass(frozen=True, slots=True)
class ModifierRdv:
    parcours: UUID
    rendez_vous: RendezVous


@dataclass(frozen=True, slots=True)
class AnnulerRdv:
    parcours: UUID
    rendez_vous: RendezVous


@dataclass(frozen=True, slots=True)
class ConstaterRdv:
    """`recu_a`, when the hub received it, tells whether the appointment has taken place."""

    parcours: UUID
    rendez_vous: RendezVous
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class ParcoursOuvert:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class ParcoursTransfere:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class UsagerFusionne:
    """`absorbes` are now the same person as `parcours`."""

    parcours: UUID
    departement: str
    absorbes: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ParcoursClos:
    parcours: UUID
    date_fin: date
    motif: str


@dataclass(frozen=True, slots=True)
class UsagerEfface:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class OrientationDecidee:
    """A first orientation, or the one that replaces it, accepted réorientations included."""

    parcours: UUID
    departement: str
    orientation: Orientation


@dataclass(frozen=True, slots=True)
class OrientationClose:
    parcours: UUID
    date_fin: date


Depot: TypeAlias = (
    DesignerReferent
    | AccepterReferent
    | DeclinerReferent
    | RemplacerReferent
    | TerminerReferent
    | AjouterAccompagnant
    | RetirerAccompagnant
    | PlanifierRdv
    | ModifierRdv
    | AnnulerRdv
    | ConstaterRdv
)
Evenement: TypeAlias = (
    ParcoursOuvert
    | ParcoursTransfere
    | UsagerFusionne
    | ParcoursClos
    | UsagerEfface
    | OrientationDecidee
    | OrientationClose
)
Message: TypeAlias = Depot | Evenement
