"""The application of the door: FastAPI, on routes that the contracts declare. Its document is derived from them."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.telemetry import TelemetryConfig
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from gateway.inbound import documentation
from gateway.inbound.request import problems
from gateway.inbound.request.hygiene import Hygiene
from gateway.inbound.request.routes import Declared, heads, taken
from gateway.inbound.request.shield import Shield
from relais_contrats import publies
from relais_contrats.openapi import INFO, SERVEURS, composants
from relais_contrats.problemes import Problem
from relais_contrats.transport import refus_de_route

_SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""The door traces each request itself, without what FastAPI would write of its address."""


AROUND: Sequence[Callable[[ASGIApp, str], ASGIApp]] = (Shield, Hygiene)
"""What stands before the routes, the outermost first; `gateway.inbound.request.door.STAGES` follow, behind them."""


def surrounded(app: ASGIApp, base_url: str) -> ASGIApp:
    for stage in reversed(AROUND):
        app = stage(app, base_url)
    return app


class Application(FastAPI):
    """Serves `routes` in their order, for a router tries them one after the other; then what everybody may read."""

    def __init__(self, routes: Sequence[Declared], base_url: str) -> None:
        served = [*routes, *taken(publies.routes(base_url, self.openapi))]
        super().__init__(
            title=INFO["title"],
            version=INFO["version"],
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            routes=[*served, *heads(served), *documentation.routes()],
            redirect_slashes=False,
            exception_handlers=handlers(base_url),
            telemetry=_SILENT,
        )

    def build_middleware_stack(self) -> ASGIApp:
        """Starlette's own: what FastAPI adds serves the endpoints that it calls itself, and there are none."""
        return Starlette.build_middleware_stack(self)

    def openapi(self) -> dict[str, Any]:
        """The document of the routes that run, with the models that they declare."""
        if self.openapi_schema is None:
            served = [route for route in self.routes if isinstance(route, Declared) and route.include_in_schema]
            derived = get_openapi(
                title=INFO["title"],
                version=INFO["version"],
                description=INFO["description"],
                license_info=dict(INFO["license"]),
                servers=[dict(one) for one in SERVEURS],
                routes=served,
            )
            components = composants([route.operation for route in served])
            self.openapi_schema = _whole(derived) | {"components": components}
        return self.openapi_schema


def _whole(document: Any) -> Any:
    """The same document, with the bounds of integers as they were written: FastAPI reads `1` as `1.0`."""
    if isinstance(document, dict):
        return {name: _whole(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_whole(value) for value in document]
    return int(document) if isinstance(document, float) and document.is_integer() else document


def handlers(base_url: str) -> dict[Any, Any]:
    """What routing itself refuses, and what a bug leaves unsaid, reads like everything else."""

    async def on_http(request: Request, error: Exception) -> Response:
        return problems.response(refus_de_route(request, error), base_url)

    async def on_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return problems.response(error, base_url)

    async def on_bug(_: Request, error: Exception) -> Response:
        """Starlette raises it again once this is sent: `Shield` writes it down."""
        return problems.response(Problem("indisponible"), base_url)

    return {HTTPException: on_http, Problem: on_problem, Exception: on_bug}
