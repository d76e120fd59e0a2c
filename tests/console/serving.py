"""The console's application on a real database: pages asked in memory, traces received over a real socket."""

import asyncio
import base64
import hashlib
import json
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from itsdangerous import TimestampSigner
from joserfc.jwk import ECKey

from chassis.bus import Unavailable
from chassis.database import Pool
from console import store
from console.access import store as store_access
from console.access.machines import Tokens
from console.access.oidc import Oidc
from console.access.rights import Role
from console.administration.desk import Administer
from console.app import Wiring, build
from console.hub import Ask
from console.risks import Demander, Risque
from console.shell import Cookie
from console.spans import Span
from console.way import Chercher, Reponse
from tests.engines import Bench

RETENTION = timedelta(days=7)
FORM = "jeton-du-formulaire"


@dataclass(frozen=True, slots=True)
class Served:
    pool: Pool
    url: str
    client: httpx.AsyncClient
    app: FastAPI

    async def keep(self, *spans: Span) -> int:
        """Take spans in without the wire."""
        async with self.pool.acquire() as conn, conn.transaction():
            return await store.insert(conn, spans)

    async def page(self, path: str) -> str:
        response = await self.client.get(path)
        assert response.status_code == 200, (path, response.status_code)
        return response.text


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def no_hub(view: str, asked: Mapping[str, Any]) -> Any:
    return None


async def no_administration(acte: str, asked: Mapping[str, Any]) -> Any:
    raise Unavailable(acte)


async def no_risk() -> list[Risque] | None:
    return []


COOKIE, TOOLS = Cookie("relais_console_essai", secrets.token_bytes(32), est_sur=False), secrets.token_bytes(32)
TOKENS = ECKey.generate_key("P-256").as_pem(private=True)


async def enter(pool: Pool, role: Role, name: str = "essai", origin: str = "oidc", at: datetime | None = None) -> str:
    """A session opened behind the door: the cookie that a browser would hold."""
    token = secrets.token_urlsafe(32)
    async with pool.acquire() as conn:
        digest = hashlib.sha256(token.encode()).digest()
        await store_access.open_session(conn, digest, origin, name, role, at or datetime.now(UTC), None)
    held = base64.b64encode(json.dumps({"jeton": token, "formulaire": FORM}).encode())
    return TimestampSigner(COOKIE.cle.hex()).sign(held).decode()


async def nothing_found(id_: str) -> Reponse | None:
    return {"demande": id_, "chemins": [], "autres": 0, "parcours_de": None, "parcours": [], "personne": None}


@asynccontextmanager
async def served(
    banc: Bench,
    ask: Demander = no_risk,
    seek: Chercher = nothing_found,
    hub: Ask = no_hub,
    administer: Administer = no_administration,
    role: Role | None = Role.ADMINISTRATION,
    oidc: Callable[[str], Oidc] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    quatre_yeux: bool = False,
) -> AsyncIterator[Served]:
    """`role`: that of the client's session; None, it has none. `oidc`: the provider, for a console at this address."""
    pool = await banc.pool("console")
    stop = asyncio.Event()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        provider = oidc(url) if oidc else None
        wiring = Wiring(
            *(pool, ["127.0.0.1"], RETENTION, clock, ask, seek, hub, administer, stop, COOKIE, TOOLS, provider),
            tokens=Tokens(pool, hub, url, TOKENS),
            quatre_yeux=quatre_yeux,
        )
        app, receiver = build(wiring)
        server = _Server(uvicorn.Config(app, http="httptools", lifespan="off", log_config=None))
        cookies = {COOKIE.nom: await enter(pool, role)} if role else None
        async with asyncio.TaskGroup() as tasks, httpx.AsyncClient(base_url=url, timeout=20, cookies=cookies) as client:
            tasks.create_task(receiver.inserts.run(stop))
            tasks.create_task(server.serve([listening]))
            try:
                yield Served(pool, url, client, app)
            finally:
                stop.set()
                server.should_exit = True
