"""A subscription to which nothing was sent for a while is told its last number, so that it sees what it never got.

The event, `fr.insertion.abonnement.battement.v1`, is signed like any other and bears no number of its own. Whatever is
answered is of no consequence: it is not sent again, and says nothing of the endpoint.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from chassis.database import TRANSIENT, Pool, Record
from chassis.waiting import wait
from gateway.outbound.signals import Signals
from gateway.outbound.store import heartbeats as store
from gateway.outbound.targets import Targets
from gateway.pseudonyms import whole_second

_log = structlog.get_logger()
BATTEMENT = "abonnement.battement"
IDLE = timedelta(minutes=5)
_LOOK_EVERY_S = 5.0


class Heartbeats:
    def __init__(self, pool: Pool, signals: Signals, targets: Targets) -> None:
        self._pool = pool
        self._signals = signals
        self._targets = targets

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.beat(datetime.now(UTC))
            except TRANSIENT as error:
                await _log.awarning("heartbeats.database_away", error=type(error).__name__)
            await wait(stop, _LOOK_EVERY_S)

    async def beat(self, now: datetime) -> int:
        """Tell those that are due, once over all processes; returns how many."""
        async with self._pool.acquire() as conn:
            rows = [row for row in await store.claim(conn, now, IDLE) if row["est_au_repos"]]
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(self._tell(row))
        return len(rows)

    async def _tell(self, row: Record) -> None:
        """Whatever goes wrong with this subscription stays with it."""
        try:
            said = {"dernier_numero": row["dernier"], "depuis": whole_second(row["depuis"])}
            await self._signals.post(self._targets.read(row), BATTEMENT, said)
        except Exception:
            await _log.aexception("heartbeats.failed", abonnement=str(row["id"]))
