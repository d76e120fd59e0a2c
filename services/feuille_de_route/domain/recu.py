"""What the view is made of: the events of every brique, this one's included, as they were told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

Json: TypeAlias = Mapping[str, Any]
REPRISE = "reprise.declaree"
"""Told by `orientation` for all: its parts belong to several briques."""


@dataclass(frozen=True, slots=True)
class Recu:
    """An event about a parcours. `donnees` is the document of its contract: shown as told, read where a rule looks.

    `id` is a UUIDv7: between briques, whose sequences say nothing of each other, its order is that of the recording.
    `auteur` is the CloudEvents source. `effet` is the day from which it holds, when it was told before that day.
    """

    id: UUID
    parcours: UUID
    brique: str
    sequence: int
    type: str
    departement: str
    auteur: str
    survenu_a: datetime
    donnees: Json
    effet: date | None = None
    cause: UUID | None = None
    """The deposit, or the event, that led to it."""


Cle: TypeAlias = tuple[UUID, str]
"""An object that its emitter named: the parcours in which it was created, and its key there."""


def cle_de(connus: Mapping[Cle, object], parcours: UUID, nom: str) -> Cle:
    """The object that an event names: the one of its own parcours, else the latest of a parcours merged with it."""
    propre = (parcours, nom)
    if propre in connus:
        return propre
    return next((cle for cle in reversed(list(connus)) if cle[1] == nom), propre)
