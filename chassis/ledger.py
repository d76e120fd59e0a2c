"""The SQL on the tables that all services share (`chassis/schema`): facts, inbox, due dates, parked entries."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Record
from chassis.decision import Echeance, Refus
from chassis.facts import Entree, FaitEnregistre

_DECIDED = "SELECT id, refus FROM entrees WHERE id = ANY($1)"

_FACT_COLUMNS = "id, agregat, sequence, type, partition, donnees, source, survenu_a, cause, correlation, trace"
_FACTS_OF = f"SELECT {_FACT_COLUMNS} FROM faits WHERE cause = ANY($1) ORDER BY numero"  # noqa: S608  constants only
_UNPUBLISHED = f"SELECT numero, {_FACT_COLUMNS} FROM faits WHERE publie_seq IS NULL ORDER BY numero LIMIT $1"  # noqa: S608  constants only

_SEQUENCES = """
SELECT a.agregat, max(f.sequence) AS sequence
FROM unnest($1::uuid[]) AS a(agregat) JOIN faits f USING (agregat)
GROUP BY a.agregat
"""

_INSERT_DECISIONS = """
INSERT INTO entrees (id, nature, type, refus, decidee_a)
SELECT e.*, $5 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[]) AS e
"""

_INSERT_FACTS = """
INSERT INTO faits (id, agregat, sequence, type, partition, donnees, source, survenu_a, cause, correlation, trace,
                   enregistre_a)
SELECT f.*, $12 FROM unnest(
    $1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::timestamptz[],
    $9::uuid[], $10::text[], $11::text[]
) AS f
"""

_MARK_PUBLISHED = """
UPDATE faits SET publie_seq = p.seq FROM unnest($1::bigint[], $2::bigint[]) AS p(numero, seq)
WHERE faits.numero = p.numero
"""

_CLEAR_DUE_DATES = "DELETE FROM echeances WHERE agregat = ANY($1)"
_INSERT_DUE_DATES = """
INSERT INTO echeances (agregat, nature, du_a, partition)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[])
"""
# Only the due date that was handled: the decision may have set a later one of the same nature.
_REMOVE_DUE_DATES = """
DELETE FROM echeances e USING unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS t(agregat, nature, du_a)
WHERE (e.agregat, e.nature, e.du_a) = (t.agregat, t.nature, t.du_a)
"""
_DUE = "SELECT agregat, nature, du_a, partition FROM echeances WHERE du_a <= $1 ORDER BY du_a LIMIT $2"

_PARK = """
INSERT INTO rebut (id, nature, type, entree, raison, parque_a) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET raison = EXCLUDED.raison, parque_a = EXCLUDED.parque_a
"""

_ADVANCE = """
INSERT INTO positions (brique, agregat, sequence)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::int[])
ON CONFLICT (brique, agregat) DO UPDATE SET sequence = EXCLUDED.sequence WHERE positions.sequence < EXCLUDED.sequence
"""
_POSITIONS = """
SELECT p.brique, p.agregat, p.sequence FROM positions p
JOIN unnest($1::text[], $2::uuid[]) AS d(brique, agregat) ON (p.brique, p.agregat) = (d.brique, d.agregat)
"""


async def decided(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Refus | None]:
    """What was decided before on these entries: the refusal, or None for an acceptance."""
    rows = await conn.fetch(_DECIDED, ids)
    return {row["id"]: Refus(**row["refus"]) if row["refus"] else None for row in rows}


async def facts_of(conn: Connection, brique: str, causes: Sequence[UUID]) -> dict[UUID, list[FaitEnregistre]]:
    """The facts that each of these entries led to, in order."""
    faits: dict[UUID, list[FaitEnregistre]] = {}
    if causes:
        for row in await conn.fetch(_FACTS_OF, causes):
            faits.setdefault(row["cause"], []).append(fact(row, brique))
    return faits


def fact(row: Record, brique: str) -> FaitEnregistre:
    champs = {key: value for key, value in row.items() if key != "numero"}
    return FaitEnregistre(brique=brique, **champs)


async def sequences(conn: Connection, agregats: Collection[UUID]) -> dict[UUID, int]:
    """The last sequence of each of these aggregates, 0 where there is none; read after the service took its locks."""
    found = {row["agregat"]: row["sequence"] for row in await conn.fetch(_SEQUENCES, list(agregats))}
    return {agregat: found.get(agregat, 0) for agregat in agregats}


async def insert_decisions(conn: Connection, decisions: Sequence[tuple[Entree, Refus | None]], now: datetime) -> None:
    if not decisions:
        return
    entrees = [entree for entree, _ in decisions]
    refus = [r.en_json() if r else None for _, r in decisions]
    columns = ([e.id for e in entrees], [e.nature for e in entrees], [e.type for e in entrees], refus)
    await conn.execute(_INSERT_DECISIONS, *columns, now)


async def insert_facts(conn: Connection, faits: Sequence[FaitEnregistre], now: datetime) -> None:
    if not faits:
        return
    await conn.execute(
        _INSERT_FACTS,
        [f.id for f in faits],
        [f.agregat for f in faits],
        [f.sequence for f in faits],
        [f.type for f in faits],
        [f.partition for f in faits],
        [dict(f.donnees) for f in faits],
        [f.source for f in faits],
        [f.survenu_a for f in faits],
        [f.cause for f in faits],
        [f.correlation for f in faits],
        [f.trace for f in faits],
        now,
    )


async def unpublished(conn: Connection, brique: str, limit: int) -> list[tuple[int, FaitEnregistre]]:
    return [(row["numero"], fact(row, brique)) for row in await conn.fetch(_UNPUBLISHED, limit)]


async def mark_published(conn: Connection, places: Sequence[tuple[int, int]]) -> None:
    """Record where the stream stored each fact: pairs (numero, stream sequence)."""
    await conn.execute(_MARK_PUBLISHED, [numero for numero, _ in places], [seq for _, seq in places])


async def replace_due_dates(conn: Connection, dossiers: Sequence[tuple[UUID, str, Sequence[Echeance]]]) -> None:
    """Due dates follow the state: those of a touched aggregate are all replaced."""
    if not dossiers:
        return
    await conn.execute(_CLEAR_DUE_DATES, [agregat for agregat, _, _ in dossiers])
    rows = [(e.agregat, e.nature, e.du_a, partition) for _, partition, echeances in dossiers for e in echeances]
    if rows:
        await conn.execute(_INSERT_DUE_DATES, *(list(column) for column in zip(*rows, strict=True)))


async def remove_due_dates(conn: Connection, entrees: Sequence[Entree]) -> None:
    if entrees:
        natures = [entree.type.removeprefix("echeance.") for entree in entrees]
        await conn.execute(_REMOVE_DUE_DATES, [e.agregat for e in entrees], natures, [e.survenu_a for e in entrees])


async def due(conn: Connection, now: datetime, limit: int) -> list[Record]:
    return await conn.fetch(_DUE, now, limit)


async def park(conn: Connection, entree: Entree, raison: str, now: datetime) -> None:
    """A deposit is parked without its data: the gateway's journal holds them, encrypted, and will offer them again."""
    kept = entree.en_json() | ({"donnees": {}} if entree.nature == "depot" else {})
    await conn.execute(_PARK, entree.id, entree.nature, entree.type, kept, raison, now)


async def positions(conn: Connection, wanted: Sequence[tuple[str, UUID]]) -> dict[tuple[str, UUID], int]:
    """How far each (brique, aggregate) was read; absent when never."""
    rows = await conn.fetch(_POSITIONS, [brique for brique, _ in wanted], [agregat for _, agregat in wanted])
    return {(row["brique"], row["agregat"]): row["sequence"] for row in rows}


async def advance(conn: Connection, read: dict[tuple[str, UUID], int]) -> None:
    keys = list(read)
    if keys:
        await conn.execute(_ADVANCE, [k[0] for k in keys], [k[1] for k in keys], [read[k] for k in keys])
