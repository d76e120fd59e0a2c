"""Who takes part in which parcours, and where an absorbed parcours went: the SQL that both gateway processes share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from gateway.rights import Role, roles_ouverts

_ROLES = """
SELECT parcours, partenaire, array_agg(role) AS roles FROM participations
WHERE parcours = ANY($1) AND fin IS NULL GROUP BY parcours, partenaire
"""
_ROLES_OF = """
SELECT p.parcours, p.partenaire, array_agg(p.role) AS roles,
    CASE WHEN o.parcours IS NOT NULL THEN (SELECT type_organisme FROM partenaires WHERE code = p.partenaire) END
        AS oppose_a
FROM unnest($1::uuid[], $2::text[]) AS d(parcours, partenaire) JOIN participations p USING (parcours, partenaire)
LEFT JOIN oppositions o ON o.parcours = p.parcours
WHERE p.fin IS NULL GROUP BY p.parcours, p.partenaire, o.parcours
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
_OPPOSED = "SELECT parcours FROM oppositions WHERE parcours = ANY($1)"
_OPPOSE = "INSERT INTO oppositions (parcours, depuis) SELECT p, $2 FROM unnest($1::uuid[]) AS p ON CONFLICT DO NOTHING"
# Who is recognised under another parcours has objected there too.
_OPPOSE_SURVIVOR = """
INSERT INTO oppositions (parcours, depuis)
SELECT $2, min(depuis) FROM oppositions WHERE parcours = ANY($1) HAVING count(*) > 0 ON CONFLICT DO NOTHING
"""
# What was fanned out and not fetched yet, or would be delivered again, is seen from now on with narrower roles.
_NARROW = """
UPDATE livraisons l SET roles = l.roles || '{opposition}'::text[]
FROM evenements e
WHERE e.id = l.evenement AND NOT l.roles @> '{opposition}' AND e.parcours IN (
    SELECT parcours FROM oppositions WHERE parcours = ANY($1)
    UNION SELECT a.absorbe FROM alias a JOIN oppositions o ON o.parcours = a.survivant WHERE a.survivant = ANY($1)
)
"""
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
    """The roles of every participant of these parcours, as they are held: see `opposed` for what narrows them."""
    rows = await conn.fetch(_ROLES, list(parcours))
    return {(row["parcours"], row["partenaire"]): frozenset(map(Role, row["roles"])) for row in rows}


async def of_pairs(conn: Connection, pairs: Sequence[tuple[UUID, str]]) -> Roles:
    """The roles that open these parcours to these partners; a pair without any is absent."""
    rows = await conn.fetch(_ROLES_OF, [parcours for parcours, _ in pairs], [partenaire for _, partenaire in pairs])
    roles = {(row["parcours"], row["partenaire"]): _open(row["roles"], row["oppose_a"]) for row in rows}
    return {pair: held for pair, held in roles.items() if held}


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
        await conn.execute(_OPPOSE_SURVIVOR, absorbes, survivant)
        await conn.execute(_NARROW, [survivant])


async def opposed(conn: Connection, parcours: Iterable[UUID]) -> set[UUID]:
    """Those whose person has objected: the roles in them count with `Role.OPPOSITION`."""
    return {row["parcours"] for row in await conn.fetch(_OPPOSED, list(parcours))}


async def oppose(conn: Connection, parcours: Collection[UUID], now: datetime) -> None:
    """Record an objection: it binds from now on, for what waits to be delivered as for what comes."""
    if parcours:
        await conn.execute(_OPPOSE, list(parcours), now)
        await conn.execute(_NARROW, list(parcours))


def _open(roles: Iterable[str], oppose_a: str | None) -> frozenset[Role]:
    """`oppose_a`: the kind of organisation of the partner, where the person has objected."""
    held = frozenset(map(Role, roles))
    return roles_ouverts(oppose_a, held | {Role.OPPOSITION}) if oppose_a else held


def _columns(participations: Sequence[Participation]) -> tuple[list[UUID], list[str], list[str]]:
    """In one order: the journal and the fan-out write the same rows at the same time, and would wait for each other."""
    ordered = sorted(participations, key=lambda p: (p.parcours, p.partenaire, p.role))
    return ([p.parcours for p in ordered], [p.partenaire for p in ordered], [p.role.value for p in ordered])
