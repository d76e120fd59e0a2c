"""Roles that end on a day to come: the former territory of a parcours that moved. SQL of the fan-out."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection, write
from gateway.outbound.effects import Partira

_ANNOUNCE = """
INSERT INTO departs (parcours, partenaire, role, le)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])
ON CONFLICT (parcours, partenaire, role) DO UPDATE SET le = EXCLUDED.le
"""
_STAY = """
DELETE FROM departs d USING unnest($1::uuid[], $2::text[]) AS r(parcours, partenaire)
WHERE (d.parcours, d.partenaire) = (r.parcours, r.partenaire)
"""
_ERASE = """
DELETE FROM departs
WHERE parcours IN (SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""
_LEAVE = """
WITH echus AS (DELETE FROM departs WHERE le <= $1 RETURNING parcours, partenaire, role)
UPDATE participations p SET fin = $1
FROM echus e LEFT JOIN alias a ON a.absorbe = e.parcours
WHERE p.parcours = coalesce(a.survivant, e.parcours) AND (p.partenaire, p.role) = (e.partenaire, e.role)
AND p.fin IS NULL
"""


async def annoncer(conn: Connection, departs: Sequence[Partira], revenus: Collection[tuple[UUID, str]]) -> None:
    """Whoever enters again with its territory stays; the others leave when their last day is over."""
    if revenus:
        await conn.execute(_STAY, [parcours for parcours, _ in revenus], [code for _, code in revenus])
    await write(conn, _ANNOUNCE, [(d.parcours, d.partenaire, d.role.value, d.le) for d in departs])


async def effacer(conn: Connection, parcours: Collection[UUID]) -> None:
    await conn.execute(_ERASE, list(parcours))


async def partir(conn: Connection, now: datetime) -> int:
    """End what is over; returns how many participations ended."""
    done: str = await conn.execute(_LEAVE, now)
    return int(done.rpartition(" ")[2])
