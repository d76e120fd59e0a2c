"""What the view is made of: the events of every brique, this one's included, as they were told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

Json: TypeAlias = Mapping[str, Any]
_PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Recu:
    """An event about a parcours. `donnees` is the document of its contract: shown as told, read where a rule looks.

    `id` is a UUIDv7: between briques, whose sequences say nothing of each other, its order is that of the recording.
    `auteur` is the CloudEvents source.
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


Cle: TypeAlias = tuple[UUID, str]
"""An object that its emitter named: the parcours in which it was created, and its key there."""


def cle_de(connus: Mapping[Cle, object], parcours: UUID, nom: str) -> Cle:
    """The object that an event names: the one of its own parcours, else the latest of a parcours merged with it."""
    propre = (parcours, nom)
    if propre in connus:
        return propre
    return next((cle for cle in reversed(list(connus)) if cle[1] == nom), propre)


def jour_de(instant: datetime) -> date:
    """The calendar day of an instant in Paris."""
    return instant.astimezone(_PARIS).date()
