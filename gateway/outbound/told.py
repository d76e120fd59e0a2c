"""What a batch of the fan-out reads and writes: subscribers, events, deliveries, and what nobody received."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from relais_contrats.droits import Role

Roles = dict[str, frozenset[Role]]
"""By partner."""


@dataclass(frozen=True, slots=True)
class Abonne:
    """A subscription as the fan-out sees it. `types` are short names; empty takes everything."""

    id: UUID
    partenaire: str
    types: frozenset[str]

    def prend(self, type_court: str) -> bool:
        return not self.types or type_court in self.types


@dataclass(frozen=True, slots=True)
class Evenement:
    id: UUID
    parcours: UUID
    type: str
    corps: Mapping[str, Any]


class SansDestinataire(StrEnum):
    """Why an event was told to nobody."""

    INTERNE = "interne"
    """It is not a message of the catalogue: the services say it among themselves."""
    EFFACEMENT = "effacement"
    """The person was erased before."""
    AUCUN_PARTICIPANT = "aucun-participant"
    """The parcours is open, and no partner of the hub takes part in it."""
    EMETTEUR_SEUL = "emetteur-seul"
    """Nobody takes part but who sent it."""
    HORS_DROITS = "hors-droits"
    """None of those who take part may receive it."""
    SANS_ABONNE = "sans-abonne"
    """It is of the offer, and nobody of its territory subscribed to it."""


@dataclass(frozen=True, slots=True)
class NonDistribue:
    evenement: UUID
    parcours: UUID
    type: str
    motif: SansDestinataire
    est_une_communication: bool

    @property
    def est_d_une_personne(self) -> bool:
        return self.motif is not SansDestinataire.SANS_ABONNE


@dataclass(frozen=True, slots=True)
class Livraison:
    """An event for one partner, with the roles that it holds then, and the subscriptions that push it."""

    partenaire: str
    evenement: UUID
    parcours: UUID
    type: str
    roles: frozenset[Role]
    abonnements: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Rappel:
    """What a cancelled deposit had led to: whose it was, one event of it, and who received it, with which roles."""

    depot: str
    evenement: UUID | None
    recepteurs: Roles
