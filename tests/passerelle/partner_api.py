"""The gateway's routes as an authenticated partner calls them: the door lets in whoever the test says it is."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from gateway.inbound.request import problems
from gateway.inbound.request.call import Call, Handler
from gateway.inbound.request.door import Door, Guarded
from gateway.partners import Annuaire
from relais_contrats.oauth.resource import Jeton
from relais_contrats.oauth.tokens import Liaison
from relais_contrats.partenaires import CLIENT_PREFIX, Partenaire
from relais_contrats.problemes import Problem
from tests.passerelle.outgoing import BASE_URL

PARTNER = "partenaire"


class OpenDoor(Door):
    """Authentication and the access journal have their own tests: here the header says who calls."""

    def __init__(self, annuaire: Annuaire) -> None:
        self._known = annuaire

    def guard(self, scope: str, handler: Handler, *, changes: bool = False, own_books: bool = False) -> Guarded:
        async def endpoint(request: Request) -> Response:
            partenaire = self._known.partenaire(request.headers[PARTNER])
            assert partenaire is not None
            try:
                return await handler(Call(partenaire, _token(partenaire), ()), request)
            except Problem as problem:
                return problems.response(problem, BASE_URL)

        return Guarded(endpoint)


def _token(partenaire: Partenaire) -> Jeton:
    """With every scope that the partner has."""
    return Jeton(CLIENT_PREFIX + partenaire.code, partenaire.scopes, Liaison.DPOP, "jti", 0.0, ())


@asynccontextmanager
async def api(routes: Sequence[BaseRoute]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


def as_partner(code: str) -> dict[str, str]:
    return {PARTNER: code}
