"""The one loop that looks: every measure against its threshold, in one transaction, by one process of all."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from chassis.database import Pool
from chassis.waiting import wait
from gateway.inbound.alarms import measures, store
from gateway.inbound.alarms.measures import Mesure
from gateway.inbound.watching.exploration import Parts
from gateway.inbound.watching.watch import Watch

_EVERY_S = 10.0
_SILENCES_EVERY = timedelta(minutes=10)
"""They read four weeks of deposits, and are counted in days."""
_log = structlog.get_logger()


class Alarms:
    """`folders`: on the disks that are watched."""

    def __init__(self, pool: Pool, watch: Watch, parts: Parts, folders: Sequence[Path]) -> None:
        self._pool = pool
        self._watch = watch
        self._parts = parts
        self._folders = folders
        self._silences: list[Mesure] = []
        self._silences_at: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await wait(stop, _EVERY_S)
            await self.evaluate(datetime.now(UTC))

    async def evaluate(self, now: datetime) -> None:
        """Open, see again and close alarms as things are now, and write what is to be sent of it."""
        async with self._pool.acquire() as conn, conn.transaction():
            if not await store.is_alone(conn):
                return
            found = await measures.of_rows(conn, now, self._parts)
            if self._silences_at is None or now - self._silences_at >= _SILENCES_EVERY:
                self._silences, self._silences_at = await measures.silences(conn, now), now
            found += [*self._silences, *measures.of_components(self._watch, now), *measures.of_disks(self._folders)]
            beyond = store.beyond(measures.worst(found), await store.thresholds(conn))
            opened, closed = await store.open_or_see(conn, beyond, now), await store.close(conn, now)
            await store.send(conn, opened, "ouverture", now)
            await store.send(conn, closed, "fin", now)
            await store.forget(conn, now)
        if opened or closed:
            await _log.awarning("alarms.changed", ouvertes=len(opened), closes=len(closed))
