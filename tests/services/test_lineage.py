"""What a batch has loaded, folded fact after fact."""

from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

import pytest

from chassis.database import Connection
from services.lineage import Lineage, lock

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


@dataclass(frozen=True)
class Sheet:
    id: UUID
    lines: tuple[str, ...] = ()
    absorbed_by: UUID | None = None


def lineage(*sheets: Sheet) -> Lineage[Sheet]:
    return Lineage({sheet.id: sheet for sheet in sheets}, lambda sheet: sheet.absorbed_by)


def test_an_absorbed_aggregate_leads_to_the_last_survivor_also_of_a_merge_of_this_batch() -> None:
    one = lineage(Sheet(A, absorbed_by=B), Sheet(B), Sheet(C))

    one[B] = replace(one[B] or Sheet(B), absorbed_by=C)

    assert one.survivor(A) == C


def test_what_did_not_change_is_not_written() -> None:
    one = lineage(Sheet(B, ("first",)), Sheet(C))

    one[B] = Sheet(B, ("first", "second"))
    one[A] = Sheet(A, ("new",))

    assert [(before and before.id, now.id) for before, now in one.changed()] == [(None, A), (B, B)]
    assert one.changed_parts(lambda sheet: sheet.lines) == ["new", "second"]


def test_an_erased_aggregate_is_gone_and_remembered_as_such() -> None:
    one = lineage(Sheet(A), Sheet(B))

    one.erase(A)

    assert (one[A], one.forgotten, one.erased, one.changed()) == (None, {A}, [A], [])


class Row(dict[Any, Any]):
    """A row read by position and by name."""


class Table:
    """Dossiers by id, each with the one that absorbed it."""

    def __init__(self, absorbed: dict[UUID, UUID | None]) -> None:
        self._absorbed = absorbed

    async def fetch(self, _: str, ids: list[UUID]) -> list[Row]:
        return [Row({0: id_, "absorbe_par": self._absorbed[id_]}) for id_ in ids if id_ in self._absorbed]


@pytest.mark.anyio
async def test_a_lock_takes_the_survivors_with_the_absorbed_however_many_merges_lie_between() -> None:
    table = Table({A: B, B: C, C: None})

    found = await lock(cast(Connection, table), "SELECT", [A])

    assert set(found) == {A, B, C}
