"""Routes of the published API: each one is put on its declaration in `relais_contrats.api`, by its name.

The declaration holds the method, the path, the scope, the parameters and the models; FastAPI derives its document from
it. Endpoints are plain ASGI: FastAPI would read the body before anybody has looked at the token.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from relais_contrats.api import DECLAREES
from relais_contrats.openapi import decrire
from relais_contrats.operations import Operation

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


async def _plain(_: Request) -> Response:
    raise AssertionError("the plain ASGI endpoint of the route answers")


class Declared(APIRoute):
    """`others`: methods that the same endpoint answers besides, without being a part of the API."""

    def __init__(self, operation: Operation, app: ASGIApp, others: Collection[str] = ()) -> None:
        described = decrire(operation)
        status, first = next(iter(operation.reponses.items()))
        super().__init__(
            operation.gabarit,
            _plain,
            name=operation.nom,
            methods=list(others) or [operation.methode],
            operation_id=described.pop("operationId"),
            summary=described.pop("summary"),
            status_code=status,
            response_description=first.texte,
            response_class=Response,
            responses=described.pop("responses"),
            openapi_extra=described,
            include_in_schema=not others,
        )
        self.operation = operation
        self.app = app

    # Starlette's own: FastAPI looks for a router that would include this route, for each route of each request.
    matches = Route.matches

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        await Route.handle(self, scope, receive, send)


def declared(name: str, app: ASGIApp) -> Declared:
    """Raises a LookupError for a route that the API does not declare."""
    if name not in DECLAREES:
        raise LookupError(f"{name} is not declared in relais_contrats.api")
    return Declared(DECLAREES[name], app)


def opened(name: str, endpoint: Any) -> Declared:
    """A route without token; `endpoint` takes a `Request`."""
    return declared(name, Route("/", endpoint).app)


def taken(routes: Sequence[Route]) -> Iterator[Declared]:
    """Routes that the contracts publish with their handlers, for the hub and its mock.

    One without methods is of OAuth: it answers in its own language what is not a POST.
    """
    for route in routes:
        methods = route.methods or {"POST"}
        one = declared(f"{' '.join(methods - {'HEAD'})} {route.path}", route.app)
        yield one
        if route.methods is None:
            yield Declared(one.operation, one.app, _METHODS - methods)


def heads(routes: Sequence[Declared]) -> Iterator[Declared]:
    """`HEAD` for each `GET`, as HTTP wants it (RFC 9110 § 9.3.2) and FastAPI does not."""
    return (Declared(one.operation, one.app, ["HEAD"]) for one in routes if one.operation.methode == "GET")
