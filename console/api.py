"""The same as JSON, for `./relais trace` and for scripts: a trace, or the traces in which an id occurs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from chassis.database import Pool
from console import lookup, presentation, store
from console.access.guard import Guard, Public
from console.access.rights import Acte
from console.lookup import Trace
from console.shell import asked
from console.spans import issue
from console.waterfall import Ligne

_MAX_TRACES = 5


class Api:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/api/traces/{id}.json", Acte.VOIR_TRACES, self.trace),
            guard.route("/api/messages/{id}.json", Acte.VOIR_TRACES, self.message),
            Public("/sante/vivant", self.alive),
        ]

    async def trace(self, request: Request) -> Response:
        async with self._pool.acquire() as conn:
            found = await lookup.trace(conn, asked(request, "id"))
        if found is None:
            raise HTTPException(404)
        return _json(_trace(found))

    async def message(self, request: Request) -> Response:
        """By the sender's id of a message, the hub's id of a deposit, or the id of an event; the newest traces."""
        searched = asked(request, "id")
        async with self._pool.acquire() as conn:
            rows = await store.found(conn, searched, _MAX_TRACES)
            traces = [await lookup.trace(conn, row["trace_id"].hex()) for row in rows]
        if not rows:
            raise HTTPException(404)
        return _json({"id": searched, "traces": [_trace(trace) for trace in traces if trace]})

    async def alive(self, _: Request) -> Response:
        return _json({"etat": "vivant"})


def _trace(trace: Trace) -> dict[str, Any]:
    etat = presentation.etat(trace.issues)
    return {
        "trace": trace.id,
        "etat": etat[0] if etat else None,
        "etat_lisible": etat[1] if etat else None,
        "debut": trace.cascade.debut,
        "duree_ms": _ms(trace.cascade.duree),
        "etapes": trace.nombre,
        "cascade": [_line(ligne) for ligne in trace.cascade.lignes],
        "pauses": [{"x": pause.x, "duree_ms": _ms(pause.duree)} for pause in trace.cascade.pauses],
        "recit": asdict(trace.recit),
    }


def _line(ligne: Ligne) -> dict[str, Any]:
    span = ligne.span
    return {
        "span": span.id,
        "parent": span.parent,
        "profondeur": ligne.profondeur,
        "service": span.service,
        "nom": span.nom,
        "etape": presentation.etape(span),
        "debut": span.debut,
        "decalage_ms": _ms(ligne.decalage),
        "duree_ms": _ms(span.duree),
        "x": ligne.x,
        "largeur": ligne.largeur,
        "issue": issue(span),
        "attributs": span.attributs,
        "liens": [asdict(lien) for lien in span.liens],
    }


def _ms(duration: timedelta) -> float:
    return round(duration.total_seconds() * 1000, 3)


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content, default=_duration), media_type="application/json")


def _duration(value: Any) -> float:
    """Durations of the reading, in milliseconds too."""
    if isinstance(value, timedelta):
        return _ms(value)
    raise TypeError(type(value).__name__)
