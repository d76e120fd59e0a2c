"""Sessions: a signed cookie holds a random token, the database what it opens; a tool brings a signed bearer instead."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.requests import Request

from chassis.database import Pool
from console.access import store
from console.access.rights import Role, may

LONGEST, IDLE = timedelta(hours=10), timedelta(hours=2)
_TOKEN, _CSRF = "jeton", "formulaire"
_AUDIENCE, _BEARER_AT_MOST_S = "relais-console", 120


@dataclass(frozen=True, slots=True)
class Operator:
    """`origine`: `local`, `oidc`, `oauth` for a machine, or `outil` for a command of this one.

    `formulaire` is what its forms carry."""

    origine: str
    nom: str
    role: Role
    formulaire: str

    @property
    def agent(self) -> str:
        """How the journals name it: no local name passes for one of a provider."""
        return f"{self.origine}/{self.nom}"

    def may(self, acte: str) -> bool:
        return may(self.role, acte)


CURRENT: ContextVar[Operator | None] = ContextVar("operateur", default=None)
"""Who asks for the page that is being made."""
ANNOUNCED: ContextVar[str] = ContextVar("annonce", default="")
"""What that page says first: that the act was done which led to it."""
_ANNOUNCEMENT = "annonce"


def announce(request: Request, said: str) -> None:
    """Have the next page of this browser say it, once."""
    request.session[_ANNOUNCEMENT] = said


def take_announcement(request: Request) -> None:
    ANNOUNCED.set(request.session.pop(_ANNOUNCEMENT, ""))


Machines = Callable[[Request], Awaitable[tuple[str, Role] | None]]
"""Name and role of the machine whose token a request brings."""


class Sessions:
    """`key` verifies the bearers of tools: HS256, two minutes at most; `machines` tells who calls with a token."""

    def __init__(self, pool: Pool, key: bytes, clock: Callable[[], datetime], machines: Machines | None) -> None:
        self._machines = machines
        self._pool = pool
        self._key = OctKey.import_key(key)
        self._clock = clock

    async def of(self, request: Request) -> Operator | None:
        """Who asks; None for nobody that is known."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme:
            return self._tool(bearer) if scheme.lower() == "bearer" else await self._machine(request)
        token = request.session.get(_TOKEN)
        if not token:
            return None
        async with self._pool.acquire() as conn:
            row = await store.session(conn, _digest(token), self._clock(), LONGEST, IDLE)
        return Operator(row["origine"], row["operateur"], Role(row["role"]), form_token(request)) if row else None

    async def _machine(self, request: Request) -> Operator | None:
        """A token opens the administration API, and no page."""
        if self._machines is None or not request.url.path.startswith("/administration/"):
            return None
        known = await self._machines(request)
        return Operator("oauth", *known, "") if known else None

    def _tool(self, bearer: str) -> Operator | None:
        try:
            claims = jwt.decode(bearer, self._key, algorithms=["HS256"]).claims
            rules = jwt.JWTClaimsRegistry(
                now=int(self._clock().timestamp()),
                aud={"essential": True, "value": _AUDIENCE},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
            )
            rules.validate(claims)
            role = Role(claims["role"])
        except (JoseError, ValueError, KeyError):
            return None
        if claims["exp"] - claims["iat"] > _BEARER_AT_MOST_S:
            return None
        return Operator("outil", str(claims["sub"]), role, "")

    async def open(self, request: Request, origin: str, name: str, role: Role) -> None:
        """A new session under a new token: what the browser held before opens nothing."""
        request.session.clear()
        request.session[_TOKEN] = token = secrets.token_urlsafe(32)
        async with self._pool.acquire() as conn:
            await store.open_session(conn, _digest(token), origin, name, role, self._clock(), address(request))

    async def close(self, request: Request) -> None:
        if token := request.session.get(_TOKEN):
            async with self._pool.acquire() as conn:
                await store.close_session(conn, _digest(token), address(request))
        request.session.clear()


def form_token(request: Request) -> str:
    """What each form of this browser carries and no other site knows."""
    token: str = request.session.setdefault(_CSRF, secrets.token_urlsafe(24))
    return token


def is_own_form(request: Request, given: str) -> bool:
    """Whether a form was made by this console for this browser, as the browser itself says too where it does."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    expected: Any = request.session.get(_CSRF)
    return site in ("same-origin", "none") and bool(expected) and secrets.compare_digest(given, expected)


def address(request: Request) -> str | None:
    return request.client.host if request.client else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
