"""Who takes part in which parcours, and where an absorbed parcours went: the SQL that both gateway processes share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record, grouped
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.droits import Role, roles_ouverts, situer

_ROLES = """
SELECT parcours, partenaire, array_agg(role) AS roles FROM participations
WHERE parcours = ANY($1) AND fin IS NULL GROUP BY parcours, partenaire
"""
_ROLES_OF = """
SELECT p.parcours, p.partenaire, array_agg(DISTINCT p.role) AS roles, o.parcours IS NOT NULL AS est_opposee,
    t.departement, q.type_organisme, q.departements
FROM unnest($1::uuid[], $2::text[]) AS d(parcours, partenaire) JOIN participations p USING (parcours, partenaire)
JOIN partenaires q ON q.code = p.partenaire
LEFT JOIN territoires t ON t.parcours = p.parcours
LEFT JOIN oppositions o ON o.parcours = p.parcours
WHERE p.fin IS NULL AND ($3 OR NOT EXISTS (
    SELECT FROM archives r WHERE r.parcours = p.parcours AND NOT EXISTS (
        SELECT FROM archives_ouvertes v
        WHERE (v.parcours, v.partenaire) = (p.parcours, p.partenaire) AND v.jusqua > now())))
GROUP BY p.parcours, p.partenaire, o.parcours, t.departement, q.code
"""
_TERRITORIES = "SELECT parcours, departement FROM territoires WHERE parcours = ANY($1)"
_STANDING = """
SELECT p.parcours, coalesce(t.distribue, t.departement) AS departement, o.parcours IS NOT NULL AS est_opposee,
    f.parcours IS NOT NULL AS est_effacee
FROM unnest($1::uuid[]) AS p(parcours) LEFT JOIN territoires t USING (parcours)
LEFT JOIN oppositions o USING (parcours) LEFT JOIN effaces f USING (parcours)
"""
_PLACE = """
INSERT INTO territoires (parcours, departement, sequence)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[]) AS d(parcours, departement, sequence) ORDER BY parcours
ON CONFLICT (parcours) DO UPDATE SET departement = EXCLUDED.departement, sequence = EXCLUDED.sequence
WHERE territoires.sequence < EXCLUDED.sequence
"""
_PLACE_TOLD = """
INSERT INTO territoires (parcours, departement, sequence, distribue)
SELECT parcours, departement, sequence, departement
FROM unnest($1::uuid[], $2::text[], $3::int[]) AS d(parcours, departement, sequence) ORDER BY parcours
ON CONFLICT (parcours) DO UPDATE SET distribue = EXCLUDED.distribue,
    departement = CASE WHEN territoires.sequence < EXCLUDED.sequence THEN EXCLUDED.departement
        ELSE territoires.departement END,
    sequence = greatest(territoires.sequence, EXCLUDED.sequence)
"""
# Names of their own under which partners signalled a person, of these parcours or of those that they absorbed.
_SIGNALLED = """
SELECT coalesce(a.survivant, p.parcours) AS parcours, p.parcours AS nom, p.partenaire
FROM participations p LEFT JOIN alias a ON a.absorbe = p.parcours
WHERE p.parcours = ANY($1) AND p.role = 'signalant' AND p.fin IS NULL
UNION
SELECT a.survivant, p.parcours, p.partenaire FROM alias a JOIN participations p ON p.parcours = a.absorbe
WHERE a.survivant = ANY($1) AND p.role = 'signalant' AND p.fin IS NULL
ORDER BY nom
"""
_SIGNALLED_AS = """
SELECT p.parcours, p.partenaire FROM unnest($1::uuid[], $2::text[]) AS d(parcours, partenaire)
JOIN participations p USING (parcours, partenaire) WHERE p.role = 'signalant' AND p.fin IS NULL
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
_ABSORBED = "SELECT survivant, absorbe FROM alias WHERE survivant = ANY($1)"
_ALIAS = "SELECT absorbe, survivant FROM alias WHERE absorbe = ANY($1)"
# A survivor that is absorbed in its turn takes its own absorbed ones along: a lookup is always one step.
_REDIRECT = "UPDATE alias SET chemin = survivant || chemin, survivant = $2 WHERE survivant = ANY($1)"
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
# The door says it first; when the fan-out does, the survivor may have been absorbed in its turn.
_ABSORB = """
INSERT INTO alias (absorbe, survivant, est_un_nom) SELECT a, $2, $3 FROM unnest($1::uuid[]) AS a ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Participation:
    parcours: UUID
    partenaire: str
    role: Role


@dataclass(frozen=True, slots=True)
class Lieu:
    """Where a parcours is, since which fact of `usagers`."""

    parcours: UUID
    departement: str
    sequence: int


def rows(participants: Mapping[UUID, Mapping[str, frozenset[Role]]]) -> set[Participation]:
    return {
        Participation(parcours, code, role)
        for parcours, roles_of in participants.items()
        for code, roles in roles_of.items()
        for role in roles
    }


def in_order(participation: Participation) -> tuple[UUID, str, str]:
    return (participation.parcours, participation.partenaire, participation.role)


Roles = dict[tuple[UUID, str], frozenset[Role]]


def lieu_dit(type_: str, parcours: UUID, sequence: int, corps: Mapping[str, Any]) -> Lieu | None:
    """Where a fact of `usagers`, with this body on the bus, leaves the parcours; None for that of another brique.

    A transfer that was told in advance moves nothing before its day, `transfert.effectif`.
    """
    if type_ in ("parcours.transfere", "transfert.effectif") and "effet" not in corps:
        return Lieu(parcours, corps["data"]["departement_nouveau"], sequence)
    message = CATALOGUE.get(type_)
    return Lieu(parcours, corps["departement"], sequence) if message and message.brique == "usagers" else None


async def absorbed(conn: Connection, parcours: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Those that each of these parcours absorbed; absent when none."""
    return grouped(await conn.fetch(_ABSORBED, list(parcours)), "survivant", lambda row: row["absorbe"])


async def of_parcours(conn: Connection, parcours: Iterable[UUID]) -> Roles:
    """The roles of every participant of these parcours, as they are held: their `standing` narrows them."""
    rows = await conn.fetch(_ROLES, list(parcours))
    return {(row["parcours"], row["partenaire"]): frozenset(map(Role, row["roles"])) for row in rows}


async def of_pairs(conn: Connection, pairs: Sequence[tuple[UUID, str]], *, archived: bool = False) -> Roles:
    """The roles that open these parcours to these partners where they are now; a pair without any is absent, and so is
    one in the archive that no operator opened, unless `archived`: who may not read it there may speak of it again, and
    it comes back. To have signalled the person opens nothing: see `signalled_as`."""
    named = [[parcours for parcours, _ in pairs], [partenaire for _, partenaire in pairs]]
    rows = await conn.fetch(_ROLES_OF, *named, archived)
    roles = {(row["parcours"], row["partenaire"]): _open(row) for row in rows}
    return {pair: held for pair, held in roles.items() if held}


async def signalled(conn: Connection, parcours: Iterable[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    """Per parcours, (its name, partner) of those who signalled the person and were not told who she is."""
    names: dict[UUID, list[tuple[UUID, str]]] = {}
    for row in await conn.fetch(_SIGNALLED, list(parcours)):
        names.setdefault(row["parcours"], []).append((row["nom"], row["partenaire"]))
    return names


async def signalled_as(conn: Connection, pairs: Collection[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Those of (name, partner) under which the partner signalled a person."""
    rows = await conn.fetch(_SIGNALLED_AS, [nom for nom, _ in pairs], [partenaire for _, partenaire in pairs])
    return {(row["parcours"], row["partenaire"]) for row in rows}


async def territories(conn: Connection, parcours: Collection[UUID]) -> dict[UUID, str]:
    """The département in which each of these parcours is now."""
    return {row["parcours"]: row["departement"] for row in await conn.fetch(_TERRITORIES, list(parcours))}


@dataclass(frozen=True, slots=True)
class Standing:
    """Of some parcours: the département of each as far as the fan-out has told (the door may know more), those whose
    person has objected (their roles count with `Role.OPPOSITION`), those whose person was erased."""

    territories: Mapping[UUID, str]
    opposed: frozenset[UUID]
    erased: frozenset[UUID]


async def standing(conn: Connection, parcours: Iterable[UUID]) -> Standing:
    rows = await conn.fetch(_STANDING, list(parcours))
    return Standing(
        {row["parcours"]: row["departement"] for row in rows if row["departement"]},
        frozenset(row["parcours"] for row in rows if row["est_opposee"]),
        frozenset(row["parcours"] for row in rows if row["est_effacee"]),
    )


async def place(conn: Connection, lieux: Collection[Lieu], *, is_told: bool = False) -> None:
    """Record where parcours are. Of two facts about one parcours the later one holds, whoever tells it first.

    `is_told`: the fan-out has reached these facts.
    """
    if lieux:
        derniers = {lieu.parcours: lieu for lieu in sorted(lieux, key=lambda lieu: lieu.sequence)}.values()
        columns = [[getattr(lieu, name) for lieu in derniers] for name in Lieu.__slots__]
        await conn.execute(_PLACE_TOLD if is_told else _PLACE, *columns)


async def enter(conn: Connection, participations: Sequence[Participation], now: datetime) -> None:
    if participations:
        await conn.execute(_ENTER, *_columns(participations), now)


async def leave(conn: Connection, participations: Sequence[Participation], now: datetime) -> None:
    if participations:
        await conn.execute(_LEAVE, *_columns(participations), now)


async def survivors(conn: Connection, parcours: Iterable[UUID]) -> dict[UUID, UUID]:
    """Where each absorbed parcours went; the others are absent."""
    named = list(parcours)
    return {row["absorbe"]: row["survivant"] for row in await conn.fetch(_ALIAS, named)} if named else {}


async def absorb(
    conn: Connection, fusions: Iterable[tuple[UUID, Sequence[UUID]]], *, sont_des_noms: bool = False
) -> None:
    """Record fusions, each (survivor, absorbed): several of one batch may have the same survivor.

    `sont_des_noms`: what leads to the survivor was never a parcours, but the name under which a partner signalled it.
    """
    for survivant, absorbes in fusions:
        await conn.execute(_REDIRECT, absorbes, survivant)
        await conn.execute(_ABSORB, absorbes, survivant, sont_des_noms)
        await conn.execute(_OPPOSE_SURVIVOR, absorbes, survivant)
        await conn.execute(_NARROW, [survivant])


async def oppose(conn: Connection, parcours: Collection[UUID], now: datetime) -> None:
    """Record an objection: it binds from now on, for what waits to be delivered as for what comes."""
    if parcours:
        await conn.execute(_OPPOSE, list(parcours), now)
        await conn.execute(_NARROW, list(parcours))


def _open(row: Record) -> frozenset[Role]:
    held = frozenset(map(Role, row["roles"])) | ({Role.OPPOSITION} if row["est_opposee"] else set())
    genre = row["type_organisme"]
    return roles_ouverts(genre, situer(genre, frozenset(row["departements"]), held, row["departement"]))


def _columns(participations: Sequence[Participation]) -> tuple[list[UUID], list[str], list[str]]:
    """In one order: the journal and the fan-out write the same rows at the same time, and would wait for each other."""
    ordered = sorted(participations, key=in_order)
    return ([p.parcours for p in ordered], [p.partenaire for p in ordered], [p.role.value for p in ordered])
