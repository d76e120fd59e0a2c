"""What this service decides on: the deposits of partners and its own due date."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

from services.usagers.domain.identite import Cle, Coordonnees, CorrectionIdentite, Identifiant, Identite, cles
from services.usagers.domain.parcours import Droits


@dataclass(frozen=True, slots=True)
class Signalement:
    """`nouveau` is the id that the parcours gets if one has to be opened; `cles` is all that the person is found by."""

    nouveau: UUID
    emetteur: str
    departement: str
    identite: Identite
    identifiants: tuple[Identifiant, ...]
    coordonnees: Coordonnees | None
    brsa: bool
    date_reception_droit: date | None
    origine: str
    cles: frozenset[Cle] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cles", cles((self.identite,), self.identifiants))


@dataclass(frozen=True, slots=True)
class Correction:
    parcours: UUID
    identite: CorrectionIdentite | None
    identifiants: tuple[Identifiant, ...]
    coordonnees: Coordonnees | None


@dataclass(frozen=True, slots=True)
class DecisionRapprochement:
    parcours: UUID
    decision: Literal["meme-personne", "personne-nouvelle"]
    reconnu: UUID | None


@dataclass(frozen=True, slots=True)
class Fusion:
    parcours: UUID
    conserve: UUID
    absorbes: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ChangementDroits:
    parcours: UUID
    droits: Droits


@dataclass(frozen=True, slots=True)
class Transfert:
    parcours: UUID
    departement_nouveau: str
    date_effet: date


@dataclass(frozen=True, slots=True)
class Cloture:
    parcours: UUID
    date_fin: date
    motif: str


@dataclass(frozen=True, slots=True)
class Opposition:
    parcours: UUID
    motif: str


@dataclass(frozen=True, slots=True)
class Effacement:
    parcours: UUID
    motif: str


@dataclass(frozen=True, slots=True)
class ConservationEchue:
    """The legal retention of a closed parcours has run out."""

    parcours: UUID


Message = (
    Signalement
    | Correction
    | DecisionRapprochement
    | Fusion
    | ChangementDroits
    | Transfert
    | Cloture
    | Opposition
    | Effacement
    | ConservationEchue
)


def nommes(message: Message) -> tuple[UUID, ...]:
    """The parcours that a message names."""
    match message:
        case Signalement():
            return ()
        case DecisionRapprochement(parcours, _, reconnu):
            return (parcours, reconnu) if reconnu else (parcours,)
        case Fusion(parcours, conserve, absorbes):
            return (parcours, conserve, *absorbes)
        case _:
            return (message.parcours,)
