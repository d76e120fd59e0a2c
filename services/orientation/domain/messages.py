"""What the service decides on: deposits of partners, events of `usagers`, due dates. One dataclass each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
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
    Structure,
)


@dataclass(frozen=True, slots=True)
class DemanderOrientation:
    parcours: UUID
    recue_le: date
    motif: str | None
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class RealiserDiagnostic:
    """A whole diagnostic, or what completes it: what it does not say stays as it was."""

    parcours: UUID
    criteres: Criteres
    contraintes: tuple[Contrainte, ...]


@dataclass(frozen=True, slots=True)
class Preconiser:
    parcours: UUID
    preconisation: Preconisation


@dataclass(frozen=True, slots=True)
class DeciderOrientation:
    """`recu_a`, when the hub received it, is what the legal delay looks at."""

    parcours: UUID
    auteur: Auteur
    decision: Decision
    contestation: Contestation | None
    recu_a: datetime
    depot: UUID | None = None


@dataclass(frozen=True, slots=True)
class NotifierOrientation:
    parcours: UUID
    auteur: Auteur
    notifiee_le: date
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class DemanderReorientation:
    parcours: UUID
    demande: DemandeReorientation


@dataclass(frozen=True, slots=True)
class DeciderReorientation:
    """`nouvelle` when it is accepted; else `sens` says refused or maintained, with its reason."""

    parcours: UUID
    auteur: Auteur
    sens: str
    motif: str | None
    nouvelle: Decision | None
    recu_a: datetime
    depot: UUID | None = None


@dataclass(frozen=True, slots=True)
class AnnulerOrientation:
    """`annule`: the deposit that decided what is cancelled."""

    parcours: UUID
    auteur: Auteur
    annule: UUID
    motif: str
    recu_a: datetime | None = None


@dataclass(frozen=True, slots=True)
class RdvDeclare:
    rdv_id: str
    statut: str
    debut: datetime


@dataclass(frozen=True, slots=True)
class DeclarerReprise:
    """`donnees` is all that was declared, for the siblings and the partners; the rest is what is decided on here.

    `referent` is the structure of the référent; `contrat_est_signe` is None when no contract is declared.
    """

    parcours: UUID
    auteur: Auteur
    date_reprise: date
    donnees: Mapping[str, Any]
    decision: Decision | None
    contestation: Contestation | None
    notifiee_le: date | None
    referent: Structure | None
    contrat_est_signe: bool | None
    rdvs: tuple[RdvDeclare, ...]
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class CloreOrientation:
    parcours: UUID
    auteur: Auteur
    date_fin: date
    motif: str
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class ParcoursOuvert:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class UsagerSignale:
    """`droit_recu_le`: when the département received the opening of the right, if this is a beneficiary of the RSA."""

    parcours: UUID
    departement: str
    brsa: bool
    droit_recu_le: date | None
    recu_a: datetime
    dit_a: datetime


@dataclass(frozen=True, slots=True)
class DroitsModifies:
    parcours: UUID
    departement: str
    brsa: bool
    dit: Dit


@dataclass(frozen=True, slots=True)
class UsagerFusionne:
    """`absorbes` are now the same person as `parcours`."""

    parcours: UUID
    departement: str
    absorbes: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ParcoursTransfere:
    parcours: UUID
    departement: str
    date_effet: date


@dataclass(frozen=True, slots=True)
class ParcoursClos:
    parcours: UUID
    date_fin: date
    motif: str


@dataclass(frozen=True, slots=True)
class SuiteDonnee:
    """A sibling told what it holds from now on (`tient`), or what became of it. `est_d_un_partenaire`: who designated
    or contracted under the orientation in force; `type` names what it told. `structure` is that of the référent
    (`<systeme>:<valeur>`), None for a contract; `evenement` (UUIDv7) tells when that was."""

    parcours: UUID
    departement: str
    type: str
    structure: str | None
    evenement: UUID
    tient: str | None = None
    est_d_un_partenaire: bool = True
    depot: UUID | None = None


@dataclass(frozen=True, slots=True)
class SuiteAnnulee:
    """What the deposit `annule` did under the orientation was cancelled."""

    parcours: UUID
    annule: UUID


@dataclass(frozen=True, slots=True)
class UsagerOppose:
    parcours: UUID


@dataclass(frozen=True, slots=True)
class UsagerEfface:
    parcours: UUID
    departement: str


@dataclass(frozen=True, slots=True)
class DelaiEcoule:
    """Six weeks have passed since the reception of request `numero`."""

    parcours: UUID
    numero: int


@dataclass(frozen=True, slots=True)
class TermeAtteint:
    """The end that was announced for orientation `rang` is over."""

    parcours: UUID
    rang: int


@dataclass(frozen=True, slots=True)
class PremierJour:
    """Orientation `rang`, decided in advance, begins."""

    parcours: UUID
    rang: int


@dataclass(frozen=True, slots=True)
class DroitEffectif:
    """What was said of the right for this day holds from now on."""

    parcours: UUID
    jour: date


Depot: TypeAlias = (
    DemanderOrientation
    | RealiserDiagnostic
    | Preconiser
    | DeciderOrientation
    | NotifierOrientation
    | DemanderReorientation
    | DeciderReorientation
    | CloreOrientation
    | AnnulerOrientation
    | DeclarerReprise
)
Evenement: TypeAlias = (
    ParcoursOuvert
    | UsagerSignale
    | DroitsModifies
    | UsagerFusionne
    | ParcoursTransfere
    | ParcoursClos
    | SuiteDonnee
    | SuiteAnnulee
    | UsagerOppose
    | UsagerEfface
)
Echeance: TypeAlias = DelaiEcoule | TermeAtteint | PremierJour | DroitEffectif
Message: TypeAlias = Depot | Evenement | Echeance
