"""What the service decides on: deposits about the offer and prescriptions, events of `usagers`, time that passes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from services.offres.domain.dossier import Demande, Etat


class Genre(StrEnum):
    STRUCTURE = "structure"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Publier:
    """`cle` is `source--id`; `departement_du_lieu` that of the commune, None where there is none; `lieu_inconnu` points
    at a place of the record that is none of today's."""

    genre: Genre
    cle: str
    source: str
    departement: str
    departement_du_lieu: str | None
    lieu_inconnu: str | None
    date_maj: date
    recu_a: datetime
    structure_id: str | None
    emetteur: str
    role: str
    donnees: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Retirer:
    genre: Genre
    cle: str
    source: str
    departement: str
    emetteur: str
    role: str
    date: date
    raison: str
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class Emettre:
    """`donnees` is the prescription as it was deposited, told on as it is."""

    parcours: UUID
    prescription_id: str
    service_id: str
    action_id: str | None
    prescripteur: str
    demande: Demande
    donnees: Mapping[str, Any]
    recu_a: datetime


@dataclass(frozen=True, slots=True)
class DonnerSuite:
    """`vers` is the state to which it leads. Who may answer for a structure is checked at the door."""

    parcours: UUID
    prescription_id: str
    vers: Etat
    date: date
    emetteur: str
    recu_a: datetime
    motifs: tuple[str, ...] = ()
    issue: str | None = None
    message: str | None = None


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
class FairePasserLeTemps:
    """Something is due in this dossier, or one of its services was withdrawn: all that is due now is told."""

    parcours: UUID


SurLOffre: TypeAlias = Publier | Retirer
Depot: TypeAlias = Emettre | DonnerSuite
Evenement: TypeAlias = ParcoursOuvert | ParcoursTransfere | ParcoursClos | UsagerFusionne | UsagerEfface
SurUnParcours: TypeAlias = Depot | Evenement | FairePasserLeTemps
Message: TypeAlias = SurLOffre | SurUnParcours
