"""What is sent of no event: the handshake that opens a subscription, and the test that its partner asks for.

Before the first delivery the address receives a signed POST of type `fr.insertion.abonnement.verification.v1` whose
data hold a `defi`; any 2xx opens the subscription (sending the challenge back is allowed and not required, so that an
endpoint that only knows Standard Webhooks passes). It is tried again by the schedule of deliveries, then suspended.
"""

import asyncio
import random
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never
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
from gateway.outbound.http_client import Answer, HttpClient
from gateway.outbound.outcomes import Delivered, Failed, Gone, Health
from gateway.outbound.sharing import SOURCE
from gateway.outbound.store import delivery as store
from gateway.outbound.targets import SINGLE, Target, Targets, request_headers

_log = structlog.get_logger()
VERIFICATION = "abonnement.verification"
ESSAI = "abonnement.essai"
_LEASE = timedelta(seconds=60)
_AT_ONCE = 16
_IDLE_S = 0.5
_AWAY_S = 1.0


class Signals:
    """`wake` is called when a subscription opens: its queue may be full already."""

    def __init__(self, pool: Pool, client: HttpClient, targets: Targets, wake: Callable[[], None]) -> None:
        self._pool = pool
        self._client = client
        self._targets = targets
        self._wake = wake

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                sent = await self.send_due()
            except Exception:  # the sender goes on beside it, and so does this loop
                await _log.aexception("signals.claim_failed")
                await wait(stop, _AWAY_S)
                continue
            if not sent:
                await wait(stop, _IDLE_S)

    async def send_due(self) -> int:
        """Send what is due now, together; returns how many."""
        now = datetime.now(UTC)
        async with self._pool.acquire() as conn:
            rows = await store.claim_signals(conn, now, now + _LEASE, _AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(self._send(row))
        return len(rows)

    async def _send(self, row: Record) -> None:
        """Whatever goes wrong with this subscription stays with it."""
        try:
            target = self._targets.read(row)
            if row["etat"] == "a-verifier":
                await self._verify(row, target)
            if row["est_essai"]:
                await self._test(row, target)
        except TRANSIENT as error:  # its lease ends, and it is due again
            await _log.awarning("signals.database_away", error=type(error).__name__)
        except Exception:
            await _log.aexception("signals.failed", abonnement=str(row["id"]))

    async def _verify(self, row: Record, target: Target) -> None:
        outcome = await self.post(target, VERIFICATION, {"defi": secrets.token_urlsafe(24)})
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

    async def _test(self, row: Record, target: Target) -> None:
        outcome = await self.post(target, ESSAI, {})
        erreur, now = outcome.erreur if isinstance(outcome, Failed) else None, datetime.now(UTC)
        async with self._pool.acquire() as conn, conn.transaction():
            await store.tested(conn, target.id, now, outcome.code, erreur)
            if isinstance(outcome, Delivered) and row["etat"] == "actif":  # what was held against it is forgotten
                await store.recover(conn, [target.id], now)
        self._wake()

    async def post(self, target: Target, nom: str, data: Mapping[str, Any]) -> Delivered | Failed | Gone:
        """Send an event of the gateway itself to a subscription, once."""
        identifier = uuid7()
        content = orjson.dumps(event(identifier, nom, {"abonnement": str(target.id), **data}, datetime.now(UTC)))
        with telemetry.span(
            nom, kind=SpanKind.CLIENT, relais_partenaire=target.partenaire, relais_abonnement=str(target.id)
        ) as span:
            headers = request_headers(target, str(identifier), content, SINGLE)
            try:
                answer = await self._client.post(target.url, headers, content, target.hotes)
            except Exception:  # an outcome like another: what follows is the schedule's, or the partner's to read
                await _log.aexception("signals.post_failed", abonnement=str(target.id))
                return outcomes.UNEXPECTED
            if isinstance(answer, Answer):
                telemetry.annotate(span, http__response__status_code=answer.status)
            return outcomes.of_answer(answer)


def event(identifier: UUID, nom: str, data: Mapping[str, Any], now: datetime) -> dict[str, object]:
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
