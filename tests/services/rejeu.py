"""What each service brings to `test_rejouer`, in `tests.<service>.rejeu`: a story in its own words."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from chassis.database import Pool
from services.dossiers.registre import Registre
from tests.engines import Bench
from tests.services.ouvert import textes

Vie = Sequence[tuple[Any, Sequence[Any]]]
"""Dossiers with the facts of each, in order."""


@dataclass(frozen=True, slots=True)
class Vecu:
    """A story that was lived in a database. It reaches every read table of the service, merges and undoes a merge.

    `touche`: the dossier that gets damaged. `effacer` erases its person, or another one: the parcours `effaces`.
    `secret`: words that one parcours alone says, which its merge with another one must not have left there.
    """

    pool: Pool
    touche: UUID
    effaces: Collection[UUID]
    effacer: Callable[[], Awaitable[object]]
    secret: tuple[str, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Rejeu:
    """`dommages`: statements on the dossier `$1`, besides those that the suite makes of the declared tables.
    `vies`: any lives, decided by the rules alone."""

    vivre: Callable[[Bench], Awaitable[Vecu]]
    dommages: Mapping[str, str] = field(default_factory=dict)
    vies: st.SearchStrategy[Vie] | None = None


def rejeu_de(service: str) -> Rejeu:
    rejeu: Rejeu = import_module(f"tests.{service}.rejeu").REJEU
    return rejeu


def registre_de(service: str) -> Registre[Any]:
    registre: Registre[Any] = import_module(f"services.{service}.app").REGISTRE
    return registre


def derivees(registre: Registre[Any]) -> list[str]:
    """The tables that a rebuilding writes."""
    return ["dossiers", *(table.nom for table in registre.modele.tables), "echeances"]


async def stockes(pool: Pool, registre: Registre[Any]) -> Sequence[str]:
    """All rows that a rebuilding writes, as they are inside."""
    return await textes(pool, registre.sceaux, derivees(registre))
