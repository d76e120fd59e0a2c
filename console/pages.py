"""The French pages: the list of traces, one trace, one message, what deserves a look."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from chassis.database import Pool
from console import lookup, store
from console.access.guard import Guard
from console.access.rights import Acte
from console.lookup import Resume
from console.risks import Demander
from console.shell import asked, plain
from console.store import Filtre
from console.views import message, risks, trace, traces
from console.way import Chercher

_PER_PAGE = 50


class Pages:
    """An empty list shows `retention`; `ask` reads the risks, `seek` the way of a message."""

    def __init__(self, pool: Pool, retention: timedelta, ask: Demander, seek: Chercher) -> None:
        self._pool = pool
        self._retention = retention
        self._ask = ask
        self._seek = seek

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/traces", Acte.VOIR_TRACES, self.traces),
            guard.route("/traces/{id}", Acte.VOIR_TRACES, self.trace),
            guard.route("/messages/{partenaire}/{id}", Acte.VOIR_TRACES, self.message),
            guard.route("/attention", Acte.VOIR_ATTENTION, self.risks),
        ]

    async def traces(self, request: Request) -> Response:
        query = request.query_params
        if searched := plain(query.get("q", "")):
            return await self._search(searched)
        filtre = _filtre(query)
        async with self._pool.acquire() as conn:
            rows = [Resume.read(row) for row in await store.recent(conn, filtre, _PER_PAGE + 1)]
        shown = rows[:_PER_PAGE]
        older = _query(filtre, shown[-1]) if len(rows) > _PER_PAGE else None
        return HTMLResponse(traces.listing(shown, filtre, older, self._retention))

    async def _search(self, searched: str) -> Response:
        """The message or the parcours that this names; else the traces that bear it."""
        if (told := await self._seek(searched)) and told["parcours_de"]:
            return HTMLResponse(message.of_parcours(told))
        if told and (chemins := told["chemins"]):
            one = message.page_of(chemins[0]) if len(chemins) == 1 else None
            return RedirectResponse(one, 303) if one else await self._drawn(chemins)
        async with self._pool.acquire() as conn:
            rows = [Resume.read(row) for row in await store.found(conn, searched, _PER_PAGE)]
        if len(rows) == 1:
            return RedirectResponse(f"/traces/{rows[0].id}", 303)
        return HTMLResponse(traces.search(rows, searched, self._retention))

    async def trace(self, request: Request) -> Response:
        async with self._pool.acquire() as conn:
            found = await lookup.trace(conn, asked(request, "id"))
        if found is None:
            raise HTTPException(404)
        return HTMLResponse(trace.view(found))

    async def message(self, request: Request) -> Response:
        told = await self._seek(f"{asked(request, 'partenaire')}/{asked(request, 'id')}")
        if told is None:
            return HTMLResponse(message.silent(), 503)
        if not told["chemins"]:
            raise HTTPException(404)
        return await self._drawn(told["chemins"])

    async def _drawn(self, chemins: Sequence[Mapping[str, Any]]) -> Response:
        """With the traces that were sampled of these messages."""
        async with self._pool.acquire() as conn:
            found = await lookup.of_messages(conn, [one["message"] for one in chemins if one["message"]])
        return HTMLResponse(message.view(chemins, found))

    async def risks(self, _: Request) -> Response:
        return HTMLResponse(risks.listing(await self._ask()))


def _filtre(query: QueryParams) -> Filtre:
    return Filtre(
        type=plain(query.get("type", "")) or None,
        partenaire=plain(query.get("partenaire", "")) or None,
        avec_anomalie=query.get("anomalies") == "1",
        tout=query.get("tout") == "1",
        avant=_place(query["avant"]) if "avant" in query else None,
    )


def _place(text: str) -> tuple[datetime, str]:
    """`instant_trace`, as `_query` wrote it in the link to the next page."""
    instant, _, trace = text.partition("_")
    try:
        found = datetime.fromisoformat(instant)
        bytes.fromhex(trace)
    except ValueError as error:
        raise HTTPException(400) from error
    if found.tzinfo is None or not 2000 <= found.year <= 2200:
        raise HTTPException(400)
    return found, trace


def _query(filtre: Filtre, last: Resume) -> str:
    kept = {
        "type": filtre.type,
        "partenaire": filtre.partenaire,
        "anomalies": "1" if filtre.avec_anomalie else None,
        "tout": "1" if filtre.tout else None,
        "avant": f"{last.debut.isoformat()}_{last.id}",
    }
    return urlencode({name: value for name, value in kept.items() if value})
