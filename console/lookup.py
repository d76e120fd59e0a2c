"""From an id to the trace that there is to show. The only rooms below are SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.database import Connection, Record
from console import reading, store
from console.reading import Recit
from console.spans import Span
from console.waterfall import Cascade, draw

MAX_SPANS = 500
"""Of one trace, on one page: a bulk deposit has thousands."""
_MAX_LINKED = 50
MAX_TRACES = 5
"""Of one message, that are shown."""


@dataclass(frozen=True, slots=True)
class Trace:
    """`nombre` counts all its spans, `cascade` holds the first ones; `suites` are those of other traces that link
    here."""

    id: str
    issues: Sequence[str]
    nombre: int
    cascade: Cascade
    recit: Recit
    suites: Sequence[Span]


async def trace(conn: Connection, trace_id: str) -> Trace | None:
    row, spans = await store.trace(conn, trace_id, MAX_SPANS)
    if row is None or not spans:
        return None
    suites = await store.linked(conn, [trace_id], _MAX_LINKED)
    return Trace(trace_id, row["issues"], row["nombre"], draw(spans), reading.read([*spans, *suites]), suites)


async def of_messages(conn: Connection, ids: Sequence[str]) -> list[Trace]:
    """The traces that were sampled of the messages of these ids, the newest first."""
    rows = [row for id_ in ids for row in await store.found(conn, id_, MAX_TRACES)]
    found = [await trace(conn, trace_id) for trace_id in dict.fromkeys(row["trace_id"].hex() for row in rows)]
    return [one for one in found if one]


@dataclass(frozen=True, slots=True)
class Resume:
    """A trace in the list."""

    id: str
    debut: datetime
    fin: datetime
    nombre: int
    entrees: Sequence[str]
    services: Sequence[str]
    types: Sequence[str]
    emetteurs: Sequence[str]
    receveurs: Sequence[str]
    issues: Sequence[str]

    @classmethod
    def read(cls, row: Record) -> "Resume":
        facts: dict[str, Any] = dict(row)
        return cls(facts.pop("trace_id").hex(), **{name: facts[name] for name in cls.__slots__ if name != "id"})
