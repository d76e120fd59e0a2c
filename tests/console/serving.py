"""The console's application on a real database: pages asked in memory, traces received over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import uvicorn

from chassis.database import Pool
from console import store
from console.app import build
from console.risks import Demander, Risque
from console.spans import Span
from tests.engines import Bench

RETENTION = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Served:
    pool: Pool
    url: str
    client: httpx.AsyncClient

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


async def no_risk() -> list[Risque] | None:
    return []


@asynccontextmanager
async def served(banc: Bench, ask: Demander = no_risk) -> AsyncIterator[Served]:
    pool = await banc.pool("console")
    app, receiver = build(pool, ["127.0.0.1"], RETENTION, lambda: datetime.now(UTC), ask)
    stop = asyncio.Event()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = _Server(uvicorn.Config(app, http="httptools", lifespan="off", log_config=None))
        async with asyncio.TaskGroup() as tasks, httpx.AsyncClient(base_url=url, timeout=20) as client:
            tasks.create_task(receiver.inserts.run(stop))
            tasks.create_task(server.serve([listening]))
            try:
                yield Served(pool, url, client)
            finally:
                stop.set()
                server.should_exit = True
