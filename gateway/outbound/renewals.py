"""What waited for a convention leaves when it is renewed, what waited for an operator when it is tried again.

A delivery that may not leave steps out of its queue (`retenu`) and out of the feed (`retenue`): nothing of it is tried,
counted as a failure or in the way of anything else. Here it is put back, in its order, after what went on meanwhile.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from chassis.database import TRANSIENT, Pool
from chassis.waiting import wait
from gateway.outbound.effects import Repertoire
from gateway.outbound.store import renewals as store
from gateway.outbound.store.renewals import Kind
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.droits import Demandeur, Ferme, passer
from relais_contrats.partenaires import jour_des_conventions

_log = structlog.get_logger()
_LOOK_EVERY_S = 1.0
# Another process may hold something back a moment after a renewal that it has not heard of yet.
_LOOK_AGAIN = timedelta(seconds=10)


class Renewals:
    """`wake` is called when there is something to push again."""

    def __init__(self, pool: Pool, repertoire: Repertoire, wake: Callable[[], None]) -> None:
        self._pool = pool
        self._repertoire = repertoire
        self._wake = wake
        self._looked_at: dict[str, tuple[Demandeur, datetime]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.resume_due(datetime.now(UTC))
            except TRANSIENT as error:
                await _log.awarning("renewals.database_away", error=type(error).__name__)
            await wait(stop, _LOOK_EVERY_S)

    async def resume_due(self, now: datetime) -> int:
        """Put back what may leave again; how many rows."""
        async with self._pool.acquire() as conn:
            if await store.try_again(conn, now):
                self._looked_at = {}
            codes = await store.waiting(conn)
        self._looked_at = {code: state for code, state in self._looked_at.items() if code in codes}
        resumed = sum([await self._resume(code, now) for code in codes])
        if resumed:
            self._wake()
        return resumed

    async def _resume(self, code: str, now: datetime) -> int:
        """Looks at the rows of a partner when it, or the day, has changed; now and then in any case."""
        partenaire = self._repertoire.partenaire(code)
        if partenaire is None:
            return 0
        demandeur = Demandeur(partenaire, partenaire.scopes, jour_des_conventions(now))
        before, looked_at = self._looked_at.get(code, (None, now))
        if before == demandeur and now - looked_at < _LOOK_AGAIN:
            return 0
        self._looked_at[code] = (demandeur, now)
        async with self._pool.acquire() as conn, conn.transaction():
            opened = [kind for kind in await store.kinds(conn, code) if _leaves(demandeur, kind)]
            resumed = await store.resume(conn, code, opened, now) if opened else 0
        if resumed:
            await _log.ainfo("renewals.resumed", partenaire=code, rows=resumed)
        return resumed


def _leaves(demandeur: Demandeur, kind: Kind) -> bool:
    return passer(demandeur, kind.roles, CATALOGUE[kind.type]) is not Ferme.ATTENTE
