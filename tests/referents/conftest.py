"""The service on a database of its own, decided by a clock that the test moves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.database import Pool
from chassis.depots import Engine, Reponse
from chassis.facts import Entree, FaitEnregistre
from services.order import in_order
from services.referents.app import SERVICE
from tests.engines import Bench
from tests.referents.fabrique import (
    MAINTENANT,
    PARCOURS,
    decidee_json,
    depot,
    designe_json,
    evenement,
)


class Essai:
    """An engine of the service and what a test asks of it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.maintenant: datetime = MAINTENANT
        self.engine: Engine[Any, Any, Any, Any] = Engine(
            in_order(SERVICE.brique), pool, on_facts=lambda: None, clock=lambda: self.maintenant
        )

    async def decider(self, *entrees: Entree) -> Sequence[Reponse]:
        return await self.engine.decide(entrees)

    async def accepte(self, entree: Entree) -> Sequence[FaitEnregistre]:
        [reponse] = await self.decider(entree)
        assert reponse.etat == "accepte", reponse
        return reponse.faits

    async def refuse(self, entree: Entree) -> str:
        """All that was said before has been heard."""
        [reponse] = await self.decider(replace(entree, au_repos=True))
        assert reponse.etat == "refuse"
        assert reponse.refus is not None, reponse
        return reponse.refus.code

    async def orienter(self, parcours: UUID = PARCOURS, **autres: Any) -> Sequence[FaitEnregistre]:
        await self.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}, parcours))
        return await self.accepte(
            evenement("orientation.decidee", decidee_json(**autres), parcours, brique="orientation")
        )

    async def suivre(self, parcours: UUID = PARCOURS) -> None:
        """Oriented towards the Pôle and followed by its agent."""
        await self.orienter(parcours)
        await self.accepte(depot("referent.designe", designe_json(), parcours))
        await self.accepte(depot("referent.accepte", {}, parcours))

    async def lire(self, vue: str, a: datetime | None = None, **demande: Any) -> Any:
        """A read as if it were asked at `a`, by default one minute after the deposits of the test."""
        a = a or self.maintenant + timedelta(minutes=1)
        async with self.pool.acquire() as conn:
            return await SERVICE.lectures[vue](conn, {**demande, "maintenant": a.isoformat()})

    async def compte(self, table: str, parcours: UUID = PARCOURS) -> int:
        """Rows of `table` that name this parcours, under whichever column and wherever in the row."""
        async with self.pool.acquire() as conn:
            found: int = await conn.fetchval(
                f"SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text LIKE '%' || $1 || '%'", str(parcours)
            )
            return found


@pytest.fixture
async def essai(banc: Bench) -> Essai:
    return Essai(await banc.pool("referents"))
