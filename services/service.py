"""How every service runs, from tables: its deposits, the events it listens to, its due dates, reads and outbox."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import orjson
import structlog

from chassis import ledger, process, telemetry
from chassis.bus import Message, Verdicts
from chassis.database import Connection
from chassis.depots import Brique, Engine, Reponse
from chassis.facts import Entree
from chassis.microbatch import MicroBatch
from chassis.ordering import RETRY_S, Event, read_each, take_in_order
from chassis.outbox import Outbox
from chassis.process import Process
from chassis.settings import Settings
from services import aside, health
from services.ecoute import ENSEMBLES, siens, sujets
from services.order import in_order

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
    """A brique with its subjects on the bus.

    `lectures` holds the answers to `lecture.<nom>.<vue>`: each takes the request's JSON and returns a JSON value.
    `reglages` answer `reglage.<nom>.<geste>` alike, each in a transaction: settings of an organisation. Facts go to one
    of `flux`; it reads the first.
    """

    brique: Brique[Any, Any, Any, Any]
    lectures: Mapping[str, Lecture] = field(default_factory=dict)
    reglages: Mapping[str, Lecture] = field(default_factory=dict)
    flux: Sequence[str] = ("PARCOURS",)


def run(service: Service, settings: Settings, *, clock: Clock = utc_now) -> None:
    """The `main` of a service."""
    process.run(service.brique.nom, service.brique.nom, settings, lambda running: connect(service, running, clock))


async def connect(service: Service, running: Process, clock: Clock = utc_now) -> Engine[Any, Any, Any, Any]:
    """Start the loops and the answers of a service. Return its engine, for loops of its own."""
    nom, sceaux, entend = service.brique.nom, service.brique.sceaux, service.brique.entend
    outboxes = [
        Outbox(nom, flux, running.pool, running.bus, sceaux, forgets=flux == service.flux[0], ensembles=ENSEMBLES)
        for flux in service.flux
    ]
    engine = Engine(in_order(service.brique), running.pool, on_facts=outboxes[0].wake, clock=clock)
    intake = MicroBatch(engine.decide, max_items=_BATCH)
    running.loop("depots", intake.run)
    for outbox in outboxes:
        running.loop("outbox", outbox.run)
    running.loop("echeances", DueDates(engine, running, clock).run)
    if entend:
        handle = Listener(engine, running, clock).handle
        consume = partial(running.bus.consume, service.flux[0], nom, sujets(entend), handle, linger_s=_LINGER_S)
        running.loop("evenements", consume)
    own: dict[str, Lecture] = {"avancement": partial(_progress, service, running)} | aside.reading(service.brique)
    for vue, lecture in (own | dict(service.lectures)).items():
        await running.bus.respond(f"lecture.{nom}.{vue}", nom, _answering(running, lecture))
    for geste, reglage in ({"rebut": aside.settle} | dict(service.reglages)).items():
        await running.bus.respond(f"reglage.{nom}.{geste}", nom, _answering(running, reglage, sets=True))
    reads = {service.flux[0]: nom} if entend else {}
    await running.bus.respond(f"lecture.{nom}.sante", nom, health.answering(running, reads))
    await running.bus.respond(f"depot.{nom}", nom, _answer_deposits(intake))
    return engine


def _answer_deposits(intake: MicroBatch[Entree, Reponse]) -> Callable[[bytes], Awaitable[bytes]]:
    """A request holds a JSON array of deposits; the answer one decision for each, in order."""

    async def answer(body: bytes) -> bytes:
        if not isinstance(bruts := orjson.loads(body), list):
            raise TypeError("not an array of deposits")
        reponses = await asyncio.gather(*map(intake.submit, [Entree.depuis_json(brut) for brut in bruts]))
        return orjson.dumps([reponse.en_json() for reponse in reponses])

    return answer


def _answering(running: Process, lecture: Lecture, *, sets: bool = False) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(body: bytes) -> bytes:
        async with running.pool.acquire() as conn, conn.transaction() if sets else nullcontext():
            return orjson.dumps(await lecture(conn, orjson.loads(body)))

    return answer


async def _progress(service: Service, running: Process, conn: Connection, asked: Mapping[str, Any]) -> dict[str, Any]:
    """By parcours: the last fact of this service (`dit`, `place`, by type `dits`), the last one read of each sibling,
    the types that it follows (`entend`), and how far it has read the stream (`lu`)."""
    parcours, entend = [UUID(one) for one in asked["parcours"]], siens(service.brique.entend)
    lu = await running.bus.read_up_to(service.flux[0], service.brique.nom) if entend else 0
    heard = await ledger.positions(conn, [(brique, one) for brique in entend for one in parcours])
    told = {one: {brique: heard.get((brique, one), 0) for brique in entend} for one in parcours}
    said = await conn.fetch(ledger.SAID, parcours)  # last: it holds what followed from all that was heard
    return {
        str(row["agregat"]): {"entendu": told[row["agregat"]], "lu": lu, "entend": entend}
        | {name: row[name] for name in ("dit", "place", "dits")}
        for row in said
    }


class Listener:
    """Hands the events of siblings to the engine, in their order per aggregate, each once."""

    def __init__(self, engine: Engine[Any, Any, Any, Any], running: Process, clock: Clock) -> None:
        self._engine = engine
        self._pool = running.pool
        self._clock = clock

    async def handle(self, messages: Sequence[Message]) -> Verdicts:
        """Return a verdict per message. An unreadable one is parked with its place, and the others go on."""
        read, unreadable = read_each(messages)
        events = [event for event in read if event.type in self._engine.entend]
        async with self._pool.acquire() as conn:
            for rank, error in unreadable.items():
                _log.error("service.unreadable_event", subject=messages[rank].subject, place=messages[rank].sequence)
                await ledger.park_unreadable(conn, messages[rank], type(error).__name__, self._clock())
            positions = await ledger.positions(conn, list({event.key for event in events}))
        taken, verdicts = take_in_order(events, positions, self._engine.entend)
        reponses = await self._engine.decide([self._entree(event) for event in taken]) if taken else ()
        delays_s = {event.id: verdict for event, verdict in zip(events, verdicts, strict=True)}
        delays_s |= {reponse.id: RETRY_S for reponse in reponses if reponse.etat == "attente"}
        of = iter(read)
        return [None if rank in unreadable else delays_s.get(next(of).id) for rank in range(len(messages))]

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
            brique=event.brique,
            effet=body.get("effet"),
            cause=UUID(body["causeid"]) if "causeid" in body else None,
        )


class DueDates:
    """Turns due dates into entries. A due date has one identity, so that two replicas decide it once."""

    def __init__(self, engine: Engine[Any, Any, Any, Any], running: Process, clock: Clock) -> None:
        self._engine = engine
        self._sceaux = engine.sceaux
        self._pool = running.pool
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        await process.wait(stop, _CATCH_UP_S)
        while not stop.is_set():
            if not await self.fire():
                await process.wait(stop, _DUE_EVERY_S)

    async def fire(self) -> int:
        """Decide the entries that are due now or that an operator sent back; return how many were handled."""
        now = self._clock()
        async with self._pool.acquire() as conn:
            rows = await conn.fetch(ledger.DUE, now, _BATCH)
            again = await ledger.redriven(conn, self._sceaux, _BATCH)
        entrees = [self._entree(row["agregat"], row["nature"], row["du_a"], row["partition"], now) for row in rows]
        entrees += again
        if not entrees:
            return 0
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
