"""Who takes part in which parcours, and where an absorbed parcours went: the SQL that both gateway processes share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from gateway.rights import Role

_ROLES = """
SELECT parcours, partenaire, array_agg(role) AS roles FROM participations
WHERE parcours = ANY($1) AND fin IS NULL GROUP BY parcours, partenaire
"""
_ROLES_OF = """
SELECT p.parcours, p.partenaire, array_agg(p.role) AS roles
FROM unnest($1::uuid[], $2::text[]) AS d(parcours, partenaire) JOIN participations p USING (parcours, partenaire)
WHERE p.fin IS NULL GROUP BY p.parcours, p.partenaire
"""
_ENTER = """
INSERT INTO participations (parcours, partenaire, role, depuis)
SELECT parcours, partenaire, role, $4 FROM unnest($1::uuid[], $2::text[], $3::text[]) AS d(parcours, partenaire, role)
ON CONFLICT (parcours, partenaire, role) DO UPDATE SET depuis = EXCLUDED.depuis, fin = NULL
WHERE participations.fin IS NOT NULL
"""
_LEAVE = """
UPDATE participations p SET fin = $4 FROM unnest($1::uuid[], $2::text[], $3::text[]) AS d(parcours, partenaire, role)
WHERE (p.parcours, p.partenaire, p.role) = (d.parcours, d.partenaire, d.role) AND p.fin IS NULL
"""
_ALIAS = "SELECT absorbe, survivant FROM alias WHERE absorbe = ANY($1)"
# A survivor that is absorbed in its turn takes its own absorbed ones along: a lookup is always one step.
_REDIRECT = "UPDATE alias SET survivant = $2 WHERE survivant = ANY($1)"
_ABSORB = """
INSERT INTO alias (absorbe, survivant) SELECT a, $2 FROM unnest($1::uuid[]) AS a
ON CONFLICT (absorbe) DO UPDATE SET survivant = EXCLUDED.survivant
"""


@dataclass(frozen=True, slots=True)
class Participation:
    parcours: UUID
    partenaire: str
    role: Role


Roles = dict[tuple[UUID, str], frozenset[Role]]


async def of_parcours(conn: Connection, parcours: Iterable[UUID]) -> Roles:
    """The roles of every participant of these parcours."""
    rows = await conn.fetch(_ROLES, list(parcours))
    return {(row["parcours"], row["partenaire"]): frozenset(map(Role, row["roles"])) for row in rows}


async def of_pairs(conn: Connection, pairs: Sequence[tuple[UUID, str]]) -> Roles:
    """The roles of these partners in these parcours; a pair without any is absent."""
    rows = await conn.fetch(_ROLES_OF, [parcours for parcours, _ in pairs], [partenaire for _, partenaire in pairs])
    return {(row["parcours"], row["partenaire"]): frozenset(map(Role, row["roles"])) for row in rows}


async def enter(conn: Connection, participations: Sequence[Participation], now: datetime) -> None:
    if participations:
        await conn.execute(_ENTER, *_columns(participations), now)


async def leave(conn: Connection, participations: Sequence[Participation], now: datetime) -> None:
    if participations:
        await conn.execute(_LEAVE, *_columns(participations), now)


async def survivors(conn: Connection, parcours: Iterable[UUID]) -> dict[UUID, UUID]:
    """Where each absorbed parcours went; the others are absent."""
    return {row["absorbe"]: row["survivant"] for row in await conn.fetch(_ALIAS, list(parcours))}


async def absorb(conn: Connection, fusions: Mapping[UUID, Sequence[UUID]]) -> None:
    """Record fusions: survivor → absorbed."""
    for survivant, absorbes in fusions.items():
        await conn.execute(_REDIRECT, absorbes, survivant)
        await conn.execute(_ABSORB, absorbes, survivant)


def _columns(participations: Sequence[Participation]) -> tuple[list[UUID], list[str], list[str]]:
    return (
        [p.parcours for p in participations],
        [p.partenaire for p in participations],
        [p.role.value for p in participations],
    )
