"""Machines that administer: their tokens (client credentials, private_key_jwt, DPoP), as partners get theirs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.database import Pool
from console.access import store
from console.access.guard import Public
from console.access.rights import ROLES, Role, strongest
from console.hub import Ask
from relais_contrats.administration.acte import Portee
from relais_contrats.administration.machines import CLIENT_PREFIX
from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.clients import CleClient, ClientOAuth
from relais_contrats.oauth.errors import AccesRefuse, CleInvalide
from relais_contrats.oauth.keys import importer_jwk
from relais_contrats.oauth.metadata import routes
from relais_contrats.oauth.profile import Profil
from relais_contrats.oauth.resource import VerificateurAcces
from relais_contrats.oauth.signing import CleServeur, Trousseau
from relais_contrats.oauth.usages import UsageUnique

_log = structlog.get_logger()
_RANKS = {portee: rank for rank, portee in enumerate(Portee)}


class Machines:
    """The registered ones, asked of the gateway for each request: one that is withdrawn is so at once."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._clients: Mapping[str, ClientOAuth] = {}

    async def reload(self) -> None:
        rows = await self._ask("machines", {}) or []
        self._clients = {client.client_id: client for row in rows if (client := _client(row))}

    def client(self, client_id: str) -> ClientOAuth | None:
        return self._clients.get(client_id)

    def a_des_secrets(self, maintenant: datetime) -> bool:
        return False


class Once:
    """Single use of assertions and proofs, kept across restarts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def reserver(self, usages: Sequence[UsageUnique]) -> bool:
        async with self._pool.acquire() as conn:
            return await store.reserve(conn, [(one.empreinte, one.expire_le) for one in usages])


class Fresh:
    """The same endpoint, which knows the machines of now."""

    def __init__(self, app: ASGIApp, reload: Callable[[], Awaitable[None]]) -> None:
        self._app = app
        self._reload = reload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._reload()
        await self._app(scope, receive, send)


class Tokens:
    """Gives tokens to machines, and tells who calls with one."""

    def __init__(self, pool: Pool, ask: Ask, url: str, key: bytes) -> None:
        self._machines = Machines(ask)
        self._once = Once(pool)
        self._profil = Profil(url, tuple(portee.value for portee in Portee), est_revocable=False)
        self._trousseau = Trousseau([CleServeur.depuis_pem(key)])
        self._reader = VerificateurAcces(self._profil, self._trousseau, self._machines)

    def routes(self) -> Sequence[Public]:
        served = routes(self._profil, self._trousseau, self._machines, self._once, None, ProxyDeConfiance(None), _now)
        return [self._public(route) for route in served]

    def _public(self, route: Route) -> Public:
        if route.methods:
            return Public(route.path, route.app, methods=list(route.methods))
        return Public(route.path, Fresh(route.app, self._machines.reload), methods=["POST"])

    async def of(self, request: Request) -> tuple[str, Role] | None:
        """Name and role of the machine that calls; None when its token or its proof is not good."""
        headers = request.headers
        url = self._profil.url_publique + request.scope["raw_path"].decode("latin-1")
        await self._machines.reload()
        try:
            proofs = headers.getlist("dpop")
            token = self._reader.verifier(headers.getlist("authorization"), proofs, request.method, url, _now())
        except AccesRefuse as refused:
            _log.info("console.token_refused", error=refused.error)
            return None
        role = strongest({ROLES[Portee(portee)] for portee in token.scopes})
        if role is None or not await self._once.reserver(token.usages):
            return None
        return token.client_id.removeprefix(CLIENT_PREFIX), role


def _now() -> datetime:
    return datetime.now(UTC)


def _client(row: Mapping[str, Any]) -> ClientOAuth | None:
    """A machine has its declared scope and the lesser ones; it asks for the scopes that it needs."""
    begin, end = datetime.fromisoformat(row["debut"]), datetime.fromisoformat(row["fin"])
    scopes = frozenset(one.value for one in Portee if _RANKS[one] <= _RANKS[Portee(row["portee"])])
    try:
        key = CleClient(importer_jwk(row["jwk"], row["alg"]), row["alg"], begin, end)
    except CleInvalide as error:
        _log.warning("console.machine_key_unusable", machine=row["nom"], error=type(error).__name__)
        return None
    return ClientOAuth(CLIENT_PREFIX + row["nom"], True, scopes, {row["kid"]: key})
