"""What the service decides on: deposits of partners, events of `usagers`, due dates. One dataclass each."""

from dataclasses import dataclass
from datetime import date, datetime
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


@dataclass(frozen=True, slots=True)
class CloreOrientation:
    parcours: UUID
    auteur: Auteur
    date_fin: date
    motif: str


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


Depot: TypeAlias = (
    DemanderOrientation
    | RealiserDiagnostic
    | Preconiser
    | DeciderOrientation
    | NotifierOrientation
    | DemanderReorientation
    | DeciderReorientation
    | CloreOrientation
)
Evenement: TypeAlias = (
    ParcoursOuvert
    | UsagerSignale
    | DroitsModifies
    | UsagerFusionne
    | ParcoursTransfere
    | ParcoursClos
    | UsagerOppose
    | UsagerEfface
)
Message: TypeAlias = Depot | Evenement | DelaiEcoule | TermeAtteint
