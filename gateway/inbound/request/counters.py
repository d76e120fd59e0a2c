"""What partners use up over a day or an hour, counted over all processes: in memory here, shared every second.

A request waits for no counter: a crash forgets one second of counting, and several processes together overshoot a
quota by what they admit in one.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from chassis.database import Connection, Pool
from chassis.process import wait

SHARE_EVERY_S = 1.0
REQUETES, RECHERCHES, SIGNALEMENTS = "requetes", "recherches", "signalements"
TROUVEES, AILLEURS = "personnes-trouvees", "personnes-ailleurs"
"""Of the persons searched or signalled: those that the hub knew, those of another territory."""
SUSPENSIONS = "suspensions"
"""Of the partner, for the persons that it named."""
DES_PERSONNES = (RECHERCHES, SIGNALEMENTS, TROUVEES, AILLEURS)
PERIODS: Mapping[str, timedelta] = {REQUETES: timedelta(days=1)} | dict.fromkeys(
    (*DES_PERSONNES, SUSPENSIONS), timedelta(hours=1)
)

# In the order of the key, so that two processes wait for one another instead of deadlocking.
_ADD = """
INSERT INTO compteurs (partenaire, nature, debut, nombre)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[]) AS c(partenaire, nature, debut, nombre)
ORDER BY 1, 2, 3
ON CONFLICT (partenaire, nature, debut) DO UPDATE SET nombre = compteurs.nombre + EXCLUDED.nombre
RETURNING partenaire, nature, debut, nombre
"""
_FORGET = "DELETE FROM compteurs WHERE debut < $1"


class Key(NamedTuple):
    partenaire: str
    nature: str
    debut: datetime


class Counters:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._shared: dict[Key, int] = {}
        self._own: Counter[Key] = Counter()

    def add(self, partenaire: str, nature: str, now: datetime, cost: int = 1) -> int:
        """Count, and tell how much was used in the period, this included."""
        key = Key(partenaire, nature, period(nature, now))
        self._own[key] += cost
        return self._shared.get(key, 0) + self._own[key]

    def used(self, partenaire: str, nature: str, now: datetime) -> int:
        key = Key(partenaire, nature, period(nature, now))
        return self._shared.get(key, 0) + self._own.get(key, 0)

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await wait(stop, SHARE_EVERY_S)
            await self.share(datetime.now(UTC))

    async def share(self, now: datetime) -> None:
        """Add what was counted here to the common account, and learn what the others counted."""
        sent = {key: number for key, number in self._own.items() if number}
        if sent:
            columns = [list(column) for column in zip(*sent, strict=True)]
            async with self._pool.acquire() as conn:
                rows = await conn.fetch(_ADD, *columns, list(sent.values()))
            self._own.subtract(sent)
            for row in rows:
                self._shared[Key(row["partenaire"], row["nature"], row["debut"])] = row["nombre"]
        self._forget(now)

    def _forget(self, now: datetime) -> None:
        """Periods that are over."""
        for key in [key for key in self._shared if key.debut + PERIODS[key.nature] <= now and not self._own[key]]:
            del self._shared[key]
        for key in [key for key, number in self._own.items() if not number]:
            del self._own[key]


def period(nature: str, now: datetime) -> datetime:
    """When the current period began: midnight UTC, or the hour."""
    start = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return start.replace(hour=0) if nature == REQUETES else start


def seconds_left(nature: str, now: datetime) -> int:
    return int((period(nature, now) + PERIODS[nature] - now).total_seconds()) + 1


async def forget(conn: Connection, before: datetime) -> None:
    await conn.execute(_FORGET, before)
