"""SQL of the fan-out: one set-based statement per table, all in the transaction of a batch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from os import urandom
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from chassis.ordering import Event
from coffre.keys import Vault, destroy
from gateway import numbering
from gateway.numbering import Delivery
from gateway.outbound.order import Cause
from gateway.outbound.store import waiting
from gateway.outbound.told import Abonne, Evenement, Livraison, Rappel
from gateway.pseudonyms import belonging
from gateway.sealing import EVENTS, open_events, seal_events
from relais_contrats.catalogue import ANNULATIONS, CATALOGUE
from relais_contrats.droits import Role

_MARK_BYTES = 8
# One batch at a time over all replicas, until commit: `livraisons.numero` becomes visible in its order.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('passerelle livraisons', 0))"

_CAUSES = "SELECT id, partenaire, message, numero, recu_a, type, reconnait_dans FROM depots WHERE id = ANY($1)"
# A subscription that is suspended, or not verified yet, keeps its queue: it misses nothing when it starts (again).
_SUBSCRIBERS = "SELECT id, partenaire, types FROM abonnements WHERE etat <> 'inactif'"

# Those of an absorbed parcours are its survivor's.
_TOLD_ACCOMPAGNANTS = """
SELECT coalesce(a.survivant, e.parcours) AS parcours, e.id, e.type, e.corps, e.scelle
FROM evenements e LEFT JOIN alias a ON a.absorbe = e.parcours
WHERE (e.parcours = ANY($1) OR a.survivant = ANY($1)) AND e.type IN ('accompagnant.ajoute', 'accompagnant.retire')
ORDER BY e.recu_a, (e.corps ->> 'sequence')::int
"""

# Decided as a réorientation, it was told by two events: the decision itself comes last.
_RECALLED = """
SELECT d.id AS depot, d.partenaire AS de, d.message, e.id AS evenement, l.partenaire, l.roles
FROM unnest($1::uuid[], $2::uuid[]) AS r(depot, parcours) JOIN depots d ON d.id = r.depot
LEFT JOIN evenements e ON e.parcours IN (r.parcours, d.parcours)
    AND e.corps ->> 'causeid' = d.partenaire || ':' || d.message
LEFT JOIN livraisons l ON l.evenement = e.id
ORDER BY e.id
"""

_KNOWN_EVENTS = "SELECT id FROM evenements WHERE id = ANY($1)"
_EVENTS = ("id", "parcours", "type", "corps", "scelle", "recu_a")
# One mark per batch: a database that was restored, and went on, has others. Cursors hold the one of their position.
_MARK = "INSERT INTO reperes (numero, marque) VALUES ($1, $2)"
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
# Its aliases with it, in every table below.
_NOTE_ERASED = """
INSERT INTO effaces (parcours, a)
SELECT p, $2::timestamptz FROM unnest($1::uuid[]) AS p UNION SELECT absorbe, $2 FROM alias WHERE survivant = ANY($1)
ON CONFLICT DO NOTHING
"""
_NAMES = "SELECT unnest($1::uuid[]) AS nom UNION SELECT absorbe FROM alias WHERE survivant = ANY($1)"
# What waits to be decided keeps its body: it will be refused, and emptied in its turn.
_EMPTY_DEPOSITS = """
UPDATE depots SET corps = NULL, code = NULL WHERE (corps IS NOT NULL OR code IS NOT NULL) AND etat <> 'en-attente'
AND parcours IN (SELECT unnest($1::uuid[]) UNION SELECT absorbe FROM alias WHERE survivant = ANY($1))
"""


async def lock(conn: Connection) -> None:
    await conn.execute(_LOCK)


async def causes(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, Cause]:
    """The deposits among these ids."""
    return {row["id"]: cause(row) for row in await conn.fetch(_CAUSES, list(ids))}


def cause(row: Record) -> Cause:
    message = CATALOGUE.get(row["type"])
    opens = message is not None and message.ouvre_parcours
    return Cause(
        row["partenaire"],
        row["message"],
        row["numero"],
        row["recu_a"],
        nomme_son_parcours=not opens,
        reconnait_dans=frozenset(row["reconnait_dans"]),
    )


async def subscribers(conn: Connection) -> list[Abonne]:
    rows = await conn.fetch(_SUBSCRIBERS)
    return [Abonne(row["id"], row["partenaire"], frozenset(row["types"])) for row in rows]


async def told_accompagnants(conn: Connection, vault: Vault, parcours: Iterable[UUID]) -> list[dict[str, Any]]:
    """What was told of the accompagnants of these parcours: `parcours, type, corps`, the oldest first."""
    return await open_events(vault, conn, await conn.fetch(_TOLD_ACCOMPAGNANTS, list(parcours)))


async def recalled(conn: Connection, events: Sequence[Event]) -> dict[UUID, Rappel]:
    """By deposit that one of these events cancels, what it had led to."""
    annules = [(UUID(event.body["data"]["annule"]), event.agregat) for event in events if event.type in ANNULATIONS]
    rappels: dict[UUID, Rappel] = {}
    if annules:
        for row in await conn.fetch(_RECALLED, [depot for depot, _ in annules], [parcours for _, parcours in annules]):
            connu = rappels.get(row["depot"])
            recepteurs = dict(connu.recepteurs) if connu else {}
            if row["partenaire"]:
                recepteurs[row["partenaire"]] = frozenset(map(Role, row["roles"]))
            rappels[row["depot"]] = Rappel(belonging(row["de"], row["message"]), row["evenement"], recepteurs)
    return rappels


async def insert_events(conn: Connection, vault: Vault, evenements: Sequence[Evenement], now: datetime) -> None:
    """One that exists stays as it was."""
    if not evenements:
        return
    known = {row["id"] for row in await conn.fetch(_KNOWN_EVENTS, [e.id for e in evenements])}
    new = {e.id: e for e in evenements if e.id not in known}.values()
    sealed = await seal_events(conn, vault, EVENTS, [(e.id, e.type, e.parcours, e.corps) for e in new])
    rows = [(e.id, e.parcours, e.type, *content, now) for e, content in zip(new, sealed, strict=True)]
    await conn.copy_records_to_table("evenements", records=rows, columns=_EVENTS)


async def insert_deliveries(conn: Connection, livraisons: Sequence[Livraison], now: datetime) -> int:
    """One row per receiver, and its place in the queue of each of its subscriptions; returns how many are pushed."""
    if not livraisons:
        return 0
    wanted = [Delivery(d.partenaire, d.evenement, d.parcours, d.type, sorted(d.roles)) for d in livraisons]
    numbers = await numbering.insert_deliveries(conn, wanted, now)
    if numbers:
        await mark(conn, max(numbers.values()))
    sendings = {
        (abonnement, numbers[delivery.key], delivery.parcours)
        for livraison, delivery in zip(livraisons, wanted, strict=True)
        if delivery.key in numbers
        for abonnement in livraison.abonnements
    }
    if sendings:
        await numbering.insert_sendings(conn, list(sendings))
        await fill_queues(conn, Counter((abonnement, parcours) for abonnement, _, parcours in sendings), now)
    return len(sendings)


async def mark(conn: Connection, last: int) -> None:
    """Close the batch of numbers that ends with `last`."""
    await conn.execute(_MARK, last, urandom(_MARK_BYTES))


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
    await destroy(conn, [row["nom"] for row in await conn.fetch(_NAMES, parcours)])
    await waiting.erase(conn, parcours)
