"""Liveness, readiness by dependency, and the key that verifies receipts."""

import asyncio
import secrets
import time

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chassis.database import TRANSIENT
from chassis.process import Process
from gateway.inbound.deposit import store
from gateway.inbound.request.query import parameters
from gateway.inbound.request.routes import Declared, opened
from gateway.inbound.watching.watch import Watch
from gateway.receipts import Chains
from relais_contrats.oauth.errors import ReservationIndisponible
from relais_contrats.oauth.usages import UsagesUniques, usage_unique

_CHECK_TIMEOUT_S = 2.0
_WRITE_EVERY_S = 2.0  # whoever asks, however often


class Writing:
    """Whether the database takes what each request begins with: the reservation of a proof, here of nobody's.

    A full disk, or a database that only reads, answers every question and takes no deposit.
    """

    def __init__(self, usages: UsagesUniques) -> None:
        self._usages = usages
        self._lock = asyncio.Lock()
        self._tried_at = float("-inf")
        self._works = True

    async def works(self) -> bool:
        async with self._lock:
            if time.monotonic() - self._tried_at >= _WRITE_EVERY_S:
                self._works, self._tried_at = await self._try(), time.monotonic()
            return self._works

    async def _try(self) -> bool:
        nobody_s = usage_unique("sonde", "relais", secrets.token_urlsafe(16), time.time())
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT_S):
                return await self._usages.reserver([nobody_s])
        except (ReservationIndisponible, TimeoutError):
            return False


def routes(running: Process, chains: Chains, base_url: str, watch: Watch, usages: UsagesUniques) -> list[Declared]:
    writing = Writing(usages)

    async def alive(_: Request) -> Response:
        return JSONResponse({"etat": "vivant"})

    async def ready(_: Request) -> Response:
        """Ready when deposits can be taken; `degrade` when a component behind the door is in trouble."""
        database = await _database(running)
        database["pret"] = bool(database["pret"]) and await writing.works()
        is_ready = bool(database["pret"]) and running.bus.is_connected
        state = watch.state()
        etat = "pas-pret" if not is_ready else "degrade" if state["anomalies"] else "pret"
        content = {"etat": etat, "postgresql": database, "nats": {"pret": running.bus.is_connected}, **state}
        return Response(orjson.dumps(content), 200 if is_ready else 503, media_type="application/json")

    async def receipt_keys(request: Request) -> Response:
        parameters(request)
        return JSONResponse({"issuer": base_url, "keys": [chains.public_key()]})

    return [
        opened("GET /sante/vivant", alive),
        opened("GET /sante/pret", ready),
        opened("GET /v1/recus/cles", receipt_keys),
    ]


async def _database(running: Process) -> dict[str, object]:
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT_S), running.pool.acquire() as conn:
            row = await store.waiting(conn)
    except TRANSIENT:
        return {"pret": False}
    return {"pret": True, "depots_en_attente": row["nombre"], "plus_ancien": row["plus_ancien"]}
