"""The fan-out: from the streams to one row per receiver, each event once and in order, one transaction per batch."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import structlog

from chassis import ledger
from chassis.bus import Message, Verdicts
from chassis.database import TRANSIENT, Connection, Pool
from chassis.ordering import RETRY_S, Event, Key, take_in_order
from gateway import participations, prescriptions
from gateway.outbound.distribution import Distribution, Roles, cle_de
from gateway.outbound.effects import Accompagnants, Repertoire, accompagnants_apres, concernes
from gateway.outbound.store import fanout as store
from relais_contrats.catalogue import CATALOGUE

_log = structlog.get_logger()


class Fanout:
    """`wake` is called when there is something new to push."""

    def __init__(self, pool: Pool, repertoire: Repertoire, wake: Callable[[], None]) -> None:
        self._pool = pool
        self._repertoire = repertoire
        self._wake = wake

    async def handle(self, messages: Sequence[Message]) -> Verdicts:
        """One verdict per message. A message that cannot be read is dropped: the service that told it still has it."""
        read = [_read(message) for message in messages]
        events = [event for event in read if event]
        if len(events) < len(read):
            await _log.aerror("fanout.unreadable", messages=len(read) - len(events))
        try:
            verdicts = iter(await self._distribute(events) if events else [])
        except TRANSIENT as error:
            await _log.awarning("fanout.database_away", error=type(error).__name__)
            return [RETRY_S * 2] * len(messages)
        return [next(verdicts) if event else None for event in read]

    async def _distribute(self, events: Sequence[Event]) -> Verdicts:
        """All in one transaction; when one of them is poison, each in its own, and that one aside."""
        try:
            return await self._together(events)
        except TRANSIENT:
            raise
        except Exception as error:
            await _log.aexception("fanout.batch_failed", events=len(events))
            if len(events) == 1:
                return await self._park(events[0], error)
        return [(await self._distribute([event]))[0] for event in events]

    async def _together(self, events: Sequence[Event]) -> Verdicts:
        now = datetime.now(UTC)
        await self._repertoire.reload()  # the emitter may have been declared a moment ago
        async with self._pool.acquire() as conn, conn.transaction():
            await store.lock(conn)
            positions = await ledger.positions(conn, list({event.key for event in events}))
            taken, verdicts = take_in_order(events, positions)
            pushed = await self._write(conn, taken, now) if taken else 0
        if pushed:
            self._wake()
        return verdicts

    async def _write(self, conn: Connection, taken: Sequence[Event], now: datetime) -> int:
        distribution = await self._load(conn, taken)
        for event in taken:
            distribution.take(event)
        await participations.enter(conn, distribution.entered, now)
        await participations.leave(conn, distribution.left, now)
        await participations.oppose(conn, distribution.opposed - distribution.opposed_before, now)
        await prescriptions.noter(conn, distribution.nouvelles)
        await prescriptions.finir(conn, distribution.finies, distribution.clos, now)
        for absorption in distribution.absorptions:
            await participations.absorb(conn, {absorption.survivant: absorption.absorbes})
        await store.insert_events(conn, distribution.evenements, now)
        pushed = await store.insert_deliveries(conn, distribution.livraisons, now)
        if distribution.effaces:
            await store.erase(conn, distribution.effaces, now)
            await prescriptions.effacer(conn, distribution.effaces)
        await ledger.advance(conn, _reached(taken))
        return pushed

    async def _load(self, conn: Connection, taken: Sequence[Event]) -> Distribution:
        held: dict[UUID, Roles] = {}
        named = set().union(*map(concernes, taken))
        for (parcours, code), roles in (await participations.of_parcours(conn, named)).items():
            held.setdefault(parcours, {})[code] = roles
        causes = {UUID(event.body["causeid"]) for event in taken if "causeid" in event.body}
        accompagnants: dict[UUID, Accompagnants] = {}
        leaving = {event.agregat for event in taken if event.type == "accompagnant.retire"}
        for row in await store.told_accompagnants(conn, leaving) if leaving else ():
            before = accompagnants.get(row["parcours"], frozenset())
            accompagnants[row["parcours"]] = accompagnants_apres(row["type"], row["corps"]["data"], before)
        subscribers, known = await store.subscribers(conn), await store.causes(conn, causes)
        return Distribution(
            self._repertoire,
            held,
            subscribers,
            known,
            accompagnants,
            forgotten=await store.erased(conn, named),
            opposed=await participations.opposed(conn, named),
            prescriptions=dict(await prescriptions.suivies(conn, _prescriptions(taken))),
        )

    async def _park(self, event: Event, error: Exception) -> Verdicts:
        async with self._pool.acquire() as conn, conn.transaction():
            await store.lock(conn)
            await store.park(conn, event, type(error).__name__, datetime.now(UTC))
            await ledger.advance(conn, {event.key: event.sequence})
        return [None]


def _read(message: Message) -> Event | None:
    try:
        return Event.read(message)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _prescriptions(taken: Sequence[Event]) -> set[prescriptions.Cle]:
    return {cle for event in taken if event.type in CATALOGUE and (cle := cle_de(event))}


def _reached(taken: Sequence[Event]) -> dict[Key, int]:
    return {event.key: event.sequence for event in taken}
