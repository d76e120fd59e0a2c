"""From recorded facts to the stream: published in order, published again when the stream lost them, erased with them.

One replica of a service relays at a time (an advisory lock), so that the facts of an aggregate leave in their order.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import orjson
import structlog

from chassis import ledger
from chassis.bus import MAX_AGE_S, StreamState
from chassis.bus_nats import NatsBus
from chassis.database import Connection, Pool
from chassis.waiting import wait

_log = structlog.get_logger()
_BATCH = 500
_IDLE_S = (0.1, 1.0)  # between two looks, growing while nothing comes: most facts are told by `wake`
RECONCILE_EVERY_S = 15.0
_FULL_CHECK_EVERY = timedelta(hours=1)

_LEAD = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_KNOWN = "SELECT cree_a, supprimes, verifie_a FROM transport WHERE flux = $1"
_REMEMBER = """
INSERT INTO transport (flux, cree_a, supprimes, verifie_a) VALUES ($1, $2, $3, $4)
ON CONFLICT (flux) DO UPDATE
SET cree_a = EXCLUDED.cree_a, supprimes = EXCLUDED.supprimes, verifie_a = EXCLUDED.verifie_a
"""
_HIGHEST = "SELECT max(publie_seq) FROM faits WHERE flux = $1"
_PUBLISHED_IDS = "SELECT id FROM faits WHERE publie_seq IS NOT NULL AND flux = $1 AND enregistre_a > $2"
_FORGOTTEN = "UPDATE oublis SET acheve_a = now() WHERE agregat = ANY($1)"
_UNPUBLISH = "UPDATE faits SET publie_seq = NULL WHERE id = ANY($1)"


class Outbox:
    """The relay and the reconciliation of one service with one stream. `wake`: facts have just been committed."""

    def __init__(self, brique: str, stream: str, pool: Pool, bus: NatsBus, *, forgets: bool = True) -> None:
        self._forgets = forgets
        self._brique = brique
        self._stream = stream
        self._pool = pool
        self._bus = bus
        self._waiting = asyncio.Event()

    def wake(self) -> None:
        self._waiting.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Lead if nobody else does; the lock lives as long as its connection, so a dead leader is replaced."""
        while not stop.is_set():
            async with self._pool.acquire() as conn:
                if await conn.fetchval(_LEAD, f"outbox {self._brique} {self._stream}"):
                    try:
                        await self._lead(conn, stop)
                    finally:  # the lock is the session's, which goes back to the pool
                        await conn.reset()
            await wait(stop, 1.0)

    async def _lead(self, conn: Connection, stop: asyncio.Event) -> None:
        next_check, (idle_s, longest_s), clock = 0.0, _IDLE_S, asyncio.get_running_loop().time
        while not stop.is_set():
            if clock() >= next_check:
                await self.reconcile(conn)
                next_check = clock() + RECONCILE_EVERY_S
            self._waiting.clear()
            if await self.relay(conn) + await self.forget(conn):
                idle_s = _IDLE_S[0]
            else:
                await wait(self._waiting, idle_s)
                idle_s = min(idle_s * 2, longest_s)

    async def relay(self, conn: Connection) -> int:
        """Publish the oldest unpublished facts; returns how many. What fails stays, and everything after it waits."""
        rows = await ledger.unpublished(conn, self._brique, self._stream, _BATCH)
        if not rows:
            return 0
        publications = [
            self._bus.publish(fait.flux, fait.sujet, str(fait.id), orjson.dumps(fait.evenement())) for _, fait in rows
        ]
        outcomes = await asyncio.gather(*publications, return_exceptions=True)
        stored = [(numero, seq) for (numero, _), seq in zip(rows, outcomes, strict=True) if isinstance(seq, int)]
        await ledger.mark_published(conn, stored)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failures:
            raise failures[0]
        return len(stored)

    async def forget(self, conn: Connection) -> int:
        """Erase from the stream of persons, message by message, those that were erased here; returns how many.

        Their messages are found by subject: a crash may have stored one twice, under a place that nobody wrote down.
        """
        rows = await ledger.to_forget(conn) if self._forgets else []
        if rows:
            filters = [f"{self._stream.lower()}.*.{self._brique}.*.{row['agregat'].hex}" for row in rows]
            kept = {str(row["garde"]) for row in rows}
            for place, id_ in (await self._bus.stored(self._stream, filters, self._brique)).items():
                if id_ not in kept:
                    await self._bus.delete(self._stream, place)
            await conn.execute(_FORGOTTEN, [row["agregat"] for row in rows])
        return len(rows)

    async def reconcile(self, conn: Connection) -> int:
        """Compare the facts with the stream when it looks changed, and once an hour; returns how many go out again."""
        await self._bus.ensure_stream(self._stream)
        state = await self._bus.stream_state(self._stream)
        now = datetime.now(UTC)
        if not await self._looks_changed(conn, state, now):
            return 0
        # Facts younger than the stream's window, which it should hold.
        subjects = [f"{self._stream.lower()}.*.{self._brique}.>"]
        stored = set((await self._bus.stored(self._stream, subjects, self._brique)).values())
        young = now - timedelta(seconds=MAX_AGE_S - 3600)
        published = await conn.fetch(_PUBLISHED_IDS, self._stream, young)
        lost = [row["id"] for row in published if str(row["id"]) not in stored]
        await conn.execute(_UNPUBLISH, lost)
        await conn.execute(_REMEMBER, self._stream, state.created_at, state.deleted, now)
        if lost:
            _log.warning("outbox.republishing", stream=self._stream, facts=len(lost))
        return len(lost)

    async def _looks_changed(self, conn: Connection, state: StreamState, now: datetime) -> bool:
        known = await conn.fetchrow(_KNOWN, self._stream)
        if known is None or (known["cree_a"], known["supprimes"]) != (state.created_at, state.deleted):
            return True
        highest = await conn.fetchval(_HIGHEST, self._stream) or 0
        return bool(state.last_sequence < highest or now - known["verifie_a"] > _FULL_CHECK_EVERY)
