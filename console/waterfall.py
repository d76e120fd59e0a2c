"""The order and the geometry of a trace: children under their parents, and an axis on which idle hours take no room."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from console.spans import Span

_PAUSE_WIDTH = 5.0
_SHORTEST_PAUSE = timedelta(milliseconds=50)
_MAX_DEPTH = 12
_THINNEST = 0.6
"""Per cent of the axis: what is shorter is drawn so, to be seen at all."""


@dataclass(frozen=True, slots=True)
class Ligne:
    """One span in its place. `x` and `largeur` are per cent of the axis; `decalage` counts from the trace's start."""

    span: Span
    profondeur: int
    decalage: timedelta
    x: float
    largeur: float

    @property
    def trait(self) -> tuple[float, float]:
        """Where it is drawn: its start and its width, within the axis."""
        width = max(self.largeur, _THINNEST)
        return min(self.x, 100 - width), width


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which nothing ran, drawn narrow."""

    x: float
    largeur: float
    duree: timedelta


@dataclass(frozen=True, slots=True)
class Cascade:
    lignes: Sequence[Ligne]
    pauses: Sequence[Pause]
    debut: datetime
    duree: timedelta


def draw(spans: Sequence[Span]) -> Cascade:
    """`spans` is not empty."""
    axis = _Axis(spans)
    lignes = []
    for span, depth in in_order(spans):
        x, end = axis.place(span.debut), axis.place(span.fin)
        lignes.append(Ligne(span, min(depth, _MAX_DEPTH), span.debut - axis.debut, round(x, 3), round(end - x, 3)))
    return Cascade(lignes, axis.pauses, axis.debut, axis.fin - axis.debut)


def in_order(spans: Sequence[Span]) -> Iterator[tuple[Span, int]]:
    """Depth first, siblings by their start. One whose parent is not here (a partner's span, one that was lost) is a
    root, and so is the first of spans that claim to be each other's parents."""
    ordered = sorted(spans, key=lambda span: (span.debut, span.id))
    known = {span.id for span in ordered}
    children: dict[str, list[Span]] = {}
    for span in ordered:
        if span.parent in known:
            children.setdefault(span.parent or "", []).append(span)
    seen: set[str] = set()
    roots = [span for span in ordered if span.parent not in known]
    for root in [*roots, *ordered]:
        stack = [(root, 0)]
        while stack:
            span, depth = stack.pop()
            if span.id in seen:
                continue
            seen.add(span.id)
            yield span, depth
            stack += [(child, depth + 1) for child in reversed(children.get(span.id, []))]


class _Axis:
    """Instants to per cent. A pause longer than all the work is drawn in `_PAUSE_WIDTH` per cent: a retry five seconds
    later would leave nothing to see of the milliseconds around it."""

    def __init__(self, spans: Sequence[Span]) -> None:
        busy = _busy(spans)
        self.debut, self.fin = busy[0][0], busy[-1][1]
        self.pauses: list[Pause] = []
        work = sum((end - start for start, end in busy), timedelta())
        gaps = [(before[1], after[0]) for before, after in pairwise(busy)]
        narrow = {gap for gap in gaps if gap[1] - gap[0] > max(work, _SHORTEST_PAUSE)}
        shown = self.fin - self.debut - sum((end - start for start, end in narrow), timedelta())
        room = 100.0 - min(_PAUSE_WIDTH * len(narrow), 60.0)
        pause_width = (100.0 - room) / len(narrow) if narrow else 0.0
        self._marks: list[tuple[datetime, datetime, float, float]] = []
        x, at = 0.0, self.debut
        for start, end in sorted(narrow):
            width = room * _ratio(start - at, shown)
            self._marks += [(at, start, x, width), (start, end, x + width, pause_width)]
            self.pauses.append(Pause(round(x + width, 3), round(pause_width, 3), end - start))
            x, at = x + width + pause_width, end
        self._marks.append((at, self.fin, x, room * _ratio(self.fin - at, shown)))

    def place(self, instant: datetime) -> float:
        start, end, x, width = next(mark for mark in self._marks if instant <= mark[1])
        return x + width * _ratio(instant - start, end - start)


def _busy(spans: Sequence[Span]) -> list[tuple[datetime, datetime]]:
    """The stretches in which something ran, in order."""
    merged: list[tuple[datetime, datetime]] = []
    for span in sorted(spans, key=lambda span: span.debut):
        if merged and span.debut <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span.fin))
        else:
            merged.append((span.debut, span.fin))
    return merged


def _ratio(part: timedelta, whole: timedelta) -> float:
    return part / whole if whole else 0.0
