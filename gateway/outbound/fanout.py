"""The fan-out: from the streams to one row per receiver, each event once and in order, one transaction per batch.

An event that is taken off the stream is told, or waits in a table for its turn: see `order`. One that fails by itself
is set aside, and holds its parcours: see `chassis.faults`.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import structlog

from chassis import faults, ledger
from chassis.bus import Message, Verdicts
from chassis.database import Connection, Pool, Record
from chassis.ordering import RETRY_S, Event, Key, read_each
from chassis.waiting import wait
from coffre.keys import Vault
from gateway import fusions, moves, objets, participations, prescriptions
from gateway.outbound import departs
from gateway.outbound.distribution import Distribution
from gateway.outbound.effects import Accompagnants, Repertoire, accompagnants_apres, concernes
from gateway.outbound.merges import Merges
from gateway.outbound.order import LONGEST_WAIT, Cause, Ordre, Promis, est_d_une_horloge
from gateway.outbound.prescribed import Prescribed, cle_de
from gateway.outbound.store import fanout as store
from gateway.outbound.store import waiting
from gateway.outbound.told import Roles
from gateway.participations import Standing
from gateway.quiescence import BRIQUES, Avancements, Quiescence
from gateway.sealing import EFFACEMENT, prepare
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import nommes_dans
from relais_contrats.territoires import jour_legal

_log = structlog.get_logger()
_TOGETHER = 500
_LOOK_EVERY_S = 1.0

_UNKNOWN: Avancements = {}


@dataclass(frozen=True, slots=True)
class _Situation:
    """What a batch finds of the parcours that it concerns. `led`: the ids of what led to its events; `causes`: the
    deposits among them."""

    parcours: set[UUID]
    led: set[UUID]
    causes: Mapping[UUID, Cause]
    standing: Standing


class Fanout:
    """`wake` is called when there is something new to push."""

    def __init__(
        self, pool: Pool, vault: Vault, repertoire: Repertoire, quiescence: Quiescence, wake: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._repertoire = repertoire
        self._quiescence = quiescence
        self._wake = wake

    async def handle(self, messages: Sequence[Message]) -> Verdicts:
        """One verdict per message; what cannot be read is noted, with where it was, and stops nothing."""
        events, unreadable = read_each(messages)
        outcomes = iter(await self._distribute(events))
        verdicts: list[float | None] = []
        for rank, message in enumerate(messages):
            is_settled = await self._note(message, unreadable[rank]) if rank in unreadable else next(outcomes)
            verdicts.append(None if is_settled else RETRY_S * 2)
        return verdicts

    async def _note(self, message: Message, error: Exception) -> bool:
        await _log.aerror("fanout.unreadable", subject=message.subject, place=message.sequence)
        try:
            async with self._pool.acquire() as conn:
                await ledger.park_unreadable(conn, message, type(error).__name__, datetime.now(UTC))
        except Exception:
            await _log.aexception("fanout.unreadable_not_noted")
            return False
        return True

    async def keep_trying(self, stop: asyncio.Event) -> None:
        """Take up what waits, once what it waited for is there, and what an operator wants tried again."""
        while not stop.is_set():
            await self.try_again()
            await wait(stop, _LOOK_EVERY_S)

    async def try_again(self) -> None:
        now = datetime.now(UTC)
        async with self._pool.acquire() as conn:
            await waiting.forget_kept_promises(conn)
            rows = [
                *await waiting.to_retry(conn, self._vault, _TOGETHER),
                *await waiting.each_in_turn(conn, self._vault, now, _TOGETHER),
            ]
        events = [waiting.event(row) for row in rows]
        of_clocks = {event.agregat for event in events if est_d_une_horloge(event)}
        await self._distribute(events, await self._quiescence.ask(of_clocks))

    async def _distribute(self, events: Sequence[Event], avancements: Avancements = _UNKNOWN) -> list[bool]:
        """Whether each event is in our books now: told, waiting there, or set aside.

        Without `avancements` what is of a clock waits: no service is asked while the stream is read.
        """
        if not events:
            return []
        try:
            await self._together(events, avancements, brings_along=True)
            return [True] * len(events)
        except Exception:  # whose fault it is shows when each is tried alone
            await _log.aexception("fanout.batch_failed", events=len(events))
        alone = await faults.one_by_one(self._pool, events, self._alone, self._park, lambda event: event.agregat)
        return [outcome is not None for outcome in alone]

    async def _alone(self, event: Event) -> bool:
        await self._together([event], _UNKNOWN, brings_along=False)
        return True

    async def _together(self, events: Sequence[Event], avancements: Avancements, *, brings_along: bool) -> None:
        """`brings_along`: with what waits already of the same parcours."""
        now = datetime.now(UTC)
        await self._repertoire.reload()  # the emitter may have been declared a moment ago
        await prepare(self._vault, [(e.id, e.type, one, e.body) for e in events for one in concernes(e)])
        async with self._pool.acquire() as conn, conn.transaction():
            await store.lock(conn)
            named = set().union(*map(concernes, events))
            held = await waiting.held(conn, self._vault, named, _TOGETHER) if brings_along else []
            known = {event.id: event for event in (*map(waiting.event, held), *events)}
            situation = await self._situation(conn, known.values())
            ordre = await self._ordre(conn, known.values(), held, avancements, situation)
            set_aside = set().union(*ordre.parques.values())
            taken, later = ordre.tour(known.values(), now)
            pushed = await self._write(conn, taken, now, situation) if taken else 0
            if held or not brings_along:
                await waiting.let_go(conn, known.keys() - {event.id for event, _ in later})
            to_hold = [(event, attend) for event, attend in later if event.id not in set_aside]
            await waiting.hold(conn, self._vault, to_hold, now)
            await waiting.unpark(conn, set_aside & {event.id for event in taken}, now)
        if any(event.type == EFFACEMENT for event in taken):
            self._vault.forget()
        for event in taken:
            if est_d_une_horloge(event) and now - ordre.retenus_depuis.get(event.id, now) >= LONGEST_WAIT:
                await _log.aerror("fanout.rest_not_awaited", evenement=str(event.id), type=event.type)
        if pushed:
            self._wake()

    async def _situation(self, conn: Connection, events: Collection[Event]) -> _Situation:
        named = set().union(*map(concernes, events))
        led = {UUID(event.body["causeid"]) for event in events if "causeid" in event.body}
        return _Situation(named, led, await store.causes(conn, led), await participations.standing(conn, named))

    async def _ordre(
        self,
        conn: Connection,
        events: Collection[Event],
        held: Sequence[Mapping[str, Any]],
        avancements: Avancements,
        situation: _Situation,
    ) -> Ordre:
        named = situation.parcours
        briques = {event.brique for event in events} | set(BRIQUES)
        aside = await waiting.aside(conn, named)
        promised = await waiting.promised(conn, named)
        return Ordre(
            positions=await ledger.positions(conn, [(brique, one) for brique in briques for one in named]),
            causes=situation.causes,
            promis=[
                Promis(row["evenement"], row["parcours"], row["brique"], store.cause(row), row["regle_a"])
                for row in promised
            ],
            dits=await waiting.told(conn, situation.led - situation.causes.keys()),
            parques=_by_parcours(row for row in aside if row["etat"] != "ecarte"),
            ecartes={((r["brique"], r["agregat"]), r["sequence"]) for r in aside if r["etat"] == "ecarte"},
            oublies=situation.standing.erased,
            retenus_depuis={row["id"]: row["depuis"] for row in held},
            avancements=avancements,
        )

    async def _write(self, conn: Connection, taken: Sequence[Event], now: datetime, situation: _Situation) -> int:
        distribution = await self._load(conn, taken, situation)
        for event in taken:
            distribution.take(event)
        await participations.enter(conn, distribution.entered, now)
        await participations.leave(conn, distribution.left, now)
        await departs.annoncer(conn, distribution.departs, distribution.revenus)
        await participations.place(conn, distribution.lieux, is_told=True)
        await participations.oppose(conn, distribution.opposed - distribution.opposed_before, now)
        await prescriptions.noter(conn, distribution.prescriptions.new)
        await prescriptions.finir(conn, distribution.prescriptions.ended, distribution.prescriptions.closed, now)
        await participations.absorb(conn, [(a.survivant, a.absorbes) for a in distribution.absorptions])
        await fusions.save(conn, distribution.fusions.changed.values())
        await objets.noter(conn, distribution.crees)
        await store.insert_events(conn, self._vault, distribution.evenements, now)
        pushed = await store.insert_deliveries(conn, distribution.livraisons, now)
        await waiting.tell_nobody(conn, distribution.sans_destinataire, now)
        await waiting.keep_promises(conn, [event.id for event in taken])
        if distribution.effaces:
            await store.erase(conn, distribution.effaces, now)
            await prescriptions.effacer(conn, distribution.effaces)
            await departs.effacer(conn, distribution.effaces)
            await moves.forget(conn, distribution.effaces)
            await objets.effacer(conn, distribution.effaces)
            await fusions.erase(conn, distribution.effaces)
        await ledger.advance(conn, _reached(taken))
        return pushed

    async def _load(self, conn: Connection, taken: Sequence[Event], situation: _Situation) -> Distribution:
        held: dict[UUID, Roles] = {}
        named = set().union(*map(concernes, taken))
        for (parcours, code), roles in (await participations.of_parcours(conn, named)).items():
            held.setdefault(parcours, {})[code] = roles
        accompagnants: dict[UUID, Accompagnants] = {}
        leaving = {event.agregat for event in taken if event.type == "accompagnant.retire"}
        for row in await store.told_accompagnants(conn, self._vault, leaving) if leaving else ():
            if not _holds(row["corps"]):
                continue
            before = accompagnants.get(row["parcours"], frozenset())
            accompagnants[row["parcours"]] = accompagnants_apres(row["type"], row["corps"]["data"], before)
        return Distribution(
            self._repertoire,
            held,
            await store.subscribers(conn),
            situation.causes,
            accompagnants,
            rappels=await store.recalled(conn, taken),
            forgotten=situation.standing.erased,
            opposed=set(situation.standing.opposed),
            signalants=await participations.signalled(conn, named),
            homonymes=await objets.homonymes(conn, merged) if (merged := _merged(taken)) else frozenset(),
            prescriptions=Prescribed(dict(await prescriptions.suivies(conn, _prescriptions(taken)))),
            territoires=dict(situation.standing.territories),
            fusions=Merges(await fusions.load(conn, situation.led, named)),
        )

    async def _park(self, event: Event, error: Exception) -> bool:
        await prepare(self._vault, [(event.id, event.type, event.agregat, event.body)])
        async with self._pool.acquire() as conn, conn.transaction():
            await store.lock(conn)
            await waiting.park(conn, self._vault, event, type(error).__name__, datetime.now(UTC))
        return True


def _by_parcours(aside: Iterable[Record]) -> dict[UUID, set[UUID]]:
    ids: dict[UUID, set[UUID]] = {}
    for row in aside:
        ids.setdefault(row["agregat"], set()).add(row["id"])
    return ids


def _holds(corps: Mapping[str, Any]) -> bool:
    """What was told in advance counts from its day on."""
    effet = corps.get("effet")
    return effet is None or date.fromisoformat(effet) <= jour_legal(corps["departement"], datetime.now(UTC))


def _merged(taken: Sequence[Event]) -> set[UUID]:
    """The parcours of events about an object that was created in another one, since absorbed."""
    return {
        event.agregat
        for event in taken
        if event.type in CATALOGUE
        and objets.ailleurs((cle for _, cle in nommes_dans(event.type, event.body["data"])), event.agregat)
    }


def _prescriptions(taken: Sequence[Event]) -> set[prescriptions.Cle]:
    return {cle for event in taken if event.type in CATALOGUE and (cle := cle_de(event))}


def _reached(taken: Sequence[Event]) -> dict[Key, int]:
    return {event.key: event.sequence for event in taken}
