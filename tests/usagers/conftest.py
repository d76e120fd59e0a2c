"""The service on a database of its own, decided by a frozen clock."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from chassis.database import Pool
from chassis.depots import Engine, Reponse
from chassis.facts import Entree, FaitEnregistre
from services.usagers.app import assembler
from services.usagers.store import Coffre
from tests.engines import Bench
from tests.usagers.personnes import MAINTENANT, depot


class Essai:
    """An engine of the service and what a test asks of it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.service = assembler(Coffre(bytes(32), b"\x01" * 32))
        self.engine: Engine[Any, Any, Any, Any] = Engine(
            self.service.brique, pool, on_facts=lambda: None, clock=lambda: MAINTENANT
        )

    async def decider(self, *entrees: Entree) -> Sequence[Reponse]:
        return await self.engine.decide(entrees)

    async def accepte(self, entree: Entree) -> Sequence[FaitEnregistre]:
        [reponse] = await self.decider(entree)
        assert reponse.etat == "accepte", reponse
        return reponse.faits

    async def ouvrir(self, entree: Entree) -> UUID:
        """Signal a person and return the parcours that it got."""
        return (await self.accepte(entree))[0].agregat

    async def refuse(self, type_: str, donnees: dict[str, Any], agregat: UUID | None) -> str:
        [reponse] = await self.decider(depot(type_, donnees, agregat))
        assert reponse.refus is not None, reponse
        return reponse.refus.code

    async def lire(self, vue: str, **demande: Any) -> Any:
        async with self.pool.acquire() as conn:
            return await self.service.lectures[vue](conn, demande)


@pytest.fixture
async def essai(banc: Bench) -> Essai:
    return Essai(await banc.pool("usagers"))
