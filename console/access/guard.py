"""Routes that name their act, and what stands before each: who asks, whether it may, whether its form is our own."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import parse_qsl, urlencode

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from console.access.sessions import CURRENT, Operator, Sessions, is_own_form, take_announcement

_log = structlog.get_logger()
_MAX_FORM_BYTES, _MAX_FIELDS = 16_384, 200
FORM_FIELD = "jeton"
Endpoint = Callable[[Request], Awaitable[Response]]


class Guarded(Route):
    """A route that asks who is there. `acte`: what it is in the table of rights."""

    acte: str


class Public(Route):
    """A route without sign-in: the sign-in itself, and the health of the console."""


class Guard:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def route(self, path: str, acte: str, endpoint: Endpoint, methods: Sequence[str] = ("GET",)) -> Guarded:
        async def asked(request: Request) -> Response:
            operator = await self._sessions.of(request)
            if operator is None:
                return _come_in(request)
            if not operator.may(acte):
                _log.warning("console.forbidden", agent=operator.agent, acte=acte)
                raise HTTPException(403)
            if request.method not in ("GET", "HEAD"):
                await self._check_form(request, operator)
            request.state.operateur = operator
            CURRENT.set(operator)
            if "text/html" in request.headers.get("accept", ""):
                take_announcement(request)
            return await endpoint(request)

        route = Guarded(path, asked, methods=list(methods))
        route.acte = acte
        return route

    async def _check_form(self, request: Request, operator: Operator) -> None:
        """A token is sent by no browser on its own: its requests need no token of a form."""
        if operator.origine in ("outil", "oauth"):
            return
        if is_api(request):
            # No other site makes a browser send this type without asking first, and nobody answers it.
            if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                raise HTTPException(415)
        elif not is_own_form(request, (await form(request)).get(FORM_FIELD, "")):
            raise HTTPException(403)


def closed(routes: Sequence[BaseRoute]) -> Sequence[BaseRoute]:
    """The same routes; raises TypeError when one says neither its act nor that it is public."""
    for route in routes:
        if not isinstance(route, Public) and not hasattr(route, "acte"):
            raise TypeError(f"route without an act: {route}")
    return routes


def is_api(request: Request) -> bool:
    """Whether a program asks, which reads JSON."""
    return request.url.path.startswith(("/api/", "/administration/"))


def _come_in(request: Request) -> Response:
    if is_api(request):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    target = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    kept = {"suite": target} if request.method == "GET" and target != "/" else {}
    return RedirectResponse("/connexion" + (f"?{urlencode(kept)}" if kept else ""), 303)


async def form(request: Request) -> dict[str, str]:
    """The fields of a form, the last of each name."""
    return {name: values[-1] for name, values in (await form_lists(request)).items()}


async def form_lists(request: Request) -> dict[str, list[str]]:
    """All that a form holds, read once; raises HTTPException 400 when it is not one, or too long."""
    if not hasattr(request.state, "formulaire"):
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MAX_FORM_BYTES:
                    raise HTTPException(400)
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
        except (ValueError, ClientDisconnect) as error:
            raise HTTPException(400) from error
        request.state.formulaire = {}
        for name, value in pairs:
            request.state.formulaire.setdefault(name, []).append(value)
    return {name: list(values) for name, values in request.state.formulaire.items()}
