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
from console import lookup, period, store
from console import presentation as dire
from console.access.guard import Guard
from console.access.rights import Acte
from console.lookup import Resume
from console.risks import DITS, Demander
from console.shell import asked, plain
from console.store import Filtre
from console.templates import render
from console.way import Chercher, page_of

_PER_PAGE = 50
_FIELDS = ("type", "partenaire", "service", "duree", "du", "au", "anomalies", "tout")
TONS = {
    "livre": "livre",
    "lu": "livre",
    "a-lire": "attente",
    "en-cours": "attente",
    "en-attente": "attente",
    "retenu": "attente",
    "en-echec": "echec",
    "arrete": "erreur",
    "publie": "accepte",
    "rebut": "echec",
    "ecarte": "refuse",
}
"""The class of the mark of each state that a message or a receiver may be in, where it is not its own name."""


class Pages:
    """An empty list shows `retention`; `ask` reads the risks, `seek` the way of a message."""

    def __init__(self, pool: Pool, retention: timedelta, ask: Demander, seek: Chercher) -> None:
        self._pool = pool
        self._kept = (
            "Une trace apparaît une seconde environ après le message ; elle est gardée "
            f"{dire.nombre(retention.days, 'jour')}."
        )
        self._ask = ask
        self._seek = seek

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/traces", Acte.VOIR_TRACES, self.traces),
            guard.route("/traces/{id}", Acte.VOIR_TRACES, self.trace),
            guard.route("/messages/{partenaire}/{id}", Acte.VOIR_MESSAGES, self.message),
            guard.route("/attention", Acte.VOIR_ATTENTION, self.risks),
        ]

    async def traces(self, request: Request) -> Response:
        query = request.query_params
        if searched := plain(query.get("q", "")):
            return await self._search(searched)
        champs = {name: plain(query.get(name, "")) for name in _FIELDS}
        filtre = _filtre(champs, query)
        async with self._pool.acquire() as conn:
            rows = [Resume.read(row) for row in await store.recent(conn, filtre, _PER_PAGE + 1)]
            shown = rows[:_PER_PAGE]
            place = (shown[-1].debut, shown[-1].id) if len(rows) > _PER_PAGE else await store.looked_to(conn, filtre)
        return self._listing(shown, champs, _older(champs, place) if place else "")

    def _listing(
        self, traces: Sequence[Resume], champs: Mapping[str, str], older: str, searched: str = "", status: int = 200
    ) -> Response:
        page = render(
            "traces.html",
            page="" if searched else "/traces",
            traces=traces,
            champs=champs,
            est_filtre=any(champs.values()),
            types=dire.types(),
            services=dire.SERVICES,
            suite=older,
            cherche=searched,
            garde=self._kept,
        )
        return HTMLResponse(page, status)

    async def _search(self, searched: str) -> Response:
        """The message or the parcours that this names; else the traces that bear it."""
        if (told := await self._seek(searched)) and told["parcours_de"]:
            return HTMLResponse(render("parcours.html", reponse=told, tons=TONS, cherche=searched))
        if told and (chemins := told["chemins"]):
            if len(chemins) == 1 and (message := chemins[0]["message"]):
                return RedirectResponse(page_of(chemins[0]["partenaire"], message), 303)
            return await self._drawn(chemins)
        async with self._pool.acquire() as conn:
            rows = [Resume.read(row) for row in await store.found(conn, searched, _PER_PAGE)]
        if len(rows) == 1:
            return RedirectResponse(f"/traces/{rows[0].id}", 303)
        return self._listing(rows, {}, "", searched)

    async def trace(self, request: Request) -> Response:
        async with self._pool.acquire() as conn:
            found = await lookup.trace(conn, asked(request, "id"))
        if found is None:
            raise HTTPException(404)
        return HTMLResponse(render("trace.html", trace=found))

    async def message(self, request: Request) -> Response:
        told = await self._seek(f"{asked(request, 'partenaire')}/{asked(request, 'id')}")
        if told is None:
            return HTMLResponse(render("message_muet.html"), 503)
        if not told["chemins"]:
            return self._listing([], {}, "", asked(request, "id"), status=404)
        return await self._drawn(told["chemins"])

    async def _drawn(self, chemins: Sequence[Mapping[str, Any]]) -> Response:
        """With the traces that were sampled of these messages."""
        async with self._pool.acquire() as conn:
            found = await lookup.of_messages(conn, [one["message"] for one in chemins if one["message"]])
        return HTMLResponse(render("message.html", chemins=chemins, traces=found, tons=TONS))

    async def risks(self, _: Request) -> Response:
        return HTMLResponse(render("attention.html", page="/attention", risques=await self._ask(), dits=DITS))


def _filtre(champs: Mapping[str, str], query: QueryParams) -> Filtre:
    duree = champs["duree"]
    if duree and not (duree.isascii() and duree.isdecimal() and len(duree) < 10):
        raise HTTPException(400)
    return Filtre(
        type=champs["type"] or None,
        partenaire=champs["partenaire"] or None,
        service=champs["service"] or None,
        duree=timedelta(milliseconds=int(duree)) if duree else None,
        depuis=period.instant(champs["du"], is_end=False),
        jusqua=period.instant(champs["au"], is_end=True),
        avec_anomalie=champs["anomalies"] == "1",
        tout=champs["tout"] == "1",
        avant=_place(query["avant"]) if "avant" in query else None,
    )


def _place(text: str) -> tuple[datetime, str]:
    """`instant_trace`, as `_older` wrote it in the link to the next page."""
    instant, _, trace = text.partition("_")
    try:
        found = datetime.fromisoformat(instant)
        bytes.fromhex(trace)
    except ValueError as error:
        raise HTTPException(400) from error
    if found.tzinfo is None or not 2000 <= found.year <= 2200:
        raise HTTPException(400)
    return found, trace


def _older(champs: Mapping[str, str], place: tuple[datetime, str]) -> str:
    kept = {name: value for name, value in champs.items() if value}
    return urlencode(kept | {"avant": f"{place[0].isoformat()}_{place[1]}"})
