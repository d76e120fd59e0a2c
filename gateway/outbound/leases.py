"""The life of this sender as the others see it: its queues are theirs within seconds when its process is killed.

A session of PostgreSQL holds a lock as long as the process lives, so a slow receiver keeps its sender, however slow it
is, and a dead sender keeps nothing.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from chassis.database import TRANSIENT, Connection, Pool
from chassis.waiting import wait
from gateway.outbound.store import leases as store

_log = structlog.get_logger()
_LOOK_EVERY_S = 1.0


class Leases:
    """`wake` is called when queues of a dead sender are free."""

    def __init__(self, pool: Pool, wake: Callable[[], None]) -> None:
        self._pool = pool
        self._wake = wake
        self.cle: int | None = None
        """The key of this sender. None while it has no session: it takes no queue then."""

    async def run(self, finished: asyncio.Event) -> None:
        """Hold the lock until `finished`: after the last answer, so that nobody sends again what is on its way."""
        while not finished.is_set():
            try:
                async with self._pool.acquire() as conn:
                    await self._live(conn, finished)
            except TRANSIENT as error:  # the session is gone, and its queues with it
                await _log.awarning("leases.database_away", error=type(error).__name__)
                await wait(finished, _LOOK_EVERY_S)

    async def _live(self, conn: Connection, finished: asyncio.Event) -> None:
        cle = await store.enter(conn, datetime.now(UTC))
        try:
            while not finished.is_set():
                freed = await store.take_over(conn, cle)
                if freed:
                    await _log.awarning("leases.taken_over", queues=freed)
                if freed or self.cle is None:
                    self.cle = cle
                    self._wake()
                await wait(finished, _LOOK_EVERY_S)
            await store.leave(conn, cle)
        finally:
            self.cle = None
            if not conn.is_closed():
                await conn.reset()  # the lock is the session's, which goes back to the pool
