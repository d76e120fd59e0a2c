"""The heads of the chains of receipts on a day: what its root stands on.

Nothing is stored: receipts are never purged and no later one changes a day that is over. Whoever kept the root of a
day sees whether the hub still tells the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Connection, Record
from relais_contrats.racines import feuille
from relais_contrats.recus import contenu

# From one chain to the next by the index, with its last receipt: the table is not read.
_CHAINS = """
WITH RECURSIVE chaines AS (
    (SELECT chaine FROM recus ORDER BY chaine LIMIT 1)
    UNION ALL
    SELECT (SELECT r.chaine FROM recus r WHERE r.chaine > c.chaine ORDER BY r.chaine LIMIT 1)
    FROM chaines c WHERE c.chaine IS NOT NULL
)
SELECT dernier.* FROM chaines c CROSS JOIN LATERAL (
    SELECT chaine, rang, jws, empreinte FROM recus r WHERE r.chaine = c.chaine ORDER BY rang DESC LIMIT 1
) dernier ORDER BY chaine
"""
_ONE = "SELECT chaine, rang, jws, empreinte FROM recus WHERE chaine = $1 AND rang = $2"


@dataclass(frozen=True, slots=True)
class Head:
    """The last receipt of a chain on that day."""

    chaine: UUID
    rang: int
    empreinte: str
    partenaire: str

    @property
    def leaf(self) -> bytes:
        return feuille(str(self.chaine), self.rang, self.empreinte)


async def heads(conn: Connection, start: datetime) -> list[Head]:
    """Of every chain that has a receipt of the day that begins at `start`, in the order of the leaves."""
    begin_s, end_s = int(start.timestamp()), int((start + timedelta(days=1)).timestamp())
    found: list[Head] = []
    for last in await conn.fetch(_CHAINS):
        row = await _before(conn, last, end_s) if _made_s(last) >= begin_s else None
        if row and _made_s(row) >= begin_s:
            whose = contenu(row["jws"])["partenaire"]
            found.append(Head(row["chaine"], row["rang"], row["empreinte"].hex(), whose))
    return found


async def _before(conn: Connection, last: Record, end_s: int) -> Record | None:
    """The last receipt of this chain that was made before the end of the day, looked for by halves."""
    if _made_s(last) < end_s:
        return last
    found, low, high = None, 1, last["rang"] - 1
    while low <= high:
        middle = (low + high) // 2
        row = await conn.fetchrow(_ONE, last["chaine"], middle)
        if row and _made_s(row) < end_s:
            found, low = row, middle + 1
        else:
            high = middle - 1
    return found


def _made_s(row: Record) -> int:
    return int(contenu(row["jws"])["iat"])
