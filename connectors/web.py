"""What the process answers over HTTP: its health, its metrics, and the façades of its mandates.

Only `/connecteurs/` is for partners; a front passes nothing else on.
"""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from connectors.mandates import Mandate
from connectors.runtime import Runtime
from relais_contrats.client.partner import quota_at_once

PREFIX = "/connecteurs"


def build(runtime: Runtime, is_well: Callable[[], Awaitable[bool]]) -> FastAPI:
    """`is_well`: whether the state of the connectors can be written now."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"etat": "vivant"})

    async def ready(_: Request) -> Response:
        well = await is_well()
        told = {"etat": "pret" if well else "indisponible", "base": well, "connecteurs": len(runtime.active)}
        return JSONResponse(told, 200 if well else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        """To the façade of the mandate that the path begins with, which sees the rest of the path."""
        inside = scope["path"].removeprefix(f"{scope.get('root_path', '')}/")
        code, _, _ = inside.partition("/")
        facade = runtime.facade(code)
        if facade is None:
            await unknown()(scope, receive, send)
            return
        await runtime.admitted(code)
        with quota_at_once():
            await facade({**scope, "root_path": f"{scope.get('root_path', '')}/{code}"}, receive, send)

    return FastAPI(
        title="Connecteurs de Relais",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        routes=[
            Route("/sante/vivant", alive),
            Route("/sante/pret", ready),
            Route("/metrics", metrics),
            Mount(PREFIX, app=dispatch),
        ],
    )


def bearer(request: Request, mandate: Mandate) -> bool:
    """Whether the request shows the token of this mandate (RFC 6750 § 2.1)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and mandate.accepts(token.strip())


def problem(status: int, code: str, title: str, detail: str) -> JSONResponse:
    """RFC 9457, in the words of the API."""
    told = {"type": f"/problemes/{code}", "title": title, "status": status, "detail": detail, "code": code}
    return JSONResponse(told, status, media_type="application/problem+json")


def unknown() -> JSONResponse:
    return problem(404, "inconnu", "Ressource inconnue", "Aucun connecteur en service ne répond à cette adresse.")


def unauthorised() -> JSONResponse:
    refused = problem(
        401, "jeton-absent", "Jeton absent ou refusé", "Montrez le jeton remis à la création du connecteur."
    )
    refused.headers["WWW-Authenticate"] = "Bearer"
    return refused
