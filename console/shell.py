"""Around every page: security headers, the names under which it answers, and what is said when it cannot."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.database import TRANSIENT
from console.access.guard import closed, is_api
from console.access.sessions import LONGEST
from console.templates import render

_log = structlog.get_logger()
_HERE = Path(__file__).parent
_LONGEST = 128
_SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_MESSAGES: Mapping[int, tuple[str, str]] = {
    400: ("Demande illisible", "L'adresse ou le formulaire contient une valeur que la console ne comprend pas."),
    401: ("Qui êtes-vous ?", "Cette adresse demande un jeton d'outil ou une session de la console."),
    403: (
        "Non permis",
        "Votre rôle ne le permet pas, ou le formulaire a expiré. Voir la page « Droits ».",
    ),
    404: (
        "Introuvable",
        "Aucune trace ni aucun message ne porte cet identifiant. Une trace apparaît une seconde environ après le "
        "message, et disparaît à la fin de sa durée de conservation.",
    ),
    409: ("Trop de recherches gardées", "Retirez-en une, puis recommencez."),
    405: ("Méthode non admise", "Cette adresse se lit seulement."),
    415: ("Type de contenu non admis", "Cette adresse lit du JSON : Content-Type: application/json."),
    413: ("Demande trop grande", "Le corps dépasse la taille admise."),
    503: ("Base de données indisponible", "PostgreSQL ne répond pas. Rechargez la page dans quelques secondes."),
}


def plain(text: str) -> str:
    """What somebody typed, or 400: PostgreSQL refuses NUL, and no id of ours is that long or holds such signs."""
    text = text.strip()
    if len(text) > _LONGEST or not text.isprintable():
        raise HTTPException(400)
    return text


def asked(request: Request, name: str) -> str:
    """A part of the path, under the same conditions."""
    return plain(request.path_params[name])


@dataclass(frozen=True, slots=True)
class Cookie:
    """The session's: `nom`, the key that signs it, and whether a browser sends it by TLS only."""

    nom: str
    cle: bytes
    est_sur: bool


def guarded(routes: Sequence[BaseRoute], names: Sequence[str], cookie: Cookie) -> Mount:
    """All that is read by people or their tools: under known names only, with the security headers."""
    static = Mount("/static", StaticFiles(directory=_HERE / "static"))
    signed = Middleware(
        SessionMiddleware,
        secret_key=cookie.cle.hex(),
        session_cookie=cookie.nom,
        max_age=int(LONGEST.total_seconds()),
        same_site="lax",
        https_only=cookie.est_sur,
    )
    middleware = [Middleware(_Headers), Middleware(TrustedHostMiddleware, allowed_hosts=list(names)), signed]
    return Mount("/", routes=[*closed(routes), static], middleware=middleware)


class Application(FastAPI):
    """Describes the routes of the administration API; pages and API are plain routes."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        super().__init__(
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            routes=list(routes),
            exception_handlers=dict(HANDLERS),
            telemetry=_SILENT,
        )

    def build_middleware_stack(self) -> ASGIApp:
        """Starlette's own: what FastAPI adds serves the endpoints that it calls itself."""
        return Starlette.build_middleware_stack(self)


class _Headers:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _failure(request: Request, status: int, headers: Mapping[str, str] | None = None) -> Response:
    titre, explication = _MESSAGES.get(status, ("Demande impossible", "La console ne peut pas répondre."))
    if is_api(request):
        response: Response = JSONResponse({"titre": titre, "detail": explication}, status)
    else:
        response = HTMLResponse(render("erreur.html", nom=titre, explication=explication), status)
    response.headers.update({**_HEADERS, **(headers or {})})
    return response


async def _on_http(request: Request, raised: Exception) -> Response:
    assert isinstance(raised, HTTPException)
    return _failure(request, raised.status_code, raised.headers)


async def _on_database_away(request: Request, raised: Exception) -> Response:
    _log.warning("console.database_away", error=type(raised).__name__)
    return _failure(request, 503)


HANDLERS: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    HTTPException: _on_http,
    **dict.fromkeys(TRANSIENT, _on_database_away),
}
