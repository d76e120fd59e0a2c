"""SQL of the fan-out: one set-based statement per table, all in the transaction of a batch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Record, write
from chassis.ordering import Event
from gateway.outbound.distribution import Abonne, Cause, Evenement, Livraison

# One batch at a time over all replicas, until commit: `livraisons.numero` becomes visible in its order.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('passerelle livraisons', 0))"

_CAUSES = "SELECT id, partenaire, message FROM depots WHERE id = ANY($1)"
# A subscription that is suspended, or not verified yet, keeps its queue: it misses nothing when it starts (again).
_SUBSCRIBERS = "SELECT id, partenaire, types FROM abonnements WHERE etat <> 'inactif'"

# Those of an absorbed parcours are its survivor's.
_TOLD_ACCOMPAGNANTS = """
SELECT coalesce(a.survivant, e.parcours) AS parcours, e.type, e.corps
FROM evenements e LEFT JOIN alias a ON a.absorbe = e.parcours
WHERE (e.parcours = ANY($1) OR a.survivant = ANY($1)) AND e.type IN ('accompagnant.ajoute', 'accompagnant.retire')
ORDER BY e.recu_a, (e.corps ->> 'sequence')::int
"""

_INSERT_EVENTS = """
INSERT INTO evenements (id, parcours, type, corps, recu_a)
SELECT e.*, $5 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) AS e
ON CONFLICT (id) DO NOTHING
"""
# The identity is drawn after the sort, so numbers follow the order of the events.
_INSERT_DELIVERIES = """
INSERT INTO livraisons (partenaire, evenement, parcours, type, roles, a)
SELECT partenaire, evenement, parcours, type, string_to_array(roles, ' '), $6
FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
    WITH ORDINALITY AS d(partenaire, evenement, parcours, type, roles, rang)
ORDER BY rang
ON CONFLICT (partenaire, evenement) DO NOTHING
RETURNING numero, partenaire, evenement
"""
_INSERT_SENDINGS = """
INSERT INTO envois (abonnement, livraison, parcours) SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[])
"""
_FILL_QUEUES = """
INSERT INTO files (abonnement, parcours, restants, prochain_a)
SELECT abonnement, parcours, nombre, $4
FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS q(abonnement, parcours, nombre)
ORDER BY abonnement, parcours
ON CONFLICT (abonnement, parcours) DO UPDATE SET restants = files.restants + EXCLUDED.restants
"""

# What was absorbed by an erased parcours goes with it; the event that tells the erasure stays.
_ERASE = """
DELETE FROM evenements e USING unnest($1::uuid[], $2::uuid[]) AS d(parcours, garde)
WHERE e.id <> d.garde
AND (e.parcours = d.parcours OR e.parcours IN (SELECT absorbe FROM alias WHERE survivant = d.parcours))
"""
_RECOUNT = """
UPDATE files f SET restants = (
    SELECT count(*) FROM envois e WHERE (e.abonnement, e.parcours, e.etat) = (f.abonnement, f.parcours, 'a-livrer')
)
FROM abonnements a
WHERE f.abonnement = a.id AND f.parcours = ANY(
    $1::uuid[] || ARRAY(SELECT absorbe FROM alias WHERE survivant = ANY($1::uuid[]))
)
"""
_END_ABSORBED = """
UPDATE participations SET fin = $2
WHERE fin IS NULL AND parcours IN (SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""
_ERASED = "SELECT parcours FROM effaces WHERE parcours = ANY($1)"
# Its aliases with it, in every table below.
_NOTE_ERASED = """
INSERT INTO effaces (parcours, a)
SELECT p, $2::timestamptz FROM unnest($1::uuid[]) AS p UNION SELECT absorbe, $2 FROM alias WHERE survivant = ANY($1)
ON CONFLICT DO NOTHING
"""
# What waits to be decided keeps its body: it will be refused, and emptied in its turn.
_EMPTY_DEPOSITS = """
UPDATE depots SET corps = NULL WHERE corps IS NOT NULL AND etat <> 'en-attente'
AND parcours IN (SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""
_ERASE_PARKED = """
DELETE FROM rebut WHERE agregat IN (SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""
_PARK = """
INSERT INTO rebut (id, brique, agregat, sequence, corps, raison, parque_a) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO NOTHING
"""


async def lock(conn: Connection) -> None:
    await conn.execute(_LOCK)


async def causes(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, Cause]:
    """The deposits among these ids."""
    rows = await conn.fetch(_CAUSES, list(ids))
    return {row["id"]: Cause(row["partenaire"], row["message"]) for row in rows}


async def subscribers(conn: Connection) -> list[Abonne]:
    rows = await conn.fetch(_SUBSCRIBERS)
    return [Abonne(row["id"], row["partenaire"], frozenset(row["types"])) for row in rows]


async def told_accompagnants(conn: Connection, parcours: Iterable[UUID]) -> list[Record]:
    """What was told of the accompagnants of these parcours: `parcours, type, corps`, the oldest first."""
    return await conn.fetch(_TOLD_ACCOMPAGNANTS, list(parcours))


async def insert_events(conn: Connection, evenements: Sequence[Evenement], now: datetime) -> None:
    if evenements:
        columns = (
            [e.id for e in evenements],
            [e.parcours for e in evenements],
            [e.type for e in evenements],
            [dict(e.corps) for e in evenements],
        )
        await conn.execute(_INSERT_EVENTS, *columns, now)


async def insert_deliveries(conn: Connection, livraisons: Sequence[Livraison], now: datetime) -> int:
    """One row per receiver, and its place in the queue of each of its subscriptions; returns how many are pushed."""
    if not livraisons:
        return 0
    columns = (
        [d.partenaire for d in livraisons],
        [d.evenement for d in livraisons],
        [d.parcours for d in livraisons],
        [d.type for d in livraisons],
        [" ".join(sorted(d.roles)) for d in livraisons],
    )
    rows = await conn.fetch(_INSERT_DELIVERIES, *columns, now)
    numbers = {(row["partenaire"], row["evenement"]): row["numero"] for row in rows}
    sendings = [
        (abonnement, numbers[livraison.partenaire, livraison.evenement], livraison.parcours)
        for livraison in livraisons
        if (livraison.partenaire, livraison.evenement) in numbers
        for abonnement in livraison.abonnements
    ]
    if sendings:
        await write(conn, _INSERT_SENDINGS, sendings)
        await fill_queues(conn, Counter((abonnement, parcours) for abonnement, _, parcours in sendings), now)
    return len(sendings)


async def fill_queues(conn: Connection, added: Counter[tuple[UUID, UUID]], now: datetime) -> None:
    """Lengthen the queues (subscription, parcours); an empty one becomes ready."""
    queues = list(added)
    await conn.execute(_FILL_QUEUES, [q[0] for q in queues], [q[1] for q in queues], [added[q] for q in queues], now)


async def erase(conn: Connection, effaces: dict[UUID, UUID], now: datetime) -> None:
    """Delete all that is kept of these parcours but the event, given for each, that tells their erasure."""
    parcours = list(effaces)
    await conn.execute(_ERASE, parcours, list(effaces.values()))
    await conn.execute(_RECOUNT, parcours)
    await conn.execute(_END_ABSORBED, parcours, now)
    await conn.execute(_NOTE_ERASED, parcours, now)
    await conn.execute(_EMPTY_DEPOSITS, parcours)
    await conn.execute(_ERASE_PARKED, parcours)


async def erased(conn: Connection, parcours: Iterable[UUID]) -> frozenset[UUID]:
    """Those whose person was erased."""
    return frozenset(row["parcours"] for row in await conn.fetch(_ERASED, list(parcours)))


async def park(conn: Connection, event: Event, raison: str, now: datetime) -> None:
    """Set an event aside, with the name of what it raised."""
    brique, agregat = event.key
    await conn.execute(_PARK, event.id, brique, agregat, event.sequence, dict(event.body), raison, now)
