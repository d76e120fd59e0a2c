"""From an id to what there is to show: one trace, or all that happened to one message. The only rooms below are SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.database import Connection, Record
from console import reading, store
from console.reading import Depot, Recit
from console.spans import Span
from console.waterfall import Cascade, draw

MAX_SPANS = 500
"""Of one trace, on one page: a bulk deposit has thousands."""
_MAX_LINKED = 50


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


@dataclass(frozen=True, slots=True)
class Message:
    """Each time that a partner deposited it, and what followed from all of them."""

    partenaire: str
    id: str
    depots: Sequence[Depot]
    recit: Recit

    @property
    def premier(self) -> Depot:
        return self.depots[0]

    @property
    def type(self) -> str | None:
        """Told by the deposit; of one that came in a bulk, by its decision."""
        ids = {depot.id for depot in self.depots}
        told = [depot.type for depot in self.depots if depot.type]
        return next(iter([*told, *(d.type for d in self.recit.decisions if d.entree in ids)]), None)

    @property
    def dernier(self) -> Depot:
        """The one that says what became of it: a decision rather than a wait, the latest of these."""
        settled = [depot for depot in self.depots if depot.id and depot.issue in ("accepte", "refuse")]
        return settled[-1] if settled else self.depots[-1]


async def trace(conn: Connection, trace_id: str) -> Trace | None:
    row, spans = await store.trace(conn, trace_id, MAX_SPANS)
    if row is None or not spans:
        return None
    suites = await store.linked(conn, [trace_id], _MAX_LINKED)
    return Trace(trace_id, row["issues"], row["nombre"], draw(spans), reading.read([*spans, *suites]), suites)


async def message(conn: Connection, partenaire: str, message_id: str) -> Message | None:
    entries = await store.deposits(conn, partenaire, message_id)
    if not entries:
        return None
    spans: dict[tuple[str, str], Span] = {}
    for entry in entries:
        ids = reading.ids_in_lot(entry, message_id) if reading.is_lot(entry) else []
        followed = await store.descent(conn, entry, ids, MAX_SPANS)
        spans |= {(span.trace, span.id): span for span in followed}
    inside = {span.id for span in spans.values()}
    linked = await store.linked(conn, sorted({entry.trace for entry in entries}), _MAX_LINKED)
    spans |= {(span.trace, span.id): span for span in linked if any(lien.span in inside for lien in span.liens)}
    return Message(partenaire, message_id, _depots(entries, spans, message_id), reading.read(list(spans.values())))


def _depots(entries: Sequence[Span], spans: dict[tuple[str, str], Span], message_id: str) -> list[Depot]:
    return [
        depot
        for entry in entries
        for depot in (
            reading.within_lot(entry, message_id) if reading.is_lot(entry) else [reading.single(entry, spans)]
        )
    ]


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
