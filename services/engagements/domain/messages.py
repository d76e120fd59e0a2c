"""What the service decides on: deposits of partners, events of its siblings, due dates. One dataclass each.

`recu_a`, when the hub received a deposit, is the day after which none of its dates may be.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from services.engagements.domain.dossier import (
    Auteur,
    Bilan,
    Contenu,
    Criteres,
    Manquement,
    Mesure,
    Orientation,
    StatutReferent,
)


@dataclass(frozen=True, slots=True)
class ProposerContrat:
    parcours: UUID
    auteur: Auteur
    contenu: Contenu
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class SignerContrat:
    parcours: UUID
    contrat_id: str
    le: date
    signataires: tuple[str, ...]
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class RefuserContrat:
    parcours: UUID
    contrat_id: str
    le: date
    motif: str | None
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class SuspendreContrat:
    parcours: UUID
    contrat_id: str
    le: date
    motif: str
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class ReprendreContrat:
    parcours: UUID
    contrat_id: str
    le: date
    motif: str
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class CloreContrat:
    parcours: UUID
    contrat_id: str
    le: date
    motif: str
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class FaireBilan:
    parcours: UUID
    contrat_id: str
    bilan: Bilan
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class SignalerManquement:
    parcours: UUID
    manquement: Manquement
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class ProposerSanction:
    parcours: UUID
    mesure: Mesure
    le: date
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class DeciderSanction:
    """`le`: its notification to the person."""

    parcours: UUID
    mesure: Mesure
    le: date
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class LeverSanction:
    parcours: UUID
    sanction_id: str
    le: date
    motif: str


@dataclass(frozen=True, slots=True)
class ParcoursOuvert:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class ParcoursTransfere:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class ParcoursClos:
    parcours: UUID
    date_fin: date
    motif: str


@dataclass(frozen=True, slots=True)
class UsagerFusionne:
    """`absorbes` are now the same person as `parcours`."""

    parcours: UUID
    departement: str
    absorbes: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class UsagerEfface:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DiagnosticRealise:
    parcours: UUID
    departement: str
    criteres: Criteres
    le: date


@dataclass(frozen=True, slots=True)
class OrientationDecidee:
    parcours: UUID
    departement: str
    orientation: Orientation


@dataclass(frozen=True, slots=True)
class OrientationNotifiee:
    parcours: UUID
    departement: str
    le: date


@dataclass(frozen=True, slots=True)
class ReorientationDecidee:
    """Refused or maintained, the situation was looked at; accepted, `OrientationDecidee` follows and tells all."""

    parcours: UUID
    departement: str
    le: date


@dataclass(frozen=True, slots=True)
class OrientationClose:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class ReferentChange:
    """The référent is now designated, active, or (None) no more."""

    parcours: UUID
    departement: str
    statut: StatutReferent | None


@dataclass(frozen=True, slots=True)
class MoisEcoule:
    """The month opened by notification `numero` is over."""

    parcours: UUID
    numero: int


@dataclass(frozen=True, slots=True)
class ReexamenEchu:
    """Six or twelve months of social parcours have passed since the last look at the situation."""

    parcours: UUID


@dataclass(frozen=True, slots=True)
class SuspensionEchue:
    """Contract `numero` has been suspended for twelve months."""

    parcours: UUID
    numero: int


@dataclass(frozen=True, slots=True)
class InstructionEchue:
    """The fifteen days to instruct sanction `numero` are over."""

    parcours: UUID
    numero: int


Depot: TypeAlias = (
    ProposerContrat
    | SignerContrat
    | RefuserContrat
    | SuspendreContrat
    | ReprendreContrat
    | CloreContrat
    | FaireBilan
    | SignalerManquement
    | ProposerSanction
    | DeciderSanction
    | LeverSanction
)
EvenementDuParcours: TypeAlias = ParcoursOuvert | ParcoursTransfere | ParcoursClos | UsagerFusionne | UsagerEfface
EvenementDuSuivi: TypeAlias = (
    DiagnosticRealise
    | OrientationDecidee
    | OrientationNotifiee
    | ReorientationDecidee
    | OrientationClose
    | ReferentChange
)
Evenement: TypeAlias = EvenementDuParcours | EvenementDuSuivi
Echeance: TypeAlias = MoisEcoule | ReexamenEchu | SuspensionEchue | InstructionEchue
Message: TypeAlias = Depot | Evenement | Echeance
