"""The loops of the catalogue: announced withdrawals, and maintenance.

A withdrawal is not a due date of a dossier: it comes from a deposit or from an import of many thousand services, and
concerns everybody with a prescription there.
"""

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
from services.offres.domain.prescription import RETRAIT
from services.offres.store import catalogue, retraits

_LOOK_EVERY_S = 1.0
_WITHDRAWALS_AT_ONCE = 1_000
_DECIDED_AT_ONCE = 256
_CARE_EVERY_S = 3600.0
_CARE_TIMEOUT_S = 600.0


class Retraits:
    """Withdraws services on their announced day, and expires the prescriptions that wait for them. A row is deleted
    once all its dossiers are decided."""

    def __init__(self, engine: Engine[Any, Any, Any, Any], pool: Pool, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._pool = pool
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not (await self.retirer() + await self.annoncer()):
                await wait(stop, _LOOK_EVERY_S)

    async def retirer(self) -> int:
        """Withdraw the services and structures of this day; return how many."""
        now = self._clock()
        async with self._pool.acquire() as conn:
            if not await retraits.y_en_a_de_dus(conn, now):
                return 0
            async with conn.transaction():
                await catalogue.verrouiller(conn)  # before any other lock, like every writer of the catalogue
                dus = await retraits.dus(conn, now, _WITHDRAWALS_AT_ONCE)
                await catalogue.retirer(conn, dus, now)
        return len(dus)

    async def annoncer(self) -> int:
        """Announce the oldest withdrawals to the dossiers; return how many."""
        async with self._pool.acquire() as conn:
            prochains = await retraits.prochains(conn, _WITHDRAWALS_AT_ONCE)
            if not prochains:
                return 0
            concernes = await retraits.concernes(conn, [service for _, service in prochains])
        dernier = prochains[-1][0]
        entrees = [self._entree(parcours, departement, dernier) for parcours, departement in concernes]
        for debut in range(0, len(entrees), _DECIDED_AT_ONCE):
            reponses = await self._engine.decide(entrees[debut : debut + _DECIDED_AT_ONCE])
            if any(reponse.etat == "attente" for reponse in reponses):
                return 0
        async with self._pool.acquire() as conn:
            await retraits.annoncer(conn, [numero for numero, _ in prochains])
        return len(prochains)

    def _entree(self, parcours: UUID, departement: str, retrait: int) -> Entree:
        now = self._clock()
        return Entree(
            id=uuid5(parcours, f"retrait {retrait}"),
            nature="echeance",
            type=f"echeance.{RETRAIT}-{retrait}",
            agregat=parcours,
            emetteur="/services/offres",
            role="hub",
            partition=departement,
            donnees={},
            survenu_a=now,
            recu_a=now,
            trace=telemetry.traceparent(),
        )


class Entretien:
    """Maintains a catalogue that only deposits feed: deletes rows that no cursor may ask for, and refreshes indexes and
    statistics. Replicas that run at once wait for one another."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock
        self._version = -1

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.entretenir()
            await wait(stop, _CARE_EVERY_S)

    async def entretenir(self) -> bool:
        """Whether the catalogue had changed since the last time; nothing is done to one that had not."""
        async with self._pool.acquire() as conn:
            async with conn.transaction():
                await catalogue.purger(conn, self._clock())
            version = await catalogue.version_courante(conn)
            if version == self._version:
                return False
            await catalogue.entretenir(conn, timeout_s=_CARE_TIMEOUT_S)
            self._version = version
            return True
