"""Liveness, readiness by dependency, and the key that verifies receipts."""

import asyncio

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.database import TRANSIENT
from chassis.process import Process
from gateway.inbound import store
from gateway.receipts import Chain

_CHECK_TIMEOUT_S = 2.0


def routes(running: Process, chain: Chain, base_url: str) -> list[Route]:
    async def alive(_: Request) -> Response:
        return JSONResponse({"etat": "vivant"})

    async def ready(_: Request) -> Response:
        database = await _database(running)
        is_ready = bool(database["pret"]) and running.bus.is_connected
        bus = {"pret": running.bus.is_connected}
        content = {"etat": "pret" if is_ready else "pas-pret", "postgresql": database, "nats": bus}
        return Response(orjson.dumps(content), 200 if is_ready else 503, media_type="application/json")

    async def receipt_keys(_: Request) -> Response:
        return JSONResponse({"issuer": base_url, "keys": [chain.public_key()]})

    return [
        Route("/sante/vivant", alive, methods=["GET"]),
        Route("/sante/pret", ready, methods=["GET"]),
        Route("/v1/recus/cles", receipt_keys, methods=["GET"]),
    ]


async def _database(running: Process) -> dict[str, object]:
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT_S), running.pool.acquire() as conn:
            row = await store.waiting(conn)
    except TRANSIENT:
        return {"pret": False}
    return {"pret": True, "depots_en_attente": row["nombre"], "plus_ancien": row["plus_ancien"]}
