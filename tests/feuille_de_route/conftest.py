"""The service on a database of its own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest

from chassis.database import Pool
from chassis.depots import Engine, Reponse
from chassis.facts import Entree, FaitEnregistre
from services.feuille_de_route.app import SERVICE
from services.feuille_de_route.domain.dossier import Dossier
from services.feuille_de_route.store.dossiers import REGISTRE
from services.order import in_order
from tests.engines import Bench
from tests.feuille_de_route.fabrique import JOUR, PARCOURS, a, evenement_neuf


class Essai:
    """An engine of the service and what a test asks of it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.engine: Engine[Any, Any, Any, Any] = Engine(
            in_order(SERVICE.brique), pool, on_facts=lambda: None, clock=lambda: a(JOUR, 18)
        )

    async def decider(self, *entrees: Entree) -> Sequence[Reponse]:
        return await self.engine.decide(entrees)

    async def accepte(self, *entrees: Entree) -> Sequence[FaitEnregistre]:
        reponses = await self.decider(*entrees)
        assert {reponse.etat for reponse in reponses} == {"accepte"}, reponses
        return [fait for reponse in reponses for fait in reponse.faits]

    async def refuse(self, entree: Entree) -> str:
        [reponse] = await self.decider(entree)
        assert reponse.refus is not None, reponse
        return reponse.refus.code

    async def ouvrir(self, parcours: UUID = PARCOURS) -> None:
        await self.accepte(evenement_neuf("parcours.ouvert", agregat=parcours, sequence=2))

    async def lire(self, vue: str, **demande: Any) -> Any:
        """What the partner's side of the bus reads."""
        async with self.pool.acquire() as conn:
            return orjson.loads(orjson.dumps(await SERVICE.lectures[vue](conn, demande)))

    async def feuille(self, parcours: UUID = PARCOURS) -> Any:
        return await self.lire("feuille", parcours=str(parcours))

    async def vue(self, parcours: UUID = PARCOURS) -> bytes:
        """The bytes as stored."""
        vue: bytes = await self.pool.fetchval("SELECT vue FROM feuilles WHERE parcours = $1", parcours)
        return vue

    async def dossier(self, parcours: UUID = PARCOURS) -> Dossier:
        """That of the parcours that goes on."""
        async with self.pool.acquire() as conn:
            return (await REGISTRE.famille(conn, parcours))[0]

    async def compte(self, table: str, parcours: UUID = PARCOURS) -> int:
        """Rows of `table` that name this parcours, under whichever column and wherever in the row."""
        found: int = await self.pool.fetchval(
            f"SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text LIKE '%' || $1 || '%'", str(parcours)
        )
        return found


@pytest.fixture
async def essai(banc: Bench) -> Essai:
    return Essai(await banc.pool("feuille_de_route"))
