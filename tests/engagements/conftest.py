"""The service on a database of its own, decided by a clock that the test moves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.database import Pool
from chassis.depots import Engine, Reponse
from chassis.facts import Entree, FaitEnregistre
from services.engagements.app import SERVICE
from services.order import in_order
from tests.engagements.fabrique import (
    PARCOURS,
    SIGNATURE,
    a,
    decidee_json,
    depot,
    evenement,
    propose_json,
    signe_json,
)
from tests.engines import Bench


class Essai:
    """An engine of the service and what a test asks of it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.maintenant: datetime = a(date(2026, 12, 2))
        self.engine: Engine[Any, Any, Any, Any] = Engine(
            in_order(SERVICE.brique), pool, on_facts=lambda: None, clock=lambda: self.maintenant
        )

    async def decider(self, *entrees: Entree) -> Sequence[Reponse]:
        return await self.engine.decide(entrees)

    async def accepte(self, *entrees: Entree) -> Sequence[FaitEnregistre]:
        """What the last one led to."""
        reponses = await self.decider(*entrees)
        assert {reponse.etat for reponse in reponses} == {"accepte"}, reponses
        return reponses[-1].faits

    async def refuse(self, entree: Entree) -> str:
        """All that was said before has been heard."""
        [reponse] = await self.decider(replace(entree, au_repos=True))
        assert reponse.etat == "refuse"
        assert reponse.refus is not None, reponse
        return reponse.refus.code

    async def accompagner(self, parcours: UUID = PARCOURS, *, notifiee_le: str = "2026-03-18") -> None:
        """Oriented towards a social parcours, notified, followed by an active référent."""
        await self.accepte(
            evenement("usager.signale", {"brsa": True}, parcours),
            evenement("orientation.decidee", decidee_json(), parcours),
            evenement("orientation.notifiee", {"date_notification": notifiee_le}, parcours),
            evenement("referent.designe", {}, parcours),
            evenement("referent.accepte", {}, parcours),
        )

    async def engager(
        self, parcours: UUID = PARCOURS, *, le: date = SIGNATURE, notifiee_le: str = "2026-03-18"
    ) -> Sequence[FaitEnregistre]:
        await self.accompagner(parcours, notifiee_le=notifiee_le)
        return await self.accepte(
            depot("contrat.propose", propose_json(), parcours), depot("contrat.signe", signe_json(le), parcours)
        )

    async def lire(self, vue: str, **demande: Any) -> Any:
        async with self.pool.acquire() as conn:
            return await SERVICE.lectures[vue](conn, demande)

    async def compte(self, table: str, parcours: UUID = PARCOURS) -> int:
        """Rows of `table` that name this parcours, under whichever column and wherever in the row."""
        async with self.pool.acquire() as conn:
            found: int = await conn.fetchval(
                f"SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text LIKE '%' || $1 || '%'", str(parcours)
            )
            return found


@pytest.fixture
async def essai(banc: Bench) -> Essai:
    return Essai(await banc.pool("engagements"))
