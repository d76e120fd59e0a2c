"""Runs the retention: parcours to the archive, back from it, and erasures deposited like those that a département asks
for, so that every service and every partner hears of them in the same way.
"""

import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import orjson
import structlog
from uuid_utils.compat import uuid7

from chassis.database import Pool
from chassis.facts import Entree
from chassis.process import wait
from gateway import archives
from gateway.inbound.deposit import store
from gateway.inbound.deposit.cabinet import Cabinet
from gateway.inbound.deposit.store import NewDeposit

_log = structlog.get_logger()
_EVERY_S = 60.0
_ARCHIVE_EVERY = 24 * 60
# No partner can bear this name: its first sign is not one of a code.
_HUB, _SOURCE = "_passerelle", "/services/passerelle"
_MOTIF = "Durée légale de conservation échue (CASF R. 263-8)."
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('conservation', 0))"


class Retention:
    def __init__(self, pool: Pool, cabinet: Cabinet) -> None:
        self._pool = pool
        self._cabinet = cabinet

    async def run(self, stop: asyncio.Event) -> None:
        """What comes back is seen within a minute; what is put away or erased, within a day."""
        turn = 0
        while not stop.is_set():
            await self.turn(datetime.now(UTC), whole=turn % _ARCHIVE_EVERY == 0)
            turn += 1
            await wait(stop, _EVERY_S)

    async def turn(self, now: datetime, *, whole: bool = True) -> None:
        """One process at a time; the others leave it to that one."""
        async with self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchval(_LOCK):
                return
            await archives.take_out(conn)
            if whole:
                put_away = await archives.archive(conn, now)
                erased = [
                    self._erasure(row["parcours"], row["departement"], now) for row in await archives.due(conn, now)
                ]
                known = await store.known(conn, [(one.partenaire, one.message) for one in erased])
                asked = {(row["partenaire"], row["message"]) for row in known}
                erased = [one for one in erased if (one.partenaire, one.message) not in asked]
                if erased:
                    await store.insert(conn, erased, now)
                if put_away or erased:
                    _log.info("retention.turn", archives=put_away, effacements=len(erased))

    def _erasure(self, parcours: UUID, departement: str, now: datetime) -> NewDeposit:
        entree = Entree(
            id=uuid7(),
            nature="depot",
            type="usager.efface",
            agregat=parcours,
            emetteur=_SOURCE,
            role="hub",
            partition=departement,
            donnees={"motif": _MOTIF},
            survenu_a=now,
            recu_a=now,
            message=f"conservation-{parcours}",
            empreinte=sha256(parcours.bytes).hexdigest(),
        )
        return NewDeposit(
            id=entree.id,
            partenaire=_HUB,
            message=entree.message or "",
            empreinte=bytes.fromhex(entree.empreinte or ""),
            type=entree.type,
            brique="usagers",
            parcours=parcours,
            agent="batch",
            finalite="accompagnement",
            corps=self._cabinet.seal(entree.id, orjson.dumps(entree.en_json())),
            trace=None,
            prochain_essai=now,
            departement=departement,
        )
