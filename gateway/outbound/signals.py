"""What is sent of no event: the handshake that opens a subscription, and the test that its partner asks for.

Before the first delivery the address receives a signed POST of type `fr.insertion.abonnement.verification.v1` whose
data hold a `defi`; any 2xx opens the subscription (sending the challenge back is allowed and not required, so that an
endpoint that only knows Standard Webhooks passes). It is tried again by the schedule of deliveries, then suspended.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import assert_never
from uuid import UUID

import orjson
import structlog
from opentelemetry.trace import SpanKind
from uuid_utils.compat import uuid7

from chassis import telemetry
from chassis.database import TRANSIENT, Pool, Record
from chassis.facts import type_cloudevents
from chassis.process import wait
from gateway.outbound import outcomes
from gateway.outbound.delivery import SINGLE, Target, Targets, request_headers
from gateway.outbound.distribution import SOURCE
from gateway.outbound.http_client import Answer, HttpClient
from gateway.outbound.outcomes import Delivered, Failed, Gone, Health
from gateway.outbound.store import delivery as store

_log = structlog.get_logger()
VERIFICATION = "abonnement.verification"
ESSAI = "abonnement.essai"
_LEASE = timedelta(seconds=60)
_AT_ONCE = 16
_IDLE_S = 0.25


class Signals:
    """`wake` is called when a subscription opens: its queue may be full already."""

    def __init__(self, pool: Pool, client: HttpClient, targets: Targets, wake: Callable[[], None]) -> None:
        self._pool = pool
        self._client = client
        self._targets = targets
        self._wake = wake

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not await self.send_due():
                await wait(stop, _IDLE_S)

    async def send_due(self) -> int:
        """Send what is due now, together; returns how many."""
        now = datetime.now(UTC)
        async with self._pool.acquire() as conn:
            rows = await store.claim_signals(conn, now, now + _LEASE, _AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(self._send(row, self._targets.read(row, now)))
        return len(rows)

    async def _send(self, row: Record, target: Target) -> None:
        try:
            if row["etat"] == "a-verifier":
                await self._verify(row, target)
            if row["est_essai"]:
                await self._test(target)
        except TRANSIENT as error:  # its lease ends, and it is due again
            await _log.awarning("signals.database_away", error=type(error).__name__)

    async def _verify(self, row: Record, target: Target) -> None:
        outcome = await self._post(target, VERIFICATION, {"defi": secrets.token_urlsafe(24)})
        now = datetime.now(UTC)
        async with self._pool.acquire() as conn, conn.transaction():
            match outcome:
                case Delivered():
                    await store.verified(conn, target.id, target.url)
                case Gone():
                    await store.end(conn, [target.id])
                case Failed(retry_after_s=retry_after_s):
                    essais, premier = row["echecs"] + 1, row["premier_echec_a"] or now
                    chance = random.uniform(-1, 1)  # noqa: S311  spreads retries, hides nothing
                    due = outcomes.next_attempt(essais, premier, now, chance, retry_after_s)
                    health = Health(essais, premier, None, due, est_suspendu=due is None)
                    await store.set_health(conn, target.id, health, now)
                case _:
                    assert_never(outcome)
        self._wake()

    async def _test(self, target: Target) -> None:
        outcome = await self._post(target, ESSAI, {})
        erreur = outcome.erreur if isinstance(outcome, Failed) else None
        async with self._pool.acquire() as conn:
            await store.tested(conn, target.id, datetime.now(UTC), outcome.code, erreur)

    async def _post(self, target: Target, nom: str, data: dict[str, str]) -> Delivered | Failed | Gone:
        identifier = uuid7()
        content = orjson.dumps(event(identifier, nom, {"abonnement": str(target.id), **data}, datetime.now(UTC)))
        with telemetry.span(
            nom, kind=SpanKind.CLIENT, relais_partenaire=target.partenaire, relais_abonnement=str(target.id)
        ) as span:
            headers = request_headers(target, str(identifier), content, SINGLE)
            answer = await self._client.post(target.url, headers, content)
            if isinstance(answer, Answer):
                telemetry.annotate(span, http__response__status_code=answer.status)
            return outcomes.of_answer(answer)


def event(identifier: UUID, nom: str, data: dict[str, str], now: datetime) -> dict[str, object]:
    """A CloudEvent of the gateway itself, about no parcours."""
    return {
        "specversion": "1.0",
        "id": str(identifier),
        "source": SOURCE,
        "type": type_cloudevents(nom),
        "time": now.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
