"""Single use of assertions and proofs in PostgreSQL: shared by all processes, and kept across restarts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from chassis.database import TRANSIENT, Connection, Pool
from chassis.microbatch import MicroBatch
from relais_contrats.oauth.errors import ReservationIndisponible
from relais_contrats.oauth.usages import UsageUnique

# In the order of the key, so that two batches that share fingerprints wait for one another instead of deadlocking.
RESERVER: Final = """
INSERT INTO usages_uniques (empreinte, expire_le)
SELECT empreinte, expire_le FROM unnest($1::bytea[], $2::timestamptz[]) AS u (empreinte, expire_le)
ORDER BY empreinte
ON CONFLICT DO NOTHING
RETURNING empreinte
"""
RENDRE: Final = "DELETE FROM usages_uniques WHERE empreinte = ANY($1::bytea[])"
PURGER: Final = """
DELETE FROM usages_uniques WHERE empreinte IN (
    SELECT empreinte FROM usages_uniques WHERE expire_le < $1 ORDER BY expire_le LIMIT $2 FOR UPDATE SKIP LOCKED
)
"""


async def reserver_lot(conn: Connection, demandes: Sequence[Sequence[UsageUnique]]) -> list[bool]:
    """Reserve the fingerprints of many requests at once, those of each request all or none; one verdict a request.

    Call it inside a transaction, and give no answer before the commit. Of two requests of one lot that share a
    fingerprint, the later is refused.
    """
    candidates: dict[bytes, datetime] = {}
    distinctes = [_ajouter(candidates, demande) for demande in demandes]
    rows = await conn.fetch(RESERVER, list(candidates), list(candidates.values()))
    obtenues = {row["empreinte"] for row in rows}
    verdicts = [
        distincte and all(usage.empreinte in obtenues for usage in demande)
        for demande, distincte in zip(demandes, distinctes, strict=True)
    ]
    gardees = {
        usage.empreinte for demande, verdict in zip(demandes, verdicts, strict=True) if verdict for usage in demande
    }
    if a_rendre := obtenues - gardees:
        await conn.execute(RENDRE, list(a_rendre))
    return verdicts


def _ajouter(candidates: dict[bytes, datetime], demande: Sequence[UsageUnique]) -> bool:
    empreintes = {usage.empreinte for usage in demande}
    if len(empreintes) != len(demande) or not empreintes.isdisjoint(candidates):
        return False
    candidates.update(demande)
    return True


async def purger(conn: Connection, maintenant: datetime, limite: int = 10_000) -> int:
    """Forget up to `limite` fingerprints that nothing accepts any more; how many they were."""
    status = await conn.execute(PURGER, maintenant, limite)
    return int(status.removeprefix("DELETE "))


class UsagesUniquesPostgres:
    """Gathers the reservations of many requests: alone each would cost a transaction. `lots.run` is its loop."""

    def __init__(self, pool: Pool, *, attente_s: float = 1.5) -> None:
        self._pool = pool
        self._attente_s = attente_s
        self.lots = MicroBatch(self._reserver_lot)

    async def reserver(self, usages: Sequence[UsageUnique]) -> bool:
        try:
            return await self.lots.submit(usages)
        except (asyncpg.PostgresError, *TRANSIENT) as error:
            raise ReservationIndisponible from error

    async def _reserver_lot(self, demandes: Sequence[Sequence[UsageUnique]]) -> list[bool]:
        async with self._pool.acquire(timeout=self._attente_s) as conn, conn.transaction():
            return await reserver_lot(conn, demandes)
