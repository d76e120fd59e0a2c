"""data·inclusion's API v1, for clients that change the URL only: its paths, parameters, pages, shapes and errors."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from connectors.data_inclusion import writing
from connectors.data_inclusion.catalogue import Catalogue, Service, Structure
from connectors.data_inclusion.poller import catalogue_of
from connectors.data_inclusion.reading import ListeServices, ListeStructures, Recherche
from connectors.data_inclusion.search import Found, Searches
from connectors.hub import PartnerError, QuotaReached, RequestRefused
from connectors.systems import Context

_BEARER = HTTPBearer()
_OLDEST = timedelta(minutes=10)
"""A copy that the hub has not confirmed for longer is not shown."""
_GONE = (404, 410)


def facade(context: Context) -> ASGIApp:
    catalogue = catalogue_of(context)
    api = Api(context, catalogue, Searches(context, catalogue))

    def authorised(credentials: Annotated[HTTPAuthorizationCredentials, Depends(_BEARER)]) -> None:
        if not context.mandate.accepts(credentials.credentials):
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})

    async def readable() -> None:
        await api.check()

    app = FastAPI(
        title="data·inclusion API",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(authorised), Depends(readable)],
        exception_handlers={PartnerError: _unreachable, RequestRefused: _refused},
    )
    for path, answer in (
        ("/structures", api.structures),
        ("/structures/{id}", api.structure),
        ("/structures/{source}/{id}", api.structure_of_source),
        ("/services", api.services),
        ("/services/{id}", api.service),
        ("/services/{source}/{id}", api.service_of_source),
        ("/sources", api.sources),
        ("/search/services", api.search),
    ):
        app.add_api_route(f"/api/v1{path}", answer, methods=["GET"], response_model=None)
    return app


class Api:
    """Each answer has its line in the journal: what was asked for, how many records were given."""

    def __init__(self, context: Context, catalogue: Catalogue, searches: Searches) -> None:
        self._context = context
        self._catalogue = catalogue
        self._searches = searches

    async def check(self) -> None:
        """What the partner may no longer read at the hub is not read here either."""
        reading = await asyncio.to_thread(self._catalogue.reading)
        if reading.est_refusee:
            raise HTTPException(403)
        if reading.lu_a is None or self._context.clock() - reading.lu_a > _OLDEST:
            raise HTTPException(503, headers={"Retry-After": "10"})

    async def structures(self, asked: Annotated[ListeStructures, Query()]) -> Response:
        self._duplicates(asked.exclure_doublons)

        def read() -> tuple[int, Any]:
            total, found = self._catalogue.structures(asked.criteres(), asked.page, asked.size)
            items = [writing.structure_notee(one.fiche, one.score) | {"doublons": []} for one in found]
            return len(items), writing.page(items, total, asked.page, asked.size)

        return await self._answer("structures", f"page {asked.page}", read)

    async def services(self, asked: Annotated[ListeServices, Query()]) -> Response:
        _no_text(asked.recherche_public)

        def read() -> tuple[int, Any]:
            criteres = asked.criteres(asked.departements(), asked.communes())
            total, found = self._catalogue.services(criteres, asked.page, asked.size)
            items = [writing.service(one.fiche, one.score, avec_extra=asked.extra) for one in found]
            return len(items), writing.page(items, total, asked.page, asked.size)

        return await self._answer("services", f"page {asked.page}", read)

    async def search(self, asked: Annotated[Recherche, Query()]) -> Response:
        _no_text(asked.recherche_public)
        self._duplicates(asked.exclure_doublons)
        if (asked.lat is None) != (asked.lon is None):
            raise HTTPException(422, "The `lat` and `lon` must be simultaneously filled.")
        if asked.code_commune is None:
            return await self._answer("recherche", f"page {asked.page}", lambda: self._everywhere(asked))
        async with self._context.journal.exchange("sortant", "recherche", f"page {asked.page}") as exchange:
            found = await self._searches.around(asked, exchange.traceparent)
            count, body = await asyncio.to_thread(_written, lambda: self._around(asked, found))
            exchange.counts["rendu"] = count
        return Response(body, media_type="application/json")

    def _everywhere(self, asked: Recherche) -> tuple[int, Any]:
        total, found = self._catalogue.services(asked.criteres(), asked.page, asked.size)
        items = [{"service": _detailed(one), "distance": None} for one in found]
        return len(items), writing.page(items, total, asked.page, asked.size)

    def _around(self, asked: Recherche, found: list[Found]) -> tuple[int, Any]:
        """One that was withdrawn since the list was read is left out."""
        shown = found[asked.size * (asked.page - 1) : asked.size * asked.page]
        known = self._catalogue.services_of([one.id for one in shown])
        items = [{"service": _detailed(known[one.id]), "distance": one.distance} for one in shown if one.id in known]
        return len(items), writing.page(items, len(found), asked.page, asked.size)

    async def service(self, id: str) -> Response:
        found = (await asyncio.to_thread(self._catalogue.services_of, [id])).get(id)
        if found is None:
            raise HTTPException(404)
        return await self._answer("service", id, lambda: (1, _detailed(found)))

    async def service_of_source(self, source: str, id: str) -> Response:
        return await self.service(_key(source, id))

    async def structure(self, id: str) -> Response:
        found = (await asyncio.to_thread(self._catalogue.structures_of, [id])).get(id)
        if found is None:
            raise HTTPException(404)
        async with self._context.journal.exchange("sortant", "structure", id) as exchange:
            twins = await self._twins(id, exchange.traceparent)
            if twins is not None:
                exchange.counts["rendu"], body = await asyncio.to_thread(_written, lambda: self._whole(found, twins))
        if twins is None:
            raise HTTPException(404)
        return Response(body, media_type="application/json")

    def _whole(self, found: Structure, twins: list[str]) -> tuple[int, Any]:
        told = self._catalogue.structures_of(twins).values()
        services = self._catalogue.services_of_structure(found.fiche["id"])
        return 1, writing.structure_notee(found.fiche, found.score) | {
            "doublons": [writing.doublon(one.fiche) for one in told],
            "services": [writing.service(one.fiche, one.score) for one in services],
        }

    async def structure_of_source(self, source: str, id: str) -> Response:
        return await self.structure(_key(source, id))

    async def _twins(self, id_: str, traceparent: str) -> list[str] | None:
        """Those that the hub says are probably the same; None when it has withdrawn this one meanwhile."""
        path = f"/v1/offres/structures/{quote(id_, safe='')}"
        try:
            told = await self._context.hub.call("GET", path, headers={"traceparent": traceparent})
        except RequestRefused as refused:
            if refused.status in _GONE:
                return None
            raise
        return [one["id"] for one in told.get("doublons_probables") or ()]

    async def sources(self) -> Response:
        named = self._context.configuration.sources

        def read() -> tuple[int, Any]:
            slugs = self._catalogue.sources()
            told = [
                {
                    "slug": slug,
                    "nom": named[slug].nom if slug in named else slug,
                    "description": named[slug].description if slug in named else None,
                }
                for slug in slugs
            ]
            return len(told), told

        return await self._answer("sources", "toutes", read)

    def _duplicates(self, excluded: bool | None) -> None:
        if excluded and self._context.configuration.exclure_doublons == "refuser":
            raise _unsupported("exclure_doublons", excluded)

    async def _answer(self, nature: str, reference: str, read: Callable[[], tuple[int, Any]]) -> Response:
        async with self._context.journal.exchange("sortant", nature, reference) as exchange:
            exchange.counts["rendu"], body = await asyncio.to_thread(_written, read)
        return Response(body, media_type="application/json")


def _written(read: Callable[[], tuple[int, Any]]) -> tuple[int, bytes]:
    """In a thread: a page has up to 10,000 records."""
    count, told = read()
    return count, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _detailed(one: Service) -> writing.Json:
    return writing.service(one.fiche, one.score) | {"structure": writing.structure(one.structure)}


def _key(source: str, id_: str) -> str:
    """Of the paths that name the source apart: the key begins with it, whether the id repeats it or not."""
    return id_ if id_.startswith(f"{source}--") else f"{source}--{id_}"


def _no_text(recherche_public: str | None) -> None:
    if recherche_public is not None:
        raise _unsupported("recherche_public", recherche_public)


def _unsupported(name: str, given: Any) -> RequestValidationError:
    msg = f"Le relais ne sait pas répondre à `{name}` : retirez ce paramètre."
    return RequestValidationError([{"type": "value_error", "loc": ("query", name), "msg": msg, "input": given}])


async def _refused(_: Request, refused: Exception) -> JSONResponse:
    """What the hub does not admit, in data·inclusion's words."""
    assert isinstance(refused, RequestRefused)
    if refused.status in (401, 403):
        return JSONResponse({"detail": "Forbidden"}, 403)
    faults = refused.problem.get("erreurs") or ()
    if any(fault["code"] == "commune-inconnue" for fault in faults):
        return JSONResponse({"detail": "This `code_commune` does not exist."}, 422)
    told = [
        {"type": "value_error", "loc": ["query", fault["pointeur"]], "msg": fault["message"], "input": None}
        for fault in faults
    ]
    return JSONResponse({"detail": told or "Unprocessable Content"}, 422)


async def _unreachable(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, QuotaReached):
        return JSONResponse({"detail": "Too Many Requests"}, 429, headers={"Retry-After": str(error.retry_after_s)})
    return JSONResponse({"detail": "Service Unavailable"}, 503, headers={"Retry-After": "10"})
