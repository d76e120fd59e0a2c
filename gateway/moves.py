"""Moves to another territory that wait to be confirmed there or here: what the door answers meanwhile. SQL of both
processes.

A row stays until the person is erased: it counts for a territory where the parcours is not.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.database import Connection, write

_NOTE = """
INSERT INTO transferts_a_confirmer (parcours, departement)
SELECT * FROM unnest($1::uuid[], $2::text[]) ON CONFLICT DO NOTHING
"""
_PENDING = """
SELECT coalesce(a.survivant, t.parcours) AS parcours, t.departement
FROM transferts_a_confirmer t LEFT JOIN alias a ON a.absorbe = t.parcours
WHERE t.parcours IN (SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""
_FORGET = """
DELETE FROM transferts_a_confirmer
WHERE parcours IN (SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""


def made_known(type_: str, parcours: UUID, data: Mapping[str, Any]) -> tuple[UUID, str] | None:
    """(parcours, new territory) of a move that this fact makes known."""
    return (parcours, data["departement_nouveau"]) if type_ == "transfert.signale" else None


async def note(conn: Connection, moves: Sequence[tuple[UUID, str]]) -> None:
    await write(conn, _NOTE, sorted(moves))


async def pending(conn: Connection, parcours: Collection[UUID]) -> set[tuple[UUID, str]]:
    """(parcours, new territory) of those of these parcours that may be to move."""
    if not parcours:
        return set()
    return {(row["parcours"], row["departement"]) for row in await conn.fetch(_PENDING, list(parcours))}


async def forget(conn: Connection, parcours: Collection[UUID]) -> None:
    await conn.execute(_FORGET, list(parcours))
