"""Who leaves by the clock, after thirty days: the structure of a prescription that ended, the former territory of a
parcours that moved.

No event tells it: nothing happened that anybody would act upon, and who leaves receives nothing more.
"""

import asyncio
from datetime import UTC, datetime

import structlog

from chassis.database import TRANSIENT, Pool
from chassis.waiting import wait
from gateway import prescriptions
from gateway.outbound import departs
from gateway.outbound.store import fanout as store

_log = structlog.get_logger()
_LOOK_EVERY_S = 10.0


class Departures:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.leave_due(datetime.now(UTC))
            except TRANSIENT as error:
                await _log.awarning("departures.database_away", error=type(error).__name__)
            await wait(stop, _LOOK_EVERY_S)

    async def leave_due(self, now: datetime) -> int:
        """End what is due, between two batches of the fan-out; returns how many participations ended."""
        async with self._pool.acquire() as conn, conn.transaction():
            await store.lock(conn)
            left = await prescriptions.sortir(conn, now) + await departs.partir(conn, now)
        if left:
            await _log.ainfo("departures.left", participations=left)
        return left
