"""The aggregates of one batch, before and after: one that was merged leads to its survivor, one erased is gone."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID

from chassis.database import Connection, Record

A = TypeVar("A")
P = TypeVar("P")


class Lineage(Generic[A]):
    """Aggregates of a batch and their merges. `absorbed_by` returns a survivor; `forgotten`: ids erased before."""

    def __init__(
        self, loaded: Mapping[UUID, A], absorbed_by: Callable[[A], UUID | None], forgotten: Iterable[UUID] = ()
    ) -> None:
        self._before = dict(loaded)
        self._now = dict(loaded)
        self._absorbed_by = absorbed_by
        self._alias = {id_: by for id_, aggregate in loaded.items() if (by := absorbed_by(aggregate))}
        self.forgotten = set(forgotten)
        self.erased: list[UUID] = []

    def __getitem__(self, id_: UUID) -> A | None:
        return self._now.get(id_)

    def __setitem__(self, id_: UUID, aggregate: A) -> None:
        self._now[id_] = aggregate
        if by := self._absorbed_by(aggregate):
            self._alias[id_] = by

    def put_back(self, id_: UUID, aggregate: A) -> None:
        """Replace the aggregate as a new one: its stored rows are deleted, and it leads to no survivor any more."""
        self._before.pop(id_, None)
        self._alias.pop(id_, None)
        self[id_] = aggregate

    def erase(self, id_: UUID) -> None:
        self._now.pop(id_, None)
        self.forgotten.add(id_)
        self.erased.append(id_)

    def survivor(self, id_: UUID) -> UUID:
        while id_ in self._alias:
            id_ = self._alias[id_]
        return id_

    def changed(self) -> list[tuple[A | None, A]]:
        """Return the changed aggregates, as loaded (None when the batch opened it) and as they are, lowest id first."""
        ids = [id_ for id_ in sorted(self._now) if self._now[id_] is not self._before.get(id_)]
        return [(self._before.get(id_), self._now[id_]) for id_ in ids]

    def changed_parts(self, parts: Callable[[A], Iterable[P]]) -> list[P]:
        """Return the parts (rows, sub-objects) of changed aggregates that are new or different."""
        return [
            part
            for before, now in self.changed()
            for known in [tuple(parts(before)) if before else ()]
            for part in parts(now)
            if part not in known
        ]


async def lock(conn: Connection, statement: str, ids: Iterable[UUID], *more: Any) -> dict[UUID, Record]:
    """Rows by id (their first column), survivors (`absorbe_par`) included: also of a merge committed meanwhile."""
    found: dict[UUID, Record] = {}
    wanted = set(ids)
    while wanted and (rows := await conn.fetch(statement, list(wanted), *more)):
        found |= {row[0]: row for row in rows}
        wanted = {row["absorbe_par"] for row in rows if row["absorbe_par"]} - found.keys()
    return found
