"""What the service records: facts told to partners, and facts kept here because a sibling has already told them."""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias
from uuid import UUID

from services.engagements.domain.dossier import (
    Auteur,
    Bilan,
    Cause,
    Contenu,
    Contrat,
    Criteres,
    Etape,
    Manquement,
    Mesure,
    Orientation,
    Reexamen,
    Sanction,
    StatutReferent,
)


@dataclass(frozen=True, slots=True)
class ContratPropose:
    """A new contract, or the new content of the one of that key that is not signed."""

    parcours: UUID
    departement: str
    contenu: Contenu
    proposeur: Auteur


@dataclass(frozen=True, slots=True)
class ContratSigne:
    parcours: UUID
    departement: str
    contrat_id: str
    le: date
    signataires: tuple[str, ...]
    est_hors_delai: bool
    effet: date | None = None
    """Its first day, when another contract is in force until then."""


@dataclass(frozen=True, slots=True)
class ContratCommence:
    """The first day of a contract that was signed before it."""

    parcours: UUID
    contrat_id: str
    echeance: UUID | None = None


@dataclass(frozen=True, slots=True)
class EtapeFranchie:
    """What comes next changes the contracts: how to put them back."""

    parcours: UUID
    etape: Etape


@dataclass(frozen=True, slots=True)
class ContratRefuse:
    parcours: UUID
    departement: str
    contrat_id: str
    le: date
    motif: str | None


@dataclass(frozen=True, slots=True)
class ContratSuspendu:
    parcours: UUID
    departement: str
    contrat_id: str
    le: date
    motif: str
    recue_le: date


@dataclass(frozen=True, slots=True)
class ContratRepris:
    parcours: UUID
    departement: str
    contrat_id: str
    le: date
    motif: str


@dataclass(frozen=True, slots=True)
class ContratClos:
    parcours: UUID
    departement: str
    contrat_id: str
    le: date
    motif: str


@dataclass(frozen=True, slots=True)
class ContratAResigner:
    parcours: UUID
    departement: str
    contrat_id: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class ContratAnnule:
    """The last deposit on the contracts is as if it had not been; `causes` is what followed from it later."""

    parcours: UUID
    departement: str
    annule: UUID
    motif: str
    causes: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ContratBilan:
    parcours: UUID
    departement: str
    contrat_id: str
    bilan: Bilan


@dataclass(frozen=True, slots=True)
class EngagementRetard:
    parcours: UUID
    departement: str
    contrat_id: str | None
    notifiee_le: date
    date_echeance: date


@dataclass(frozen=True, slots=True)
class ReexamenDu:
    parcours: UUID
    departement: str
    depuis: date
    date_echeance: date
    duree_mois: int
    cause: str | None


@dataclass(frozen=True, slots=True)
class ReexamenPrevu:
    """The day on which the re-examination will be due: said when it is known, and each time that it moves.

    For the siblings only: partners hear of it by `ReexamenDu`.
    """

    parcours: UUID
    departement: str
    depuis: date
    date_echeance: date


@dataclass(frozen=True, slots=True)
class ManquementSignale:
    parcours: UUID
    departement: str
    manquement: Manquement


@dataclass(frozen=True, slots=True)
class SanctionProposee:
    parcours: UUID
    departement: str
    mesure: Mesure
    le: date


@dataclass(frozen=True, slots=True)
class SanctionDecidee:
    parcours: UUID
    departement: str
    mesure: Mesure
    le: date
    est_hors_delai: bool


@dataclass(frozen=True, slots=True)
class SanctionLevee:
    """`effet`: its day, when that is still to come."""

    parcours: UUID
    departement: str
    sanction_id: str
    le: date
    motif: str
    effet: date | None = None


@dataclass(frozen=True, slots=True)
class LeveeEffective:
    """The day of a lifting that was told in advance. For the siblings only: partners know it since it was told."""

    parcours: UUID
    departement: str
    sanction_id: str
    le: date


@dataclass(frozen=True, slots=True)
class DossierOuvert:
    parcours: UUID
    departement: str


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
class MoisOuvert:
    """A notification opens the month to sign, in place of the one that ran. `est_en_retard`: over, and told already."""

    parcours: UUID
    departement: str
    notifiee_le: date
    est_en_retard: bool = False


@dataclass(frozen=True, slots=True)
class SignatureRattachee:
    """The month that just opened was closed already: its contract was signed before its notification was heard of."""

    parcours: UUID
    contrat_id: str
    le: date
    est_hors_delai: bool


@dataclass(frozen=True, slots=True)
class ReferentSuivi:
    parcours: UUID
    statut: StatutReferent | None


@dataclass(frozen=True, slots=True)
class DiagnosticSuivi:
    parcours: UUID
    criteres: Criteres


@dataclass(frozen=True, slots=True)
class ReexamenFait:
    parcours: UUID
    le: date


@dataclass(frozen=True, slots=True)
class ResignatureDifferee:
    """A suspended contract is to be signed again, once it is resumed."""

    parcours: UUID
    contrat_id: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class InstructionDepassee:
    parcours: UUID
    numero: int


@dataclass(frozen=True, slots=True)
class SuiviRepris:
    """The survivor of a merge takes the orientation that only the absorbed dossier knew, or the hub one that was before
    it, with what goes with it."""

    parcours: UUID
    orientation: Orientation
    referent: StatutReferent | None
    reexamen: Reexamen | None


@dataclass(frozen=True, slots=True)
class ContratDeclare:
    """A contract from before the hub, in the state in which it was declared."""

    parcours: UUID
    contrat: Contrat


@dataclass(frozen=True, slots=True)
class SanctionsReprises:
    """The survivor of a merge takes the sanctions of the absorbed dossiers."""

    parcours: UUID
    manquements: tuple[Manquement, ...]
    sanctions: tuple[Sanction, ...]


FaitDeContrat: TypeAlias = (
    ContratPropose
    | ContratSigne
    | ContratRefuse
    | ContratSuspendu
    | ContratRepris
    | ContratClos
    | ContratAResigner
    | ContratAnnule
    | ContratBilan
)
FaitDeSanction: TypeAlias = ManquementSignale | SanctionProposee | SanctionDecidee | SanctionLevee
FaitPublie: TypeAlias = FaitDeContrat | EngagementRetard | ReexamenDu | FaitDeSanction
FaitDeSuivi: TypeAlias = (
    OrientationSuivie
    | OrientationTerminee
    | OrientationOubliee
    | MoisOuvert
    | SignatureRattachee
    | ReferentSuivi
    | DiagnosticSuivi
    | ReexamenFait
    | ResignatureDifferee
    | ContratCommence
    | EtapeFranchie
    | InstructionDepassee
    | SuiviRepris
    | ContratDeclare
    | SanctionsReprises
)
FaitDeVie: TypeAlias = DossierTransfere | DossierAbsorbe | DossierClos | DossierEfface
FaitSurDossier: TypeAlias = FaitDeSuivi | FaitDeVie
FaitInterne: TypeAlias = DossierOuvert | FaitSurDossier
Fait: TypeAlias = FaitPublie | ReexamenPrevu | LeveeEffective | FaitInterne
