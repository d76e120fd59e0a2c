"""From recorded facts to the stream: published in order, published again when the stream lost them, erased with them.

A message holds the facts of one decision on one aggregate, an event a line, and their ids, with commas in between.
One replica of a service relays at a time (an advisory lock), so that the facts of an aggregate leave in their order.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import structlog

from chassis import ledger
from chassis.bus import MAX_AGE_S, StreamState
from chassis.bus_nats import NatsBus
from chassis.database import Connection, Pool, write
from chassis.facts import FaitEnregistre, Sceaux, sujet_de_la_decision
from chassis.waiting import wait

_log = structlog.get_logger()
_WINDOW, _LARGEST_WINDOW = 64, 500  # facts published at once; follows the pace of the disk
_FAST_TURN_S, _SLOW_TURN_S = 0.25, 1.0
_IDLE_S = (0.1, 1.0)  # between two looks, growing while nothing comes: most facts are told by `wake`
RECONCILE_EVERY_S = 15.0
_COUNT_EVERY = timedelta(hours=1)
# A fact younger than this must be in the stream; counts leave out what may go by age while they are made.
_HELD, _COUNTED = timedelta(seconds=MAX_AGE_S, hours=-1), timedelta(seconds=MAX_AGE_S, days=-1)

_LEAD = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_KNOWN = "SELECT supprimes, surplus, verifie_a FROM transport WHERE (flux, cree_a) = ($1, $2) AND surplus IS NOT NULL"
_REMEMBER = """
INSERT INTO transport (flux, cree_a, supprimes, surplus, verifie_a) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (flux) DO UPDATE SET cree_a = EXCLUDED.cree_a, supprimes = EXCLUDED.supprimes,
    surplus = EXCLUDED.surplus, verifie_a = EXCLUDED.verifie_a
"""
_LAST = "SELECT id, publie_seq FROM faits WHERE flux = $1 AND publie_seq IS NOT NULL ORDER BY publie_seq DESC LIMIT 1"
_GONE = "SELECT enregistre_a FROM faits WHERE flux = $1 AND publie_seq < $2 ORDER BY publie_seq DESC LIMIT 1"
_COUNTED_FROM = "SELECT min(publie_seq) FROM faits WHERE flux = $1 AND enregistre_a > $2"
_EXPECTED = "SELECT count(DISTINCT publie_seq) FROM faits WHERE flux = $1 AND publie_seq >= $2"
_PUBLISHED_IDS = "SELECT id FROM faits WHERE publie_seq IS NOT NULL AND flux = $1 AND enregistre_a > $2"
_NOTE_PLACES = """
UPDATE faits SET publie_seq = p.place FROM unnest($1::bigint[], $2::text[]) AS p(place, id)
WHERE faits.publie_seq IS NULL AND faits.id::text = p.id
"""
_FORGOTTEN = "UPDATE oublis SET acheve_a = now() WHERE agregat = ANY($1)"
_UNPUBLISH = "UPDATE faits SET publie_seq = NULL WHERE id = ANY($1)"


class Outbox:
    """The relay and the reconciliation of one service with one stream. `wake`: facts have just been committed."""

    def __init__(
        self,
        brique: str,
        stream: str,
        pool: Pool,
        bus: NatsBus,
        sceaux: Sceaux,
        *,
        forgets: bool = True,
        ensembles: Collection[Sequence[str]] = (),
    ) -> None:
        self._brique, self._stream, self._pool, self._bus, self._forgets = brique, stream, pool, bus, forgets
        self._sceaux, self._ensembles = sceaux, ensembles
        self._waiting = asyncio.Event()
        self._window = _WINDOW
        self._subjects = [f"{stream.lower()}.*.{brique}.>"]

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
        connection = self._bus.connections
        while not stop.is_set():
            if clock() >= next_check or connection != self._bus.connections:  # a server that came back may be empty
                connection = self._bus.connections
                await self.reconcile(conn)
                next_check = clock() + RECONCILE_EVERY_S
            self._waiting.clear()
            if await self.relay(conn) + await self.forget(conn):
                idle_s = _IDLE_S[0]
            else:
                await wait(self._waiting, idle_s)
                idle_s = min(idle_s * 2, longest_s)

    async def relay(self, conn: Connection) -> int:
        """Publish the oldest unpublished facts; return how many. A fact that fails stays, and later ones wait."""
        decisions = await ledger.unpublished(conn, self._sceaux, self._brique, self._stream, self._window)
        if not decisions:
            return 0
        clock = asyncio.get_running_loop().time
        started = clock()
        publications = [self._publish(decision) for decision in decisions]
        outcomes = await asyncio.gather(*publications, return_exceptions=True)
        placed = [(d, seq) for d, seq in zip(decisions, outcomes, strict=True) if isinstance(seq, int)]
        stored = [(numero, seq) for decision, seq in placed for numero, *_ in decision]
        await ledger.mark_published(conn, stored)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        self._window = next_window(self._window, sum(map(len, decisions)), clock() - started, failed=bool(failures))
        if failures:
            raise failures[0]
        return len(stored)

    async def _publish(self, decision: Sequence[tuple[int, FaitEnregistre, str | None]]) -> int:
        ids, faits = ",".join(str(fait.id) for _, fait, _ in decision), [fait for _, fait, _ in decision]
        body = b"\n".join(orjson.dumps(fait.evenement(precedents)) for _, fait, precedents in decision)
        return await self._bus.publish(self._stream, sujet_de_la_decision(faits, self._ensembles), ids, body)

    async def forget(self, conn: Connection) -> int:
        """Delete the messages of erased persons from their stream, one by one; return how many.

        Their messages are found by subject: a crash may have stored one twice, under a place that nobody wrote down.
        """
        rows = await ledger.to_forget(conn) if self._forgets else []
        if rows:
            filters = [f"{self._stream.lower()}.*.{self._brique}.*.{row['agregat'].hex}" for row in rows]
            kept = {str(row["garde"]) for row in rows}
            for place, ids in (await self._bus.stored(self._stream, filters, self._brique)).items():
                if not kept.issuperset(ids.split(",")):
                    await self._bus.delete(self._stream, place)
            await conn.execute(_FORGOTTEN, [row["agregat"] for row in rows])
        return len(rows)

    async def reconcile(self, conn: Connection) -> int:
        """Compare the stream with the published facts; return how many are published again, in their order.

        It reads the last place only, and the whole stream, without bodies, when a message is lost.
        """
        await self._bus.ensure_stream(self._stream)
        state, now = await self._bus.stream_state(self._stream), datetime.now(UTC)
        known = await conn.fetchrow(_KNOWN, self._stream, state.created_at)
        lost, surplus = list[UUID](), None
        if known and await self._has_its_ends(conn, state):
            if known["supprimes"] == state.deleted and now - known["verifie_a"] < _COUNT_EVERY:
                return 0
            surplus = await self._surplus(conn, now)
        if not known or surplus is None or surplus < known["surplus"]:
            named = (await self._bus.stored(self._stream, self._subjects, self._brique)).values()
            stored = {id_ for ids in named for id_ in ids.split(",")}
            published = await conn.fetch(_PUBLISHED_IDS, self._stream, now - _HELD)
            lost = [row["id"] for row in published if str(row["id"]) not in stored]
            await conn.execute(_UNPUBLISH, lost)
            surplus = await self._surplus(conn, now)
        await conn.execute(_REMEMBER, self._stream, state.created_at, state.deleted, surplus, now)
        if lost:
            _log.warning("outbox.republishing", stream=self._stream, facts=len(lost))
        return len(lost)

    async def _has_its_ends(self, conn: Connection, state: StreamState) -> bool:
        """Whether our last fact is at its place, and the other end lost no message before its age.

        Facts stored beyond it, whose acknowledgement was lost, are recorded as published.
        """
        last = await conn.fetchrow(_LAST, self._stream)
        if last is None:
            return True
        ends = await self._bus.stored(self._stream, self._subjects, self._brique, last["publie_seq"])
        if str(last["id"]) not in ends.pop(last["publie_seq"], "").split(","):
            return False
        await write(conn, _NOTE_PLACES, [(place, id_) for place, ids in ends.items() for id_ in ids.split(",")])
        gone = await conn.fetchval(_GONE, self._stream, state.first_sequence)
        return gone is None or gone < datetime.now(UTC) - _HELD

    async def _surplus(self, conn: Connection, now: datetime) -> int:
        """How many more messages the stream holds of us than were published there: some are stored twice."""
        start = await conn.fetchval(_COUNTED_FROM, self._stream, now - _COUNTED)
        if start is None:
            return 0
        expected = await conn.fetchval(_EXPECTED, self._stream, start)
        return await self._bus.count(self._stream, self._subjects, self._brique, start) - int(expected or 0)


def next_window(window: int, published: int, took_s: float, *, failed: bool) -> int:
    """Return how many facts to publish at once next: each has its own deadline, also on a slow disk."""
    if failed or took_s > _SLOW_TURN_S:
        return max(1, window // 4)
    return min(_LARGEST_WINDOW, window * 2) if published >= window and took_s < _FAST_TURN_S else window
