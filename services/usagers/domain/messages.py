"""The input of decisions: the deposits of partners and the due dates of this service."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from services.usagers.domain.identite import Cle, Coordonnees, CorrectionIdentite, Identifiant, Identite, cles
from services.usagers.domain.parcours import Acte, Droits


@dataclass(frozen=True, slots=True)
class Signalement:
    """`nouveau` is the id that the parcours, or its emitter's own name of it, gets if one has to be made.

    `reconnait_dans`: the territories in which the emitter may be told who the person is (scope `identite:resoudre`).
    `fait_foi`: its contacts replace the known ones.
    """

    nouveau: UUID
    emetteur: str
    departement: str
    identite: Identite
    identifiants: tuple[Identifiant, ...]
    coordonnees: Coordonnees | None
    brsa: bool
    date_reception_droit: date | None
    origine: str
    role: str = ""
    reconnait_dans: frozenset[str] = frozenset()
    fait_foi: bool = True

    @property
    def cles(self) -> frozenset[Cle]:
        """All that the person is found by."""
        return cles((self.identite,), self.identifiants)


@dataclass(frozen=True, slots=True)
class Correction:
    """`reconnait_dans`: as in a signalement."""

    parcours: UUID
    identite: CorrectionIdentite | None
    identifiants: tuple[Identifiant, ...]
    coordonnees: Coordonnees | None
    reconnait_dans: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DecisionRapprochement:
    parcours: UUID
    decision: Literal["meme-personne", "personne-nouvelle"]
    reconnu: UUID | None
    acte: Acte


@dataclass(frozen=True, slots=True)
class Fusion:
    parcours: UUID
    conserve: UUID
    absorbes: tuple[UUID, ...]
    acte: Acte


@dataclass(frozen=True, slots=True)
class Defusion:
    """`annule` is the deposit that merged. `repose`: the type of a message of another brique that stands on it."""

    parcours: UUID
    annule: UUID
    motif: str
    acte: Acte
    role: str
    repose: str | None = None


@dataclass(frozen=True, slots=True)
class ChangementDroits:
    """`departements`: the territories of the emitter."""

    parcours: UUID
    droits: Droits
    departements: frozenset[str]


@dataclass(frozen=True, slots=True)
class Transfert:
    parcours: UUID
    departement_nouveau: str
    date_effet: date


@dataclass(frozen=True, slots=True)
class TransfertEchu:
    """The day of a transfer has come."""

    parcours: UUID


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
    | Defusion
    | ChangementDroits
    | Transfert
    | TransfertEchu
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
        case DecisionRapprochement(parcours, _, reconnu, _):
            return (parcours, reconnu) if reconnu else (parcours,)
        case Fusion(parcours, conserve, absorbes, _):
            return (parcours, conserve, *absorbes)
        case _:
            return (message.parcours,)
