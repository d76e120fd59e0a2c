"""The service on a database of its own, decided by a frozen clock."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from chassis.depots import Engine, Reponse
from chassis.facts import Entree, FaitEnregistre
from chassis.process import Process
from services.order import in_order
from services.usagers.app import SERVICE
from tests.engines import Bench
from tests.usagers.personnes import MAINTENANT, depot


class Essai:
    """An engine of the service and what a test asks of it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.pool = process.pool
        self.service = SERVICE
        self.engine: Engine[Any, Any, Any, Any] = Engine(
            in_order(self.service.brique), self.pool, on_facts=lambda: None, clock=lambda: MAINTENANT
        )

    async def decider(self, *entrees: Entree) -> Sequence[Reponse]:
        return await self.engine.decide(entrees)

    async def servir(self, *departements: str) -> None:
        """Those of which a département is a partner, as the door tells it."""
        async with self.pool.acquire() as conn:
            await self.service.reglages["territoires"](conn, {"departements": departements})

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

    async def resoudre(self, *departements: str, **demande: Any) -> Any:
        """A search by a partner of these départements; what the meter is told of it left out."""
        answer = await self.lire("resoudre", departements=departements or ("59",), **demande)
        return {nom: valeur for nom, valeur in answer.items() if nom != "ailleurs"}

    async def lire(self, vue: str, **demande: Any) -> Any:
        async with self.pool.acquire() as conn:
            return await self.service.lectures[vue](conn, demande)


@pytest.fixture
async def essai(banc: Bench) -> Essai:
    return Essai(await banc.process("usagers", "usagers"))
