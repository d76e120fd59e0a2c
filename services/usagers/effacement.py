"""The loop that makes the stream forget erased persons: message by message, by sequence, until nothing is left."""

import asyncio
from datetime import UTC, datetime

import structlog

from chassis.bus import Bus
from chassis.database import Pool
from chassis.process import wait
from services.usagers.store import effacements

_log = structlog.get_logger()
_PAUSE_S = 1.0
_FLUX = "PARCOURS"


class Effaceur:
    """Any replica may run it: deleting a message twice changes nothing."""

    def __init__(self, pool: Pool, bus: Bus) -> None:
        self._pool = pool
        self._bus = bus

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.passer(datetime.now(UTC))
            await wait(stop, _PAUSE_S)

    async def passer(self, maintenant: datetime) -> int:
        """Go on with every erasure under way; returns how many were finished."""
        async with self._pool.acquire() as conn:
            en_cours = await effacements.en_cours(conn)
        finis = 0
        for parcours, sequences, reste in en_cours:
            for sequence in sequences:
                await self._bus.delete(_FLUX, sequence)
            async with self._pool.acquire() as conn:
                await effacements.retirer_du_flux(conn, parcours, sequences)
                if not reste:
                    await effacements.achever(conn, [parcours], maintenant)
                    finis += 1
        if finis:
            await _log.ainfo("effacement.acheve", parcours=finis)
        return finis
