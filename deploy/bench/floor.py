"""The floor programs: what a bare FastAPI route with the same model, one publication or one row, would cost.

They run as one process of their own beside the hub, on the same NATS and PostgreSQL, under the same HTTP server.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import time
from typing import Any

import asyncpg
import nats
import uvicorn
import uvloop
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

from relais_contrats.enveloppe import Depot
from relais_contrats.v1.usagers import UsagerSignale

STREAM = "PLANCHER"
_SUBJECT = "plancher.depot"


class Message(Depot):
    """The envelope and the data of the message that the hub is measured with, as one model."""

    data: UsagerSignale  # type: ignore[assignment]


class Verdict(BaseModel):
    id: str
    etat: str = "accepte"


def application(stream: Any, pool: asyncpg.Pool[asyncpg.Record]) -> FastAPI:
    app = FastAPI()
    key = ec.generate_private_key(ec.SECP256R1())
    signature = key.sign(b"assertion", ec.ECDSA(hashes.SHA256()))

    @app.post("/depot", status_code=201)
    async def depot(message: Message) -> Verdict:
        await stream.publish(_SUBJECT, message.model_dump_json().encode())
        return Verdict(id=message.id)

    @app.post("/lot")
    async def lot(request: Request) -> Response:
        """Each line validated and published, with no more than 256 publications on their way."""
        verdicts: list[bytes] = []
        lines = (await request.body()).splitlines()
        for start in range(0, len(lines), 256):
            messages = [Message.model_validate_json(line) for line in lines[start : start + 256]]
            await asyncio.gather(*(stream.publish(_SUBJECT, m.model_dump_json().encode()) for m in messages))
            verdicts += [Verdict(id=message.id).model_dump_json().encode() for message in messages]
        return Response(b"\n".join(verdicts), media_type="application/x-ndjson")

    @app.get("/jeton")
    async def jeton() -> dict[str, str]:
        """Two signatures verified (assertion, proof) and one made (token)."""
        for _ in range(2):
            key.public_key().verify(signature, b"assertion", ec.ECDSA(hashes.SHA256()))
        return {"access_token": key.sign(str(time.time_ns()).encode(), ec.ECDSA(hashes.SHA256())).hex()}

    @app.get("/lecture/{parcours}")
    async def lecture(parcours: str) -> Response:
        """One row by its key, passed through as bytes."""
        found = await pool.fetchval("SELECT vue FROM plancher WHERE parcours = $1", parcours)
        return Response(found, media_type="application/json")

    @app.post("/recepteur", status_code=204)
    async def recepteur(request: Request) -> None:
        hmac.digest(b"secret", await request.body(), hashlib.sha256)

    return app


async def serve() -> None:
    """`PLANCHER` in the environment says where, as JSON; stops with its parent's SIGTERM."""
    where = json.loads(os.environ["PLANCHER"])
    client = await nats.connect(where["nats"], nkeys_seed=where["nkey"])
    stream = client.jetstream()
    await stream.add_stream(name=STREAM, subjects=[_SUBJECT], max_age=3600)
    async with asyncpg.create_pool(where["postgres"], password=where["mot_de_passe"], min_size=4, max_size=10) as pool:
        await pool.execute("CREATE TABLE IF NOT EXISTS plancher (parcours text PRIMARY KEY, vue bytea)")
        await pool.executemany(
            "INSERT INTO plancher VALUES ($1, $2) ON CONFLICT DO NOTHING",
            [(f"prc_{n}", json.dumps({"parcours": f"prc_{n}", "texte": "é" * 800}).encode()) for n in range(1000)],
        )
        config = uvicorn.Config(
            application(stream, pool),
            port=where["port"],
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
        )
        try:
            await uvicorn.Server(config).serve()
        finally:
            await pool.execute("DROP TABLE IF EXISTS plancher")
            await stream.delete_stream(STREAM)
            await client.close()


if __name__ == "__main__":
    uvloop.run(serve())
