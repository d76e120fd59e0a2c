"""The whole door in process: its real application on a bench, with the demonstration partners and their keys."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc.jwk import ECKey
from starlette.types import ASGIApp

from chassis.process import Process
from deploy import partner_registry
from deploy.demo_partners import PARTNERS
from gateway.inbound import app as inbound
from gateway.pseudonyms import Pseudonyms
from relais_contrats.client import Client, Credentials, Partner
from tests.engines import Bench

_AGREED_UNTIL = """
UPDATE partenaires SET conventions =
    (SELECT jsonb_agg(c || jsonb_build_object('date_fin', $1::text)) FROM jsonb_array_elements(conventions) AS c)
"""
URL = "http://127.0.0.1:8420"


class _Asking(Credentials):
    """Asks for the scopes of its client alone: without any, a token has all those of the partner."""

    def token_form(self) -> dict[str, str]:
        return super().token_form() | {"scope": " ".join(self._client.scopes)}


@dataclass
class Entrance:
    banc: Bench
    process: Process
    app: ASGIApp
    keys: dict[str, ECKey]
    pseudonyms: Pseudonyms
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def partner(self, code: str, *scopes: str) -> Partner:
        """A client with this partner's key; with these scopes only, when some are named."""
        key = self.keys[code]
        known = next(one.scopes for one in PARTNERS if one.code == code)
        kid = key.thumbprint()
        client = Client(URL, f"{URL}/oauth/token", URL, f"si:{code}", kid, "ES256", scopes or known)
        partner = Partner(client, key, patience_s=2, transport=httpx.ASGITransport(self.app))
        partner._credentials = _Asking(client, key)
        return await self._opened.enter_async_context(partner)

    async def bare(self, method: str, path: str, **request: Any) -> httpx.Response:
        """A request without any token."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=URL) as client:
            return await client.request(method, path, **request)

    async def fetch(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.process.pool.fetch(query, *arguments)]


@asynccontextmanager
async def entrance(banc: Bench, agreed_until: str | None = None, **settings: Any) -> AsyncIterator[Entrance]:
    """`agreed_until`: the end of all their conventions, when it is not that of the demonstration."""
    process = await banc.process("entrant", "passerelle")
    keys = {partner.code: ECKey.generate_key("P-256") for partner in PARTNERS}
    async with process.pool.acquire() as conn:
        for partner in PARTNERS:
            jwk = partner_registry.public_jwk(keys[partner.code].as_pem(private=True).decode())
            await partner_registry.create(conn, partner, jwk)
        if agreed_until:
            await conn.execute(_AGREED_UNTIL, agreed_until)
    data, ports = banc.engines.data, banc.engines.ports
    configured = inbound.Settings(
        nats_url=banc.engines.nats_url,
        nats_nkey_file=data.nkey_file("entrant"),
        database_url=f"postgresql://passerelle@127.0.0.1:{ports.postgres}/{banc.database}",
        database_password_file=data.password_file("passerelle"),
        secrets=data.secrets / "passerelle",
        cles_maitres=data.masters,
        url_publique=URL,
        port=8420,
        autoriser_loopback=True,
        **settings,
    )
    pseudonyms = Pseudonyms(configured.key("pseudonymes"))
    one = Entrance(banc, process, await inbound.build(process, configured), keys, pseudonyms)
    async with one._opened:
        yield one
