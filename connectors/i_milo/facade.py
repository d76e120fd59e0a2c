"""i-milo's API for operators, answered by the hub: those who read its queue and acknowledge change the URL only.

An event waits until it is acknowledged, whatever the order; the feed of the hub goes on past a page of which all is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from connectors.hub import PartnerError, QuotaReached, RequestRefused
from connectors.i_milo import writing
from connectors.systems import Context

_PAGE = 150
_LEASE = timedelta(minutes=1)
_FEED, _PARCOURS = "file", "facade dossier"
Answer = Callable[["Queue", Request], Awaitable[Any]]


class _Unknown(Exception):
    """No such thing, or not for this partner."""


def facade(context: Context) -> ASGIApp:
    queue = Queue(context)

    def route(path: str, answer: Answer, method: str = "GET") -> BaseRoute:
        async def answered(request: Request) -> Response:
            if not context.mandate.accepts(request.headers.get("x-gravitee-api-key", "")):
                return _error(401, "Unauthorized")
            try:
                content = await answer(queue, request)
            except _Unknown:
                return _error(404, "Not Found")
            except RequestRefused as refused:
                return _error(404, "Not Found") if refused.status == 404 else _error(403, "Forbidden")
            except QuotaReached as error:
                return _error(429, "Too Many Requests", error.retry_after_s)
            except PartnerError:
                return _error(503, "Service Unavailable")
            return Response(status_code=204) if content is None else JSONResponse(content)

        return Route(f"/operateurs{path}", answered, methods=[method])

    routes = [
        route("/events", Queue.events),
        route("/events/{event}/ack", Queue.acknowledge, "POST"),
        route("/dossiers/{dossier:int}", Queue.dossier),
        route("/dossiers/{dossier:int}/rdv/{rdv:int}", Queue.rdv),
    ]
    return FastAPI(title="i-milo", openapi_url=None, docs_url=None, redoc_url=None, routes=routes)


def _error(status: int, message: str, retry_after_s: int = 10) -> JSONResponse:
    headers = {"Retry-After": str(retry_after_s)} if status in (429, 503) else None
    return JSONResponse({"message": message, "http_status_code": status}, status, headers=headers)


class Queue:
    """What waits for the clients of one mandate."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def events(self, _: Request) -> list[writing.Json]:
        """At most a page, the oldest first; empty when all was acknowledged."""
        waiting = await self._waiting()
        if not waiting:
            return []
        async with self._context.journal.exchange("sortant", "i-milo.events", "file") as exchange:
            numbers = {parcours: await self._number(parcours) for parcours in {one["subject"] for one in waiting}}
            exchange.counts["rendu"] = len(waiting)
        return [writing.event(one, numbers[one["subject"]]) for one in waiting]

    async def _number(self, parcours: str) -> int:
        """Of a dossier: the one that it was given, else the first from its own that is nobody's."""
        state = self._context.state
        if known := await state.theirs(_PARCOURS, parcours):
            return int(known)
        number = writing.number_of(parcours)
        while await state.ours(_PARCOURS, str(number)) is not None:
            number += 1
        await state.link(_PARCOURS, [(str(number), parcours)])
        return number

    async def acknowledge(self, request: Request) -> None:
        """Nothing more is told of it. Twice has no second effect."""
        id_ = request.path_params["event"]
        if await self._is_acknowledged(id_):
            return
        if id_ not in {one["id"] for one in await self._waiting()}:
            raise _Unknown
        if held := await self._context.state.take(f"acquitte {id_}", _LEASE):
            await held.settle("fait")

    async def dossier(self, request: Request) -> writing.Json:
        return writing.dossier(await self._read(await self._parcours(request), ""), request.path_params["dossier"])

    async def rdv(self, request: Request) -> writing.Json:
        parcours, wanted = await self._parcours(request), request.path_params["rdv"]
        view = await self._read(parcours, "/rdv")
        for one in view.get("rendez_vous") or ():
            if writing.number_of(writing.rdv_key(parcours, one["rdv_id"])) == wanted:
                return writing.rdv(one, parcours, request.path_params["dossier"], view["departement"])
        raise _Unknown

    async def _waiting(self) -> list[dict[str, Any]]:
        context, types = self._context, ",".join(writing.FAITS)
        while True:
            cursor = await context.state.position(_FEED)
            start = {"apres": cursor} if cursor else {"depuis": context.mandate.cree_a.isoformat()}
            page = await self._page(types, start)
            found = [one for one in page["evenements"] if one.get("subject")]
            waiting = [one for one in found if not await self._is_acknowledged(one["id"])]
            if waiting or not page["evenements"]:
                return waiting
            await context.state.move(_FEED, page["curseur"])

    async def _page(self, types: str, start: Mapping[str, str]) -> Any:
        hub = self._context.hub
        try:
            return await hub.get("/v1/evenements", limite=_PAGE, types=types, **start)
        except RequestRefused as refused:
            if refused.status != 409:
                raise
        # Of a database that was restored since: from the beginning, without what was acknowledged.
        since = self._context.mandate.cree_a.isoformat()
        return await hub.get("/v1/evenements", limite=_PAGE, types=types, depuis=since)

    async def _is_acknowledged(self, id_: str) -> bool:
        return await self._context.state.outcome(f"acquitte {id_}") == "fait"

    async def _parcours(self, request: Request) -> str:
        """A dossier of which an event was given."""
        found = await self._context.state.ours(_PARCOURS, str(request.path_params["dossier"]))
        if found is None:
            raise _Unknown
        return found

    async def _read(self, parcours: str, path: str) -> Mapping[str, Any]:
        nature = f"i-milo.{path.strip('/') or 'dossier'}"
        async with self._context.journal.exchange("sortant", nature, parcours) as exchange:
            view: Mapping[str, Any] = await self._context.hub.get(f"/v1/parcours/{parcours}{path}")
            exchange.counts["rendu"] = 1
        return view
