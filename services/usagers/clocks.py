"""Who waited for a territory to be served moves when it is."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from chassis import telemetry
from chassis.database import Pool
from chassis.depots import Engine
from chassis.facts import Entree
from chassis.waiting import wait
from services.usagers.domain.echeances import TRANSFERT
from services.usagers.store import territoires

_LOOK_EVERY_S = 5.0
_AT_ONCE = 256


class Arrivees:
    """Moves persons who waited for the département of their new territory to become a partner. Its day is not known
    beforehand."""

    def __init__(self, engine: Engine[Any, Any, Any, Any], pool: Pool, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._pool = pool
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not await self.accueillir():
                await wait(stop, _LOOK_EVERY_S)

    async def accueillir(self) -> int:
        """Move the persons whose territory is served now; return how many."""
        async with self._pool.acquire() as conn:
            attendus = await territoires.attendus(conn, _AT_ONCE)
        reponses = await self._engine.decide([self._entree(*attendu) for attendu in attendus]) if attendus else []
        return sum(reponse.etat == "accepte" and bool(reponse.faits) for reponse in reponses)

    def _entree(self, parcours: UUID, departement: str) -> Entree:
        now = self._clock()
        return Entree(
            # No UUIDv7, which is the id of a deposit: the gateway would wait for it.
            id=uuid5(parcours, f"arrivee {now.isoformat()}"),
            nature="echeance",
            type=f"echeance.{TRANSFERT}",
            agregat=parcours,
            emetteur="/services/usagers",
            role="hub",
            partition=departement,
            donnees={},
            survenu_a=now,
            recu_a=now,
            trace=telemetry.traceparent(),
        )
