"""The service on a database of its own, decided by a clock that the test moves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.database import Pool
from chassis.depots import Engine, Reponse
from chassis.facts import Entree, FaitEnregistre
from services.orientation.app import SERVICE
from tests.engines import Bench
from tests.orientation.fabrique import PARCOURS, RECEPTION, a, evenement


class Essai:
    """An engine of the service and what a test asks of it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.maintenant: datetime = a(RECEPTION, 18)
        self.engine: Engine[Any, Any, Any, Any] = Engine(
            SERVICE.brique, pool, on_facts=lambda: None, clock=lambda: self.maintenant
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

    async def ouvrir(self, parcours: UUID = PARCOURS, *, brsa: bool = True, droit: bool = False) -> None:
        donnees: dict[str, Any] = {"brsa": brsa, "origine": "inscription-auto-caf"}
        if droit:
            donnees["date_reception_droit"] = RECEPTION.isoformat()
        await self.accepte(evenement("usager.signale", donnees, parcours))

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
    return Essai(await banc.pool("orientation"))
