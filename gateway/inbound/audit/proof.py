"""Verification of the chains, asked by an operator: written down, done by one process at a time, its result kept."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import structlog

from chassis.database import TRANSIENT, Connection, Pool, Record
from chassis.waiting import wait
from gateway import proofs

SUBJECT = "lecture.passerelle.verifications"
_log = structlog.get_logger()
_LOOK_EVERY_S = 1.0
_SHOWN = 10
_ASK = """
INSERT INTO verifications (id, demandee_a) SELECT $1, $2
WHERE NOT EXISTS (SELECT FROM verifications WHERE finie_a IS NULL) RETURNING id
"""
_LAST = """
SELECT v.*, a.par AS agent FROM verifications v LEFT JOIN administration a ON a.objet = v.id::text
ORDER BY v.demandee_a DESC LIMIT $1
"""
# Whoever holds the row does it; when its process dies, another one finds it again.
_TAKE = "SELECT id FROM verifications WHERE finie_a IS NULL ORDER BY demandee_a LIMIT 1 FOR UPDATE SKIP LOCKED"
_END = "UPDATE verifications SET finie_a = $2, verdicts = $3, erreur = $4 WHERE id = $1"


async def ask(conn: Connection, id_: UUID, now: datetime) -> bool:
    """Write down that it is asked for; False when one is not done yet."""
    return await conn.fetchval(_ASK, id_, now) is not None


class Verifications:
    """`pem`: the key that signs receipts and accesses."""

    def __init__(self, pool: Pool, pem: bytes) -> None:
        self._pool = pool
        self._pem = pem

    async def answer(self, _: bytes) -> bytes:
        """The last ones, the newest first."""
        async with self._pool.acquire() as conn:
            return orjson.dumps([_told(row) for row in await conn.fetch(_LAST, _SHOWN)])

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.do_next()
            except TRANSIENT as error:
                await _log.awarning("verification.database_away", error=type(error).__name__)
            await wait(stop, _LOOK_EVERY_S)

    async def do_next(self) -> bool:
        """Do the one that waits; False when none does."""
        async with self._pool.acquire() as conn, conn.transaction():
            id_ = await conn.fetchval(_TAKE)
            if id_ is None:
                return False
            verdicts, failed = await self._verify(id_)
            await conn.execute(_END, id_, datetime.now(UTC), verdicts, failed)
        return True

    async def _verify(self, id_: UUID) -> tuple[dict[str, Any] | None, str | None]:
        """On a connection of its own: what it reads may be broken in any way."""
        try:
            async with self._pool.acquire() as conn:
                found = {
                    "recus": await proofs.verify_receipts(conn, self._pem),
                    "acces": await proofs.verify_accesses(conn, self._pem),
                }
        except TRANSIENT:
            raise
        except Exception as error:
            await _log.aexception("verification.failed", verification=str(id_))
            return None, type(error).__name__
        return {name: asdict(verdict) for name, verdict in found.items()}, None


def _told(row: Record) -> dict[str, Any]:
    verdicts = row["verdicts"]
    intact = verdicts is not None and not any(verdict["nombre_ruptures"] for verdict in verdicts.values())
    return {**dict(row), "est_intact": intact}
