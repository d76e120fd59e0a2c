"""SQL of what is not told yet: promised by the door, waiting its turn, set aside; and of what nobody received."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record, write
from chassis.facts import type_court
from chassis.ordering import Event
from coffre.keys import Vault
from gateway.outbound.order import Attend
from gateway.outbound.told import NonDistribue
from gateway.sealing import ASIDE, HELD, open_events, seal_events

# An event is told once it has a row in one of these; a promise of it that was written later goes by itself.
_TOLD = """
SELECT id FROM evenements WHERE id = ANY($1)
UNION ALL SELECT evenement FROM sans_destinataire WHERE evenement = ANY($1)
UNION ALL SELECT id FROM rebut WHERE id = ANY($1) AND etat = 'ecarte'
"""
_PROMISED = """
SELECT p.evenement, p.parcours, p.brique, d.id, d.partenaire, d.message, d.numero, d.recu_a, d.type, d.regle_a,
    d.reconnait_dans, coalesce(e.id, s.evenement, r.id) IS NOT NULL AS est_dite
FROM promis p JOIN depots d ON d.id = p.depot
LEFT JOIN evenements e ON e.id = p.evenement LEFT JOIN sans_destinataire s ON s.evenement = p.evenement
LEFT JOIN rebut r ON r.id = p.evenement AND r.etat = 'ecarte'
WHERE p.parcours = ANY($1) AND d.regle_a IS NOT NULL
"""
_KEEP_PROMISES = "DELETE FROM promis WHERE evenement = ANY($1)"
# The event was faster than the settlement of its deposit.
_FORGET_KEPT = """
DELETE FROM promis WHERE evenement IN (
    SELECT p.evenement FROM promis p JOIN evenements e ON e.id = p.evenement
    UNION ALL SELECT p.evenement FROM promis p JOIN sans_destinataire s ON s.evenement = p.evenement
    UNION ALL SELECT p.evenement FROM promis p JOIN effaces f ON f.parcours = p.parcours
)
"""

_HELD = """
SELECT id, entree, scelle, depuis FROM retenus WHERE agregat = ANY($1) ORDER BY depuis, id LIMIT $2
"""
# Rarer and rarer, and at once with whatever else comes of its parcours.
_EACH_IN_TURN = """
UPDATE retenus SET vu_a = $1 WHERE id IN (
    SELECT id FROM retenus
    WHERE vu_a + least(interval '5 seconds', greatest(interval '500 ms', (vu_a - depuis) / 4)) <= $1
    ORDER BY vu_a LIMIT $2
) RETURNING id, entree, scelle
"""
_HOLD = """
INSERT INTO retenus (id, type, brique, agregat, sequence, entree, scelle, attend, depuis, vu_a)
SELECT h.*, $9, $9 FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::int[], $6::jsonb[], $7::bytea[], $8::text[]
) AS h
ON CONFLICT (id) DO UPDATE SET attend = EXCLUDED.attend, vu_a = EXCLUDED.vu_a
"""
_LET_GO = "DELETE FROM retenus WHERE id = ANY($1)"

_ASIDE = """
SELECT id, brique, agregat, sequence, etat FROM rebut
WHERE agregat = ANY($1) AND nature = 'evenement' AND etat IN ('parque', 'a-reprendre', 'ecarte')
"""
_TO_RETRY = """
SELECT id, entree, scelle FROM rebut WHERE etat = 'a-reprendre' AND nature = 'evenement' ORDER BY parque_a LIMIT $1
"""
_PARK = """
INSERT INTO rebut (id, nature, type, brique, agregat, sequence, entree, scelle, raison, parque_a)
VALUES ($1, 'evenement', $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE
SET raison = EXCLUDED.raison, parque_a = EXCLUDED.parque_a, etat = 'parque', echecs = rebut.echecs + 1
"""
_UNPARK = """
UPDATE rebut SET etat = 'repris', entree = '{}', scelle = NULL, regle_a = $2
WHERE id = ANY($1) AND etat IN ('parque', 'a-reprendre')
"""
_NOBODY = """
INSERT INTO sans_destinataire (evenement, parcours, type, motif, est_une_communication, a)
SELECT d.*, $6 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bool[]) AS d ON CONFLICT DO NOTHING
"""
_COUNT_NOBODY = """
INSERT INTO sans_destinataire_comptes (motif, type, nombre)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT (motif, type) DO UPDATE SET nombre = sans_destinataire_comptes.nombre + EXCLUDED.nombre
"""
_ERASE = """
WITH effaces AS (
    SELECT unnest($1::uuid[]) AS parcours UNION SELECT absorbe FROM alias WHERE survivant = ANY($1)
), promesses AS (
    DELETE FROM promis WHERE parcours IN (SELECT parcours FROM effaces)
), attentes AS (
    DELETE FROM retenus WHERE agregat IN (SELECT parcours FROM effaces)
), muets AS (
    DELETE FROM sans_destinataire WHERE parcours IN (SELECT parcours FROM effaces)
)
DELETE FROM rebut WHERE agregat IN (SELECT parcours FROM effaces)
"""


async def told(conn: Connection, ids: Iterable[UUID]) -> set[UUID]:
    """Those that were told, if only to nobody, or discarded by an operator."""
    named = list(ids)
    return {row["id"] for row in await conn.fetch(_TOLD, named)} if named else set()


async def promised(conn: Connection, parcours: Iterable[UUID]) -> list[Record]:
    """What the door answered for of these parcours, each with its deposit; what was told meanwhile is deleted."""
    rows = await conn.fetch(_PROMISED, list(parcours))
    if kept := [row["evenement"] for row in rows if row["est_dite"]]:
        await keep_promises(conn, kept)
    return [row for row in rows if not row["est_dite"]]


async def keep_promises(conn: Connection, evenements: Collection[UUID]) -> None:
    await conn.execute(_KEEP_PROMISES, list(evenements))


async def forget_kept_promises(conn: Connection) -> None:
    await conn.execute(_FORGET_KEPT)


def event(row: Mapping[str, Any]) -> Event:
    """As it came on the bus."""
    body = row["entree"]
    return Event(
        id=UUID(body["id"]),
        type=type_court(body["type"]),
        brique=body["brique"],
        agregat=UUID(body["subject"]),
        sequence=body["sequence"],
        body=body,
        deliveries=1,
    )


Rows = list[dict[str, Any]]


async def held(conn: Connection, vault: Vault, parcours: Iterable[UUID], limit: int) -> Rows:
    """What waits of these parcours: `id, entree, depuis`."""
    return await _opened(conn, vault, await conn.fetch(_HELD, list(parcours), limit), HELD)


async def each_in_turn(conn: Connection, vault: Vault, now: datetime, limit: int) -> Rows:
    """Of all that waits, what was not looked at for the longest time: `entree`."""
    return await _opened(conn, vault, await conn.fetch(_EACH_IN_TURN, now, limit), HELD)


async def _opened(conn: Connection, vault: Vault, rows: Sequence[Record], table: str) -> Rows:
    return await open_events(vault, conn, rows, table=table, corps="entree")


async def hold(conn: Connection, vault: Vault, waiting: Sequence[tuple[Event, Attend]], now: datetime) -> None:
    sealed = await seal_events(conn, vault, HELD, [(e.id, e.type, e.agregat, e.body) for e, _ in waiting])
    rows = [
        (e.id, e.type, e.brique, e.agregat, e.sequence, clear, cell, str(attend))
        for (e, attend), (clear, cell) in zip(waiting, sealed, strict=True)
    ]
    if rows:
        await conn.execute(_HOLD, *[list(column) for column in zip(*rows, strict=True)], now)


async def let_go(conn: Connection, ids: Collection[UUID]) -> None:
    if ids:
        await conn.execute(_LET_GO, list(ids))


async def aside(conn: Connection, parcours: Iterable[UUID]) -> list[Record]:
    """What was set aside of these parcours and not tried again since: `id, brique, agregat, sequence, etat`."""
    return await conn.fetch(_ASIDE, list(parcours))


async def to_retry(conn: Connection, vault: Vault, limit: int) -> Rows:
    """What an operator wants tried again: `entree`."""
    return await _opened(conn, vault, await conn.fetch(_TO_RETRY, limit), ASIDE)


async def park(conn: Connection, vault: Vault, event: Event, raison: str, now: datetime) -> None:
    """Set an event aside, with the name of what it raised: it holds its parcours."""
    brique, agregat = event.key
    [content] = await seal_events(conn, vault, ASIDE, [(event.id, event.type, event.agregat, event.body)])
    await conn.execute(_PARK, event.id, event.type, brique, agregat, event.sequence, *content, raison, now)
    await let_go(conn, [event.id])


async def unpark(conn: Connection, ids: Collection[UUID], now: datetime) -> None:
    """These were told after all; their content goes."""
    if ids:
        await conn.execute(_UNPARK, list(ids), now)


async def tell_nobody(conn: Connection, events: Sequence[NonDistribue], now: datetime) -> None:
    """Record what has no receiver: each of a person's, and how many in all."""
    named = [
        (e.evenement, e.parcours, e.type, str(e.motif), e.est_une_communication) for e in events if e.est_d_une_personne
    ]
    if named:
        await conn.execute(_NOBODY, *[list(column) for column in zip(*named, strict=True)], now)
    counts = Counter((str(e.motif), e.type) for e in events)
    await write(conn, _COUNT_NOBODY, [(motif, type_, nombre) for (motif, type_), nombre in sorted(counts.items())])


async def erase(conn: Connection, parcours: Sequence[UUID]) -> None:
    await conn.execute(_ERASE, parcours)
