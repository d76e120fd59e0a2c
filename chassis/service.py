"""How every service runs, from tables: its deposits, the events it listens to, its due dates, reads and outbox."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import orjson
import structlog

from chassis import ledger, process, telemetry
from chassis.bus import Message, Verdicts
from chassis.database import TRANSIENT, Connection
from chassis.depots import Brique, Engine, Reponse
from chassis.facts import Entree
from chassis.microbatch import MicroBatch
from chassis.ordering import RETRY_S, Event, Key, take_in_order
from chassis.outbox import Outbox
from chassis.process import Process
from chassis.settings import Settings

_log = structlog.get_logger()
_DUE_EVERY_S = 1.0
_CATCH_UP_S = 10.0  # the deposits and events that waited for the process come before what time does
_BATCH = 256
# Nobody waits for what a service learns from a sibling, and a batch of one costs as much as a batch of twenty.
_LINGER_S = 0.05

Clock = Callable[[], datetime]
Lecture = Callable[[Connection, Mapping[str, Any]], Awaitable[Any]]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """A brique and what it is connected to.

    `ecoute` holds the stream subjects of its siblings' events, `lectures` the answers to `lecture.<nom>.<vue>`: each
    takes the request's JSON and returns what JSON can say. Facts go to one of `flux`; it hears the first, of persons.
    """

    brique: Brique[Any, Any, Any, Any]
    ecoute: Sequence[str] = ()
    lectures: Mapping[str, Lecture] = field(default_factory=dict)
    flux: Sequence[str] = ("PARCOURS",)


def run(service: Service, settings: Settings, *, clock: Clock = utc_now) -> None:
    """The `main` of a service."""
    nom = service.brique.nom
    process.run(nom, nom, settings, lambda running: connect(service, running, clock))


async def connect(service: Service, running: Process, clock: Clock = utc_now) -> Engine[Any, Any, Any, Any]:
    """Start the loops of a service and begin to answer; what decides there, for loops of its own."""
    nom = service.brique.nom
    outboxes = [Outbox(nom, flux, running.pool, running.bus, forgets=flux == service.flux[0]) for flux in service.flux]
    engine = Engine(service.brique, running.pool, on_facts=outboxes[0].wake, clock=clock)
    intake = MicroBatch(engine.decide, max_items=_BATCH)
    running.loop("depots", intake.run)
    for outbox in outboxes:
        running.loop("outbox", outbox.run)
    running.loop("echeances", DueDates(engine, running, clock).run)
    if service.ecoute:
        listener = Listener(engine, running, clock)

        async def listen(stop: asyncio.Event) -> None:
            await running.bus.consume(service.flux[0], nom, service.ecoute, listener.handle, stop, linger_s=_LINGER_S)

        running.loop("evenements", listen)
    for vue, lecture in service.lectures.items():
        await running.bus.respond(f"lecture.{nom}.{vue}", nom, _answer_reads(running, lecture))
    await running.bus.respond(f"depot.{nom}", nom, _answer_deposits(intake))
    return engine


def _answer_deposits(intake: MicroBatch[Entree, Reponse]) -> Callable[[bytes], Awaitable[bytes]]:
    """A request holds a JSON array of deposits; the answer one decision for each, in order."""

    async def answer(body: bytes) -> bytes:
        entrees = [Entree.depuis_json(brut) for brut in orjson.loads(body)]
        try:
            reponses = await asyncio.gather(*map(intake.submit, entrees))
        except TRANSIENT as error:
            _log.warning("service.database_away", error=type(error).__name__)
            reponses = [Reponse(entree.id, "attente") for entree in entrees]
        return orjson.dumps([reponse.en_json() for reponse in reponses])

    return answer


def _answer_reads(running: Process, lecture: Lecture) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(body: bytes) -> bytes:
        async with running.pool.acquire() as conn:
            return orjson.dumps(await lecture(conn, orjson.loads(body)))

    return answer


class Listener:
    """Hands the events of siblings to the engine, in their order per aggregate, each once."""

    def __init__(self, engine: Engine[Any, Any, Any, Any], running: Process, clock: Clock) -> None:
        self._engine = engine
        self._pool = running.pool
        self._clock = clock

    async def handle(self, messages: Sequence[Message]) -> Verdicts:
        events = [Event.read(message) for message in messages]
        try:
            async with self._pool.acquire() as conn:
                positions = await ledger.positions(conn, list({event.key for event in events}))
            taken, verdicts = take_in_order(events, positions)
            held_back = self._held_back(taken, await self._engine.decide([self._entree(event) for event in taken]))
            async with self._pool.acquire() as conn:
                reached = {e.key: e.sequence for e in taken if e.sequence < held_back.get(e.key, e.sequence + 1)}
                await ledger.advance(conn, reached)
        except TRANSIENT as error:
            _log.warning("service.database_away", error=type(error).__name__)
            return [RETRY_S * 2] * len(messages)
        return [
            RETRY_S if event.key in held_back and event.sequence >= held_back[event.key] else verdict
            for event, verdict in zip(events, verdicts, strict=True)
        ]

    def _entree(self, event: Event) -> Entree:
        body = event.body
        return Entree(
            id=event.id,
            nature="evenement",
            type=event.type,
            agregat=event.agregat,
            emetteur=body["source"],
            role="hub",
            partition=body["departement"],
            donnees=body["data"],
            survenu_a=datetime.fromisoformat(body["time"]),
            recu_a=self._clock(),
            sequence=event.sequence,
            trace=body.get("traceparent"),
            correlation=body.get("correlationid"),
        )

    @staticmethod
    def _held_back(taken: Sequence[Event], reponses: Sequence[Reponse]) -> dict[Key, int]:
        """Per aggregate, the first sequence that could not be decided yet: it and what follows are asked for again."""
        waiting = [event for event, reponse in zip(taken, reponses, strict=True) if reponse.etat == "attente"]
        return {event.key: event.sequence for event in reversed(waiting)}


class DueDates:
    """Turns what falls due into entries. A due date has one identity, so that two replicas decide it once."""

    def __init__(self, engine: Engine[Any, Any, Any, Any], running: Process, clock: Clock) -> None:
        self._engine = engine
        self._pool = running.pool
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        await process.wait(stop, _CATCH_UP_S)
        while not stop.is_set():
            if not await self.fire():
                await process.wait(stop, _DUE_EVERY_S)

    async def fire(self) -> int:
        """Decide what is due now; returns how many due dates were handled."""
        now = self._clock()
        async with self._pool.acquire() as conn:
            rows = await conn.fetch(ledger.DUE, now, _BATCH)
        if not rows:
            return 0
        entrees = [self._entree(row["agregat"], row["nature"], row["du_a"], row["partition"], now) for row in rows]
        return sum(reponse.etat in ("accepte", "refuse") for reponse in await self._engine.decide(entrees))

    @staticmethod
    def _entree(agregat: UUID, nature: str, du_a: datetime, partition: str, now: datetime) -> Entree:
        return Entree(
            id=uuid5(agregat, f"{nature} {du_a.isoformat()}"),
            nature="echeance",
            type=f"echeance.{nature}",
            agregat=agregat,
            emetteur="/services/horloge",
            role="hub",
            partition=partition,
            donnees={},
            survenu_a=du_a,
            recu_a=now,
            trace=telemetry.traceparent(),
        )
