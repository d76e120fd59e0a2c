"""A route of the administration API: what FastAPI describes is what runs, and the guard stands before the body."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from console.access.guard import Guard
from relais_contrats.openapi import decrire
from relais_contrats.operations import Operation


async def _plain(_: Request) -> Response:
    raise AssertionError("the guarded endpoint of the route answers")


class ApiRoute(APIRoute):
    """`acte`: what it is in the table of rights; `operation`: how it is described."""

    def __init__(self, operation: Operation, acte: str, guarded: Route) -> None:
        described: dict[str, Any] = decrire(operation)
        status, first = next(iter(operation.reponses.items()))
        super().__init__(
            operation.chemin,
            _plain,
            name=operation.nom,
            methods=[operation.methode],
            operation_id=described.pop("operationId"),
            summary=described.pop("summary"),
            status_code=status,
            response_description=first.texte,
            response_class=Response,
            responses=described.pop("responses"),
            openapi_extra=described,
        )
        self.operation = operation
        self.acte = acte
        self.app = guarded.app

    # Starlette's own: FastAPI looks for a router that would include this route.
    matches = Route.matches

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        await Route.handle(self, scope, receive, send)


def api_route(
    guard: Guard, operation: Operation, acte: str, endpoint: Callable[[Request], Awaitable[Response]]
) -> ApiRoute:
    return ApiRoute(operation, acte, guard.route(operation.chemin, acte, endpoint, [operation.methode]))
