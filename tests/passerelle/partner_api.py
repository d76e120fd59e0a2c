"""The gateway's routes as an authenticated partner calls them: the door lets in whoever the test says it is."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.inbound import problems
from gateway.inbound.door import Call, Door, Handler
from gateway.inbound.problems import Problem
from gateway.oauth.resource import Jeton
from gateway.partners import Annuaire
from tests.passerelle.outgoing import BASE_URL

PARTNER = "partenaire"


class OpenDoor(Door):
    """Authentication and the access journal have their own tests: here the header says who calls."""

    def __init__(self, annuaire: Annuaire) -> None:
        self._known = annuaire

    def guard(self, scope: str, handler: Handler, *, changes: bool = False) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            partenaire = self._known.partenaire(request.headers[PARTNER])
            assert partenaire is not None
            try:
                return await handler(Call(partenaire, cast(Jeton, None), ()), request)
            except Problem as problem:
                return problems.response(problem, BASE_URL)

        return endpoint


@asynccontextmanager
async def api(routes: list[Route]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


def as_partner(code: str) -> dict[str, str]:
    return {PARTNER: code}
