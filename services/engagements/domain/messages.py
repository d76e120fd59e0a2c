"""What the service decides on: deposits of partners, events of its siblings, due dates. One dataclass each.

`recu_a`, when the hub received a deposit, is the day after which none of its dates may be. `tour_a`: when what it
waited for was settled; None when it waited for nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

from services.engagements.domain.dossier import (
    Auteur,
    Bilan,
    Contenu,
    Contrat,
    Criteres,
    Manquement,
    Mesure,
    Orientation,
    StatutReferent,
)


@dataclass(frozen=True, slots=True)
class DepotDeContrat:
    """By which deposit a contract is changed, and who made it: it may be cancelled."""

    id: UUID
    type: str
    auteur: str


@dataclass(frozen=True, slots=True)
class ProposerContrat:
    parcours: UUID
    auteur: Auteur
    contenu: Contenu
    recu_a: datetime
    depot: DepotDeContrat | None = None


@dataclass(frozen=True, slots=True)
class SignerContrat:
    parcours: UUID
    contrat_id: str
    le: date
    signataires: tuple[str, ...]
    recu_a: datetime
    tour_a: datetime | None = None
    depot: DepotDeContrat | None = None


@dataclass(frozen=True, slots=True)
class RefuserContrat:
    parcours: UUID
    contrat_id: str
    le: date
    motif: str | None
    recu_a: datetime
    depot: DepotDeContrat | None = None
    tour_a: datetime | None = None


@dataclass(frozen=True, slots=True)
class SuspendreContrat:
    parcours: UUID
    contrat_id: str
    le: date
    motif: str
    recu_a: datetime
    depot: DepotDeContrat | None = None
    tour_a: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReprendreContrat:
    parcours: UUID
    contrat_id: str
    le: date
    motif: str
    recu_a: datetime
    depot: DepotDeContrat | None = None
    tour_a: datetime | None = None


@dataclass(frozen=True, slots=True)
class CloreContrat:
    parcours: UUID
    contrat_id: str
    le: date
    motif: str
    recu_a: datetime
    depot: DepotDeContrat | None = None
    tour_a: datetime | None = None


@dataclass(frozen=True, slots=True)
class AnnulerContrat:
    """`annule`: the deposit of which the contracts are to know nothing any more."""

    parcours: UUID
    auteur: Auteur
    annule: UUID
    motif: str


@dataclass(frozen=True, slots=True)
class FaireBilan:
    parcours: UUID
    contrat_id: str
    bilan: Bilan
    recu_a: datetime
    tour_a: datetime | None = None


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
    """`le` may be still to come: the sanction holds until then."""

    parcours: UUID
    sanction_id: str
    le: date
    motif: str
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
    """`notifiee_le` when the person was told of it before its first day."""

    parcours: UUID
    departement: str
    orientation: Orientation
    notifiee_le: date | None = None


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
class OrientationAnnulee:
    """The last decision was cancelled, once it had taken effect; `retablie` is in force again."""

    parcours: UUID
    departement: str
    retablie: Orientation | None


@dataclass(frozen=True, slots=True)
class ReferentChange:
    """The référent is now designated, active, or (None) no more."""

    parcours: UUID
    departement: str
    statut: StatutReferent | None


@dataclass(frozen=True, slots=True)
class RepriseDeclaree:
    """What was before the hub: an orientation with its last re-examination, a référent, a contract in its state.

    `recue_le`: the day on which the hub received it, by which a delay is over or not.
    """

    parcours: UUID
    departement: str
    orientation: Orientation | None
    notifiee_le: date | None
    reexamine_le: date | None
    contrat: Contrat | None
    recue_le: date
    est_suivi: bool


@dataclass(frozen=True, slots=True)
class MoisEcoule:
    """The month opened by notification `numero` is over."""

    parcours: UUID
    numero: int


@dataclass(frozen=True, slots=True)
class ContratDebute:
    """The first day of contract `numero`, signed before it, has come; `echeance` is what tells so."""

    parcours: UUID
    numero: int
    echeance: UUID | None = None


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
class LeveeAtteinte:
    """The day has come on which sanction `numero` is lifted, as it was told in advance."""

    parcours: UUID
    numero: int


@dataclass(frozen=True, slots=True)
class InstructionEchue:
    """The fifteen days to instruct sanction `numero` are over."""

    parcours: UUID
    numero: int


ChangerContrat: TypeAlias = (
    ProposerContrat | SignerContrat | RefuserContrat | SuspendreContrat | ReprendreContrat | CloreContrat
)
Depot: TypeAlias = (
    ProposerContrat
    | SignerContrat
    | RefuserContrat
    | SuspendreContrat
    | ReprendreContrat
    | CloreContrat
    | AnnulerContrat
    | FaireBilan
    | SignalerManquement
    | ProposerSanction
    | DeciderSanction
    | LeverSanction
)
DepotSurContrat: TypeAlias = (
    SignerContrat | RefuserContrat | SuspendreContrat | ReprendreContrat | CloreContrat | FaireBilan
)
"""Those that name a contract which must be known."""
EvenementDuParcours: TypeAlias = ParcoursOuvert | ParcoursTransfere | ParcoursClos | UsagerFusionne | UsagerEfface
EvenementDuSuivi: TypeAlias = (
    DiagnosticRealise
    | OrientationDecidee
    | OrientationNotifiee
    | ReorientationDecidee
    | OrientationClose
    | OrientationAnnulee
    | ReferentChange
    | RepriseDeclaree
)
Evenement: TypeAlias = EvenementDuParcours | EvenementDuSuivi
Echeance: TypeAlias = MoisEcoule | ContratDebute | ReexamenEchu | SuspensionEchue | InstructionEchue | LeveeAtteinte
Message: TypeAlias = Depot | Evenement | Echeance
