"""A subscription that was suspended is told: to its partner by an event in its feed, to operators by a span and a log.

The notice is a row of deliveries like any other, so the partner's other webhooks push it too. It is written apart from
the settlement that suspends: numbers of deliveries are given under the lock of the fan-out, and nothing that holds
queues may wait for it.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from opentelemetry.trace import StatusCode
from uuid_utils.compat import uuid7

from chassis import telemetry
from chassis.database import TRANSIENT, Connection, Pool, Record
from chassis.facts import type_cloudevents
from chassis.process import wait
from coffre.keys import Vault
from gateway.outbound.sharing import SOURCE
from gateway.outbound.store import suspensions as store
from gateway.outbound.told import Evenement, Livraison
from relais_contrats.droits import Role

_log = structlog.get_logger()
SUSPENDU = "abonnement.suspendu"
_FAILED = "L'adresse est en échec depuis plus de 72 heures."
_BY_OPERATORS = "L'exploitation du relais a suspendu cet abonnement : voyez avec elle."
_LOOK_EVERY_S = 1.0


class Suspensions:
    """`wake` is called when another subscription of the partner has the notice to push."""

    def __init__(self, pool: Pool, vault: Vault, wake: Callable[[], None]) -> None:
        self._pool = pool
        self._vault = vault
        self._wake = wake

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.tell_due()
            except TRANSIENT as error:
                await _log.awarning("suspensions.database_away", error=type(error).__name__)
            await wait(stop, _LOOK_EVERY_S)

    async def tell_due(self) -> int:
        """Tell what is not told yet, once over all processes; returns how many."""
        async with self._pool.acquire() as conn:
            told = [one for id_ in await store.untold(conn) if (one := await self._tell_one(conn, id_))]
        for row, notice in told:
            await _show(row, notice)
        if told:
            self._wake()
        return len(told)

    async def _tell_one(self, conn: Connection, abonnement: UUID) -> tuple[Record, UUID] | None:
        """In its own transaction: one that cannot be told keeps nobody from hearing of another."""
        try:
            async with conn.transaction():
                row = await store.tell(conn, abonnement)
                return (row, await _tell(conn, self._vault, row)) if row else None
        except TRANSIENT:
            raise
        except Exception:
            await _log.aexception("suspensions.failed", abonnement=str(abonnement))
            return None


async def _tell(conn: Connection, vault: Vault, row: Record) -> UUID:
    identifier = uuid7()
    notice = Evenement(identifier, row["id"], SUSPENDU, _body(identifier, row))
    others = await store.others_of(conn, row["partenaire"], SUSPENDU, row["id"])
    roles = frozenset({Role.TITULAIRE})
    livraison = Livraison(row["partenaire"], identifier, row["id"], SUSPENDU, roles, others)
    await store.insert(conn, vault, notice, livraison, datetime.now(UTC))
    return identifier


def _body(identifier: UUID, row: Record) -> dict[str, Any]:
    """The CloudEvent, about no parcours. Every event has a `departement`: here the first of the partner's own."""
    return {
        "specversion": "1.0",
        "id": str(identifier),
        "source": SOURCE,
        "type": type_cloudevents(SUSPENDU),
        "time": row["suspendu_a"].isoformat(),
        "datacontenttype": "application/json",
        "departement": min(row["departements"]),
        "data": {
            "abonnement": str(row["id"]),
            "echecs_depuis": row["echecs_depuis"].isoformat(),
            "suspendu_a": row["suspendu_a"].isoformat(),
            "motif": _BY_OPERATORS if row["suspendu_par"] else _FAILED,
        },
    }


async def _show(row: Record, notice: UUID) -> None:
    """One span of its own, marked as an error: it is what the console's page of the partner shows."""
    with telemetry.span(
        SUSPENDU,
        relais_type=SUSPENDU,
        relais_partenaire=row["partenaire"],
        relais_abonnement=str(row["id"]),
        relais_livraison=str(notice),
        relais_etat="suspendu",
    ) as span:
        span.set_status(StatusCode.ERROR)
        await _log.awarning("subscription.suspended", abonnement=str(row["id"]), partenaire=row["partenaire"])
