"""The same as JSON, for `./relais trace` and for scripts: the way of a message, the traces in which an id occurs."""

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
from console import lookup, presentation
from console.access.guard import Guard, Public
from console.access.rights import Acte
from console.lookup import Trace
from console.shell import asked
from console.spans import issue
from console.waterfall import Ligne
from console.way import Chercher, Reponse


class Api:
    def __init__(self, pool: Pool, seek: Chercher) -> None:
        self._pool = pool
        self._seek = seek

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/api/traces/{id}.json", Acte.VOIR_TRACES, self.trace),
            guard.route("/api/messages/{id:path}.json", Acte.VOIR_MESSAGES, self.message),
            Public("/sante/vivant", self.alive),
        ]

    async def trace(self, request: Request) -> Response:
        async with self._pool.acquire() as conn:
            found = await lookup.trace(conn, asked(request, "id"))
        if found is None:
            raise HTTPException(404)
        return _json(_trace(found))

    async def message(self, request: Request) -> Response:
        """By any id that names a message, an event or a parcours: see `gateway.inbound.timeline.lookup`; and by the
        id of a trace. `passerelle`: whether the gateway has answered, which alone knows more than what was sampled."""
        searched = asked(request, "id")
        told = await self._seek(searched)
        async with self._pool.acquire() as conn:
            traces = await lookup.of_messages(conn, [searched])
        if told is not None and not told["chemins"]:
            told = await self._of_its_deposits(traces) or told
        if told is not None and not (told["chemins"] or told["parcours_de"] or traces):
            raise HTTPException(404)
        said = told or {"chemins": [], "parcours_de": None, "parcours": [], "personne": None}
        found = [_trace(trace) for trace in traces]
        return _json({"id": searched, "passerelle": told is not None, **said, "traces": found})

    async def _of_its_deposits(self, traces: Sequence[Trace]) -> Reponse | None:
        """The way of what was deposited in a trace, when there is one message in it."""
        deposits = {f"{one.partenaire}/{one.message}" for t in traces for one in t.recit.depots if one.message}
        return await self._seek(deposits.pop()) if len(deposits) == 1 else None

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
