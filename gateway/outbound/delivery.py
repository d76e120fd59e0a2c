"""The sender: takes the queues that are due, fairly over subscriptions, POSTs their heads, settles in micro-batches.

A queue is one parcours of one subscription: its order is kept, and its failure delays nobody else.
"""

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
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
from gateway.outbound import outcomes, settlement, signature
from gateway.outbound.evidence import Sent
from gateway.outbound.http_client import HttpClient
from gateway.outbound.outcomes import Failed, Outcome
from gateway.outbound.settlement import Result
from gateway.outbound.signature import Signer
from gateway.outbound.store import delivery as store
from gateway.outbound.store.delivery import Claim
from gateway.receipts import Chain
from gateway.webhook_keys import Cles
from gateway.webhook_secrets import Safe

_log = structlog.get_logger()
_IDLE_S = 0.5
_AWAY_S = 1.0
_SETTLE_TRIES = 5
SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


@dataclass(frozen=True, slots=True)
class Limits:
    """`per_subscription` and `total` count requests in flight in this process; a suspect endpoint gets few, one whose
    breaker is open a single probe. After `lease` another process may take over what this one left unsettled."""

    per_subscription: int = 16
    suspect: int = 2
    total: int = 512
    lease: timedelta = timedelta(seconds=30)

    def places(self, echecs: int) -> int:
        if echecs >= outcomes.BREAKER_AFTER:
            return 1
        return self.suspect if echecs else self.per_subscription


@dataclass(frozen=True, slots=True)
class Target:
    """A subscription, ready to be sent to. `lot` is how many events of one parcours go in one request; `nomme` are
    attributes that its events carry besides their own."""

    id: UUID
    partenaire: str
    url: str
    lot: int
    signers: tuple[Signer, ...] = field(repr=False)
    nomme: Mapping[str, str] = field(default_factory=dict)


class Targets:
    """Rows of `abonnements` to targets; opened secrets are kept in memory."""

    def __init__(self, safe: Safe, keys: Cles) -> None:
        self._open = lru_cache(maxsize=4096)(safe.open)
        self._hub = tuple(signature.v1a(key.privee) for key in keys)

    def read(self, row: Record, now: datetime) -> Target:
        columns = (row["id"], row["partenaire"], row["url"], row["lot"])
        if row["signature"] == signature.V1A:
            # One key signs for every partner: the signed body says for whom, so that none can serve it to another.
            return Target(*columns, self._hub, {"abonnement": str(row["id"])})
        secrets = [self._open(row["id"], row["secret"])]
        if row["secret_ancien"] and row["ancien_jusqua"] > now:
            secrets.append(self._open(row["id"], row["secret_ancien"]))
        return Target(*columns, tuple(map(signature.v1, secrets)))


class Sender:
    """`wake` says that there may be something to send. `chain` is that of the receipts of this sender alone."""

    def __init__(
        self,
        pool: Pool,
        bodies: Bodies,
        client: HttpClient,
        targets: Targets,
        chain: Chain,
        *,
        limits: Limits | None = None,
    ) -> None:
        self._pool = pool
        self._bodies = bodies
        self._client = client
        self._targets = targets
        self._chain = chain
        self._limits = limits or Limits()
        self._in_flight: Counter[UUID] = Counter()
        self._work = asyncio.Event()
        self._settlements = MicroBatch(self._settle_all)

    def wake(self) -> None:
        self._work.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`, then finish what is in flight and settle it."""
        finished = asyncio.Event()
        async with asyncio.TaskGroup() as books:
            books.create_task(self._settlements.run(finished))
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
            if taken:
                self._start(taken, attempts)
            else:
                await wait(self._work, _IDLE_S)

    async def _claim(self) -> list[tuple[Target, Claim]]:
        free = self._limits.total - self._in_flight.total()
        if free <= 0:
            return []
        now = datetime.now(UTC)
        async with self._pool.acquire() as conn, conn.transaction():
            rows = await store.active(conn, now)
            places = {row["id"]: self._limits.places(row["echecs"]) - self._in_flight[row["id"]] for row in rows}
            places = {id_: count for id_, count in places.items() if count > 0}
            if not places:
                return []
            lots = {row["id"]: row["lot"] for row in rows}
            claims = await store.claim(conn, places, lots, free, now, now + self._limits.lease)
        targets = {row["id"]: row for row in rows}
        return [(self._targets.read(targets[claim.abonnement], now), claim) for claim in claims]

    def _start(self, taken: Sequence[tuple[Target, Claim]], attempts: asyncio.TaskGroup) -> None:
        """What needs protected fields waits for them together, and holds up nothing else."""
        waiting = []
        for target, claim in taken:
            self._in_flight[target.id] += 1
            if any(self._bodies.needs_protected(target.partenaire, delivered) for delivered in claim.tete):
                waiting.append((target, claim))
            else:
                attempts.create_task(self._deliver(target, claim, NOTHING))
        if waiting:
            attempts.create_task(self._ask_then_start(waiting, attempts))

    async def _ask_then_start(self, waiting: Sequence[tuple[Target, Claim]], attempts: asyncio.TaskGroup) -> None:
        asked = {
            delivered.evenement
            for target, claim in waiting
            for delivered in claim.tete
            if self._bodies.needs_protected(target.partenaire, delivered)
        }
        protected: Protected | None = None
        try:
            protected = await self._bodies.protected(asked)
        except Unavailable:
            await _log.awarning("delivery.fields_unavailable", deliveries=len(waiting))
        except Exception:  # an answer that cannot be read is ours to mend, and delays these deliveries only
            await _log.aexception("delivery.fields_unreadable", deliveries=len(waiting))
        for target, claim in waiting:
            attempts.create_task(self._deliver(target, claim, protected))

    async def _deliver(self, target: Target, claim: Claim, protected: Protected | None) -> None:
        """One claim from its bodies to its settlement; whatever goes wrong stays in it."""
        try:
            result = await self._attempt(target, claim, protected)
            await self._settle(result)
        except Exception:  # the lease ends, and the queue is taken up again
            await _log.aexception("delivery.failed", abonnement=str(target.id))
        finally:
            self._in_flight[target.id] -= 1
            self._work.set()

    async def _attempt(self, target: Target, claim: Claim, protected: Protected | None) -> Result:
        if protected is None:
            return Result(claim, outcomes.NotReady())
        try:
            made = [(d, self._bodies.make(target.partenaire, d, protected)) for d in claim.tete]
        except Exception:  # ours: nothing was sent, nothing is held against the partner
            await _log.aexception("delivery.body_failed", abonnement=str(target.id))
            return Result(claim, outcomes.NotReady())
        sent = [(delivered, {**body, **target.nomme}) for delivered, body in made if body is not None]
        if not sent:
            return Result(claim, None)
        return await self._post(target, claim, sent)

    async def _post(self, target: Target, claim: Claim, sent: Sequence[tuple[Delivered, dict[str, Any]]]) -> Result:
        first = sent[0][1]
        is_batch = target.lot > 1
        content = orjson.dumps([body for _, body in sent] if is_batch else first)
        others = [body["traceparent"] for _, body in sent[1:] if "traceparent" in body]
        with telemetry.span(
            f"livrer {sent[0][0].type}",
            parent=first.get("traceparent"),
            links=others,
            kind=SpanKind.CLIENT,
            relais_partenaire=target.partenaire,
            relais_abonnement=str(target.id),
            relais_livraison=str(sent[0][0].evenement),
            relais_tentative=claim.essais + 1,
            relais_lot=len(sent),
        ) as span:
            evenements = [delivered.evenement for delivered, _ in sent]
            name = signature.message_id(evenements)
            headers = request_headers(target, name, content, BATCH if is_batch else SINGLE)
            outcome = outcomes.of_answer(await self._client.post(target.url, headers, content))
            telemetry.annotate(span, **_told(outcome))
        numeros = [delivered.numero for delivered, _ in sent]
        body = hashlib.sha256(content).digest()
        return Result(claim, outcome, Sent(target.partenaire, name, numeros, evenements, body, datetime.now(UTC)))

    async def _settle(self, result: Result) -> None:
        """The answer stands even when our books are late: insist a little; then the lease ends and it goes again."""
        for attempt in range(_SETTLE_TRIES):
            try:
                return await self._settlements.submit(result)
            except TRANSIENT as error:
                await _log.awarning("delivery.unsettled", error=type(error).__name__)
                await asyncio.sleep(0.2 * 2**attempt)
        return None

    async def _settle_all(self, results: Sequence[Result]) -> Sequence[None]:
        chances = [random.uniform(-1, 1) for _ in results]  # noqa: S311  spreads retries, hides nothing
        try:
            # Signing lets go of the interpreter: in a thread, a full batch does not hold up the requests in flight.
            signed = await asyncio.to_thread(settlement.sign, results, self._chain, datetime.now(UTC))
            async with self._pool.acquire() as conn, conn.transaction():
                suspended = await settlement.write(conn, results, signed, datetime.now(UTC), chances)
        except BaseException:
            self._chain.restart()
            raise
        for abonnement in suspended:
            await _log.awarning("delivery.subscription_suspended", abonnement=str(abonnement))
        return [None] * len(results)


def request_headers(target: Target, name: str, content: bytes, media_type: str) -> dict[str, str]:
    headers = signature.headers(target.signers, name, int(time.time()), content)
    headers |= {"content-type": media_type, "user-agent": "relais"}
    if trace := telemetry.traceparent():
        headers["traceparent"] = trace
    return headers


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
