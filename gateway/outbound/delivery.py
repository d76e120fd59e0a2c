"""The sender: takes the queues that are due, fairly over subscriptions, POSTs their heads, settles in micro-batches.

A queue is one parcours of one subscription: its order is kept, and its failure delays nobody else.
"""

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog
from opentelemetry.trace import SpanKind

from chassis import telemetry
from chassis.bus import Unavailable
from chassis.database import TRANSIENT, Pool, Record
from chassis.microbatch import MicroBatch
from chassis.process import wait
from gateway.bodies import NOTHING, Bodies, Delivered, Protected
from gateway.outbound import outcomes, settlement
from gateway.outbound.evidence import Sent
from gateway.outbound.exercises import Exercises
from gateway.outbound.http_client import HttpClient
from gateway.outbound.leases import Leases
from gateway.outbound.outcomes import Failed, Outcome
from gateway.outbound.settlement import Result
from gateway.outbound.store import delivery as store
from gateway.outbound.store.delivery import Claim
from gateway.outbound.targets import BATCH, SINGLE, Target, Targets, request_headers
from gateway.receipts import Chains
from relais_contrats import signatures
from relais_contrats.droits import Demandeur

_log = structlog.get_logger()
_IDLE_S = 0.5
_AWAY_S = 1.0
_SETTLE_TRIES = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """`per_subscription` and `total` count requests in flight in this process; a suspect endpoint gets few, one whose
    breaker is open a single probe. After `lease` another process may take over what this one left unsettled; what a
    process that died left, at once: see `leases`."""

    per_subscription: int = 16
    suspect: int = 2
    total: int = 512
    lease: timedelta = timedelta(seconds=30)

    def places(self, echecs: int) -> int:
        if echecs >= outcomes.BREAKER_AFTER:
            return 1
        return self.suspect if echecs else self.per_subscription


Taken = tuple[Record, Claim]
"""The row of a subscription and one of its queues, taken under a lease."""


class Sender:
    """`wake` says that there may be something to send. `chains` are those of the receipts of this sender alone;
    `exercises`, the faults of a sandbox."""

    def __init__(
        self,
        pool: Pool,
        bodies: Bodies,
        client: HttpClient,
        targets: Targets,
        chains: Chains,
        *,
        limits: Limits | None = None,
        exercises: Exercises | None = None,
    ) -> None:
        self._pool = pool
        self._bodies = bodies
        self._client = client
        self._exercises = exercises
        self._targets = targets
        self._chains = chains
        self._limits = limits or Limits()
        self._in_flight: Counter[UUID] = Counter()
        self._work = asyncio.Event()
        self._was_full = False
        """The last look left out what it had no place for. Otherwise whoever fills a queue wakes this sender."""
        self._settlements = MicroBatch(self._settle_all)
        self._leases = Leases(pool, self.wake)

    def wake(self) -> None:
        self._work.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`, then finish what is in flight and settle it."""
        finished = asyncio.Event()
        async with asyncio.TaskGroup() as books:
            books.create_task(self._settlements.run(finished))
            books.create_task(self._leases.run(finished))
            async with asyncio.TaskGroup() as attempts:
                await self._dispatch(stop, attempts)
            finished.set()

    async def _dispatch(self, stop: asyncio.Event, attempts: asyncio.TaskGroup) -> None:
        while not stop.is_set():
            self._work.clear()
            try:
                taken = await self._claim()
            except TRANSIENT as error:
                await _log.awarning("delivery.database_away", error=type(error).__name__)
                await wait(stop, _AWAY_S)
                continue
            except Exception:  # what is in flight goes on, and so does this loop
                await _log.aexception("delivery.claim_failed")
                await wait(stop, _AWAY_S)
                continue
            if taken:
                self._start(taken, attempts)
            else:
                await wait(self._work, _IDLE_S)

    async def _claim(self) -> list[Taken]:
        free, cle = self._limits.total - self._in_flight.total(), self._leases.cle
        self._was_full = True  # also for what ends while we look
        if free <= 0 or cle is None:
            return []
        now = datetime.now(UTC)
        async with self._pool.acquire() as conn, conn.transaction():
            rows = await store.active(conn, now)
            free_of = {row["id"]: self._limits.places(row["echecs"]) - self._in_flight[row["id"]] for row in rows}
            places = {id_: count for id_, count in free_of.items() if count > 0}
            if not places:
                self._was_full = bool(free_of)
                return []
            lots = {row["id"]: row["lot"] for row in rows}
            claims = await store.claim(conn, self._bodies, places, lots, free, now, now + self._limits.lease, cle)
        taken = Counter(claim.abonnement for claim in claims)
        is_full = any(taken[id_] >= count for id_, count in places.items())
        self._was_full = is_full or len(claims) >= free or len(places) < len(free_of)
        subscriptions = {row["id"]: row for row in rows}
        return [(subscriptions[claim.abonnement], claim) for claim in claims]

    def _start(self, taken: Sequence[Taken], attempts: asyncio.TaskGroup) -> None:
        """What needs protected fields waits for them together, and holds up nothing else."""
        waiting: list[Taken] = []
        asked: set[UUID] = set()
        for row, claim in taken:
            self._in_flight[claim.abonnement] += 1
            if needed := self._protected_events(row, claim):
                waiting.append((row, claim))
                asked |= needed
            else:
                attempts.create_task(self._deliver(row, claim, NOTHING))
        if waiting:
            attempts.create_task(self._ask_then_start(waiting, asked, attempts))

    def _protected_events(self, row: Record, claim: Claim) -> set[UUID]:
        """An event that cannot be read fails in its own task, when its body is made."""
        try:
            receiver = self._receiver(row)
            return {d.evenement for d in claim.tete if receiver and self._bodies.needs_protected(receiver, d)}
        except Exception:
            return set()

    def _receiver(self, row: Record) -> Demandeur | None:
        return self._bodies.receiver(row["partenaire"], frozenset(row["portees"]))

    async def _ask_then_start(self, waiting: Sequence[Taken], asked: set[UUID], attempts: asyncio.TaskGroup) -> None:
        protected: Protected | None = None
        try:
            protected = await self._bodies.protected(asked)
        except Unavailable:
            await _log.awarning("delivery.fields_unavailable", deliveries=len(waiting))
        except Exception:  # an answer that cannot be read is ours to mend, and delays these deliveries only
            await _log.aexception("delivery.fields_unreadable", deliveries=len(waiting))
        for row, claim in waiting:
            attempts.create_task(self._deliver(row, claim, protected))

    async def _deliver(self, row: Record, claim: Claim, protected: Protected | None) -> None:
        """One claim from its bodies to its settlement; whatever goes wrong stays in it."""
        try:
            result = await self._attempt(row, claim, protected)
            await self._settle(result)
        except Exception:  # the lease ends, and the queue is taken up again
            await _log.aexception("delivery.failed", abonnement=str(claim.abonnement))
        finally:
            self._in_flight[claim.abonnement] -= 1
            if self._was_full:
                self._work.set()

    async def _attempt(self, row: Record, claim: Claim, protected: Protected | None) -> Result:
        if protected is None:
            return Result(claim, outcomes.NotReady())
        receiver = self._receiver(row)
        if receiver is None:
            return Result(claim, None)
        try:
            target = self._targets.read(row)
        except Exception:  # ours: nothing was sent, nothing is held against the partner
            await _log.aexception("delivery.target_unreadable", abonnement=str(claim.abonnement))
            return Result(claim, outcomes.NotReady())
        held = frozenset(d.numero for d in claim.tete if self._bodies.waits(receiver, d))
        made, unmade = self._bodies.make_each(receiver, [d for d in claim.tete if d.numero not in held], protected)
        sent = [(delivered, {**body, **target.nomme}) for delivered, body in made if body is not None]
        result = await self._post(target, claim, sent) if sent else Result(claim, None)
        return replace(result, held=held, unmade=unmade)

    async def _post(self, target: Target, claim: Claim, sent: Sequence[tuple[Delivered, dict[str, Any]]]) -> Result:
        first = sent[0][1]
        is_batch = target.lot > 1
        content = orjson.dumps([body for _, body in sent] if is_batch else first)
        # Its trace is the receiver's own, as its events say; those of the hub are linked, and never leave it.
        traces = [delivered.corps["traceparent"] for delivered, _ in sent if "traceparent" in delivered.corps]
        names = [body["id"] for _, body in sent]
        with telemetry.span(
            f"livrer {sent[0][0].type}",
            parent=first.get("traceparent"),
            links=traces,
            kind=SpanKind.CLIENT,
            relais_partenaire=target.partenaire,
            relais_abonnement=str(target.id),
            relais_livraison=names[0],
            relais_tentative=claim.essais + 1,
            relais_lot=len(sent),
        ) as span:
            name = signatures.message_id(names)
            headers = request_headers(target, name, content, BATCH if is_batch else SINGLE)
            began_s = time.monotonic()
            outcome = await self._answer(target, headers, content)
            lasted_ms = round((time.monotonic() - began_s) * 1000)
            telemetry.annotate(span, **_told(outcome))
        numeros = [delivered.numero for delivered, _ in sent]
        body = hashlib.sha256(content).digest()
        return Result(claim, outcome, Sent(target.partenaire, name, numeros, names, body, datetime.now(UTC), lasted_ms))

    async def _answer(self, target: Target, headers: dict[str, str], content: bytes) -> Outcome:
        try:
            if self._exercises:
                return outcomes.of_answer(await self._exercises.post(target, headers, content))
            return outcomes.of_answer(await self._client.post(target.url, headers, content, target.hotes))
        except Exception:  # the client does not know what to do with this target: later, by its schedule
            await _log.aexception("delivery.post_failed", abonnement=str(target.id))
            return outcomes.UNEXPECTED

    async def _settle(self, result: Result) -> None:
        """The answer stands even when our books are late: insist a little; then the lease ends and it goes again."""
        for attempt in range(_SETTLE_TRIES):
            try:
                error = await self._settlements.submit(result)
            except TRANSIENT as away:
                error = away
            if error is None:
                return
            await _log.awarning("delivery.unsettled", error=type(error).__name__)
            await asyncio.sleep(0.2 * 2**attempt)

    async def _settle_all(self, results: Sequence[Result]) -> Sequence[Exception | None]:
        """Together; when that fails, one by one, so that a result fails for itself only: what each one raised."""
        try:
            await self._write(results)
        except TRANSIENT:
            raise
        except Exception as error:
            if len(results) == 1:
                return [error]
            return [(await self._settle_all([result]))[0] for result in results]
        return [None] * len(results)

    async def _write(self, results: Sequence[Result]) -> None:
        chances = [random.uniform(-1, 1) for _ in results]  # noqa: S311  spreads retries, hides nothing
        try:
            # Signing lets go of the interpreter: in a thread, a full batch does not hold up the requests in flight.
            signed = await asyncio.to_thread(settlement.sign, results, self._chains, datetime.now(UTC))
            async with self._pool.acquire() as conn, conn.transaction():
                written = await settlement.write(conn, results, signed, datetime.now(UTC), chances)
        except BaseException:
            self._chains.restart()
            raise
        if written.has_more:
            self._work.set()
        for abonnement in written.suspended:
            await _log.awarning("delivery.subscription_suspended", abonnement=str(abonnement))


def _told(outcome: Outcome) -> dict[str, str | int]:
    match outcome:
        case outcomes.Delivered(code=code) | outcomes.Gone(code=code):
            return {"http__response__status_code": code}
        case Failed(code=None, erreur=erreur):
            return {"relais_code": erreur}
        case Failed(code=int(code)):
            return {"http__response__status_code": code}
        case _:
            return {}
