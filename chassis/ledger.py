"""The SQL on the tables that all services share (`chassis/schema`): facts, inbox, due dates, parked entries."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from chassis.bus import Message
from chassis.database import Connection, Record, write
from chassis.decision import Echeance, Refus
from chassis.facts import Entree, FaitEnregistre, Sceaux
from chassis.ordering import Key

_MOST_OF_ONE = 50  # facts of one decision; more of them go in several messages
_DECIDED = "SELECT id, refus, scelle FROM entrees WHERE id = ANY($1)"
# What somebody said and who acted are in a cell; older releases wrote them into columns of their own.
_FACT_COLUMNS = [name for name in FaitEnregistre.__slots__ if name not in ("brique", "donnees", "agent")]
_KEPT = ", ".join((*_FACT_COLUMNS, "donnees", "agent", "scelle"))
_FACTS_OF = f"SELECT {_KEPT} FROM faits WHERE cause = ANY($1) ORDER BY numero"  # noqa: S608  constants only
# `precedents`: the last sequence of each type before it on its aggregate. Nobody waits for a gap in other streams.
_UNPUBLISHED = f"""
SELECT numero, {_KEPT}, CASE WHEN sequence > 1 AND flux = 'PARCOURS' THEN coalesce((
    SELECT string_agg(type || '=' || sequence, ' ') FROM (
        SELECT type, max(sequence) AS sequence FROM faits a
        WHERE a.agregat = f.agregat AND a.sequence < f.sequence GROUP BY 1) AS avant), '') END AS precedents
FROM faits f WHERE flux = $1 AND publie_seq IS NULL ORDER BY 1 LIMIT $2
"""  # noqa: S608  constants only
_SEQUENCES = "SELECT agregat, max(sequence) AS sequence FROM faits WHERE agregat = ANY($1) GROUP BY agregat"
# `place` is that of the last fact in the stream, once all are there; `dits` the last sequence of each type.
SAID = """
SELECT agregat, coalesce(max(dit), 0) AS dit, CASE WHEN bool_and(entier) THEN max(place) END AS place,
    coalesce(jsonb_object_agg(type, dit) FILTER (WHERE dit > 0), '{}') AS dits
FROM (SELECT agregat, type, max(sequence) dit, max(publie_seq) place, count(numero) = count(publie_seq) entier
      FROM unnest($1::uuid[]) AS a(agregat) LEFT JOIN faits USING (agregat) GROUP BY 1, 2) AS types GROUP BY 1
"""
_MARK_PUBLISHED = """
UPDATE faits SET publie_seq = p.seq FROM unnest($1::bigint[], $2::bigint[]) AS p(numero, seq)
WHERE faits.numero = p.numero
"""
_CLEAR_DUE_DATES = "DELETE FROM echeances WHERE agregat = ANY($1)"
# Only the due date that was handled: the decision may have set a later one of the same nature.
_REMOVE_DUE_DATES = """
DELETE FROM echeances e USING unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS t(agregat, nature, du_a)
WHERE (e.agregat, e.nature, e.du_a) = (t.agregat, t.nature, t.du_a)
"""
# Those of an aggregate that something set aside holds are left out: they would hide the others.
DUE = """
SELECT agregat, nature, du_a, partition FROM echeances e WHERE du_a <= $1 AND NOT EXISTS (
    SELECT FROM rebut r WHERE r.agregat = e.agregat AND r.etat IN ('parque', 'a-reprendre')) ORDER BY du_a LIMIT $2
"""
# A deposit is offered again by the gateway, which has its data.
_REDRIVEN = """
SELECT id, entree, scelle FROM rebut WHERE etat = 'a-reprendre' AND nature <> 'depot' ORDER BY parque_a LIMIT $1
"""
_PARK = """
INSERT INTO rebut (id, nature, type, agregat, entree, scelle, raison, parque_a) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE
SET raison = EXCLUDED.raison, entree = EXCLUDED.entree, scelle = EXCLUDED.scelle, parque_a = EXCLUDED.parque_a,
    etat = 'parque', echecs = rebut.echecs + 1
"""
_PARKED = """
SELECT id, agregat, etat FROM rebut
WHERE etat IN ('parque', 'a-reprendre') AND (agregat = ANY($1) OR id = ANY($2))
"""
_UNPARK = "UPDATE rebut SET etat = 'repris', entree = '{}', scelle = NULL, regle_a = $2 WHERE id = ANY($1)"
_FORGET = """
INSERT INTO oublis (agregat, garde) SELECT * FROM unnest($1::uuid[], $2::uuid[])
ON CONFLICT (agregat) DO UPDATE SET acheve_a = NULL
"""
_FORGOTTEN = "SELECT agregat FROM oublis WHERE agregat = ANY($1)"
_ERASE_KEPT = "WITH d AS (DELETE FROM derniers_mots WHERE agregat = ANY($1)) DELETE FROM rebut WHERE agregat = ANY($1)"
# A fact still to publish before the one that stays goes later: its number would be missing to those who read in order.
_ERASE_FACTS = """
DELETE FROM faits f USING oublis o WHERE o.acheve_a IS NULL AND f.agregat = o.agregat
AND (o.garde IS NULL OR (f.id <> o.garde AND f.publie_seq IS NOT NULL))
"""
_TO_FORGET = """
SELECT agregat, garde FROM oublis o WHERE acheve_a IS NULL AND NOT EXISTS (
    SELECT FROM faits f WHERE f.agregat = o.agregat AND f.id IS DISTINCT FROM o.garde) ORDER BY demande_a LIMIT 100
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
_HELD = "ORDER BY 1, 2 FOR UPDATE OF p"


async def decided(conn: Connection, sceaux: Sceaux, ids: Sequence[UUID]) -> dict[UUID, Refus | None]:
    """Return the earlier decisions on these entries: the refusal, or None for an acceptance."""
    rows = await conn.fetch(_DECIDED, ids)
    clairs = await sceaux.ouvrir(conn, "entrees", [(row["id"], row["scelle"]) for row in rows])
    return {row["id"]: _refus(row, clair) for row, clair in zip(rows, clairs, strict=True)}


def _refus(row: Record, clair: bytes | None) -> Refus | None:
    if row["scelle"] and clair is None:
        return Refus("parcours-inconnu", "/subject")  # the person was erased since
    kept = orjson.loads(clair) if clair else row["refus"]
    return Refus(**kept) if kept else None


async def facts_of(
    conn: Connection, sceaux: Sceaux, brique: str, causes: Sequence[UUID]
) -> dict[UUID, list[FaitEnregistre]]:
    """The facts that each of these entries led to, in order."""
    rows = await opened(conn, sceaux, await conn.fetch(_FACTS_OF, causes) if causes else ())
    return by_cause(FaitEnregistre(brique=brique, **row) for row in rows)


def by_cause(faits: Iterable[FaitEnregistre]) -> dict[UUID, list[FaitEnregistre]]:
    found: dict[UUID, list[FaitEnregistre]] = {}
    for fait in faits:
        found.setdefault(fait.cause, []).append(fait)
    return found


async def opened(conn: Connection, sceaux: Sceaux, rows: Sequence[Record]) -> list[dict[str, Any]]:
    """Rows of facts with their `donnees` and `agent`, from their cell or as an older release wrote them; without both
    where an erasure has closed it."""
    clairs = await sceaux.ouvrir(conn, "faits", [(row["id"], row["scelle"]) for row in rows])
    known = [{name: value for name, value in row.items() if name != "scelle"} for row in rows]
    return [row | orjson.loads(clair or b"{}") for row, clair in zip(known, clairs, strict=True)]


async def sequences(conn: Connection, agregats: Collection[UUID]) -> dict[UUID, int]:
    """The last sequence of each of these aggregates, 0 where there is none; read after the service took its locks."""
    found = {row["agregat"]: row["sequence"] for row in await conn.fetch(_SEQUENCES, list(agregats))}
    return {agregat: found.get(agregat, 0) for agregat in agregats}


async def insert(conn: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """New rows, by COPY: half the cost of arrays that are unnested. A key that is there raises `database.CONFLICT`."""
    if rows:
        await conn.copy_records_to_table(table, records=rows, columns=columns)


async def insert_decisions(
    conn: Connection, sceaux: Sceaux, decisions: Sequence[tuple[Entree, Refus | None]], now: datetime
) -> None:
    clairs = [(e.agregat, e.id, orjson.dumps(refus.en_json())) for e, refus in decisions if refus]
    cells = iter(await sceaux.sceller(conn, "entrees", clairs))
    rows = [(e.id, e.nature, e.type, next(cells) if refus else None, now) for e, refus in decisions]
    await insert(conn, "entrees", ("id", "nature", "type", "scelle", "decidee_a"), rows)


async def insert_facts(conn: Connection, sceaux: Sceaux, faits: Sequence[FaitEnregistre], now: datetime) -> None:
    named = attrgetter(*_FACT_COLUMNS)
    clairs = [(f.cle, f.id, orjson.dumps({"donnees": f.donnees, "agent": f.agent})) for f in faits]
    cells = await sceaux.sceller(conn, "faits", clairs)
    rows = [(*named(fait), cell, now) for fait, cell in zip(faits, cells, strict=True)]
    await insert(conn, "faits", (*_FACT_COLUMNS, "scelle", "enregistre_a"), rows)


async def unpublished(
    conn: Connection, sceaux: Sceaux, brique: str, flux: str, limit: int
) -> list[list[tuple[int, FaitEnregistre, str | None]]]:
    """Return the oldest facts to publish, with their `numero` and `precedents`; facts of one decision on one aggregate
    stay together."""
    decisions: dict[tuple[Any, ...], list[tuple[int, FaitEnregistre, str | None]]] = {}
    rows = await opened(conn, sceaux, await conn.fetch(_UNPUBLISHED, flux, limit + _MOST_OF_ONE))
    for rank, row in enumerate(rows):
        key = row["cause"], row["agregat"], row["partition"]
        if rank < limit or key in decisions:
            numero, precedents = row.pop("numero"), row.pop("precedents")
            decisions.setdefault(key, []).append((numero, FaitEnregistre(brique=brique, **row), precedents))
    return list(decisions.values())


async def mark_published(conn: Connection, places: Sequence[tuple[int, int]]) -> None:
    """Record where the stream stored each fact: pairs (numero, stream sequence)."""
    await write(conn, _MARK_PUBLISHED, places)


async def replace_due_dates(conn: Connection, dossiers: Sequence[tuple[UUID, str, Sequence[Echeance]]]) -> None:
    """Replace all due dates of each touched aggregate: they follow its state."""
    if dossiers:
        await conn.execute(_CLEAR_DUE_DATES, [agregat for agregat, _, _ in dossiers])
    rows = [(e.agregat, e.nature, e.du_a, partition) for _, partition, echeances in dossiers for e in echeances]
    await insert(conn, "echeances", ("agregat", "nature", "du_a", "partition"), rows)


async def remove_due_dates(conn: Connection, entrees: Sequence[Entree]) -> None:
    await write(conn, _REMOVE_DUE_DATES, [(e.agregat, e.type.removeprefix("echeance."), e.survenu_a) for e in entrees])


async def park_entry(conn: Connection, sceaux: Sceaux, entree: Entree, raison: str, now: datetime) -> None:
    """Set an entry aside: it holds its aggregate until it is settled. Its place stays in the clear."""
    [cell] = await sceaux.sceller(conn, "rebut", [(entree.agregat, entree.id, orjson.dumps(entree.en_json()))])
    place = {"brique": entree.brique, "sequence": entree.sequence}
    await conn.execute(_PARK, entree.id, entree.nature, entree.type, entree.agregat, place, cell, raison, now)


async def redriven(conn: Connection, sceaux: Sceaux, limit: int) -> list[Entree]:
    """The entries that an operator wants tried again."""
    rows = await conn.fetch(_REDRIVEN, limit)
    clairs = await sceaux.ouvrir(conn, "rebut", [(row["id"], row["scelle"]) for row in rows])
    kept = [orjson.loads(clair) if clair else row["entree"] for row, clair in zip(rows, clairs, strict=True)]
    return [Entree.depuis_json(brut) for brut in kept if "donnees" in brut]


async def park_unreadable(conn: Connection, message: Message, raison: str, now: datetime) -> None:
    """Note where a message that cannot be read is in its stream, without its content; it belongs to no aggregate."""
    where = {"sujet": message.subject, "place": message.sequence, "octets": len(message.body)}
    id_ = uuid5(NAMESPACE_URL, f"nats:{message.subject}:{message.sequence}")
    await conn.execute(_PARK, id_, "illisible", "", None, where, None, raison, now)


async def parked(conn: Connection, agregats: Collection[UUID], ids: Collection[UUID]) -> list[Record]:
    """Return `id, agregat, etat` of parked entries: of these aggregates, or with these ids."""
    return await conn.fetch(_PARKED, list(agregats), list(ids))


async def unpark(conn: Connection, ids: Collection[UUID], now: datetime) -> None:
    """These were handled after all; their content goes."""
    await conn.execute(_UNPARK, list(ids), now)


async def forget(conn: Connection, agregats: Mapping[UUID, UUID | None]) -> None:
    """Delete every row of these aggregates; the fact of an erasure stays."""
    await conn.execute(_FORGET, list(agregats), list(agregats.values()))
    await conn.execute(_CLEAR_DUE_DATES, list(agregats))
    await conn.execute(_ERASE_KEPT, list(agregats))
    await conn.execute(_ERASE_FACTS)


async def forgotten(conn: Connection, agregats: Collection[UUID]) -> set[UUID]:
    return {row["agregat"] for row in await conn.fetch(_FORGOTTEN, list(agregats))}


async def to_forget(conn: Connection) -> list[Record]:
    """Erased aggregates that the stream still holds: `agregat`, and `garde`, the fact that stays."""
    await conn.execute(_ERASE_FACTS)
    return await conn.fetch(_TO_FORGET)


async def positions(conn: Connection, wanted: Sequence[Key], *, held: bool = False) -> dict[Key, int]:
    """How far each (brique, aggregate) was read; absent when never. `held`: nobody else reads on until commit."""
    keys = [brique for brique, _ in wanted], [agregat for _, agregat in wanted]
    rows = await conn.fetch(_POSITIONS + (_HELD if held else ""), *keys) if wanted else ()
    return {(row["brique"], row["agregat"]): row["sequence"] for row in rows}


async def advance(conn: Connection, read: Mapping[Key, int], held: Collection[Key] | None = None) -> None:
    """Note how far was read. Of positions that were to be held, one that another began meanwhile raises `CONFLICT`."""
    begun = [(*key, sequence) for key, sequence in read.items() if held is not None and key not in held]
    await insert(conn, "positions", ("brique", "agregat", "sequence"), begun)
    await write(conn, _ADVANCE, [(*key, sequence) for key, sequence in read.items() if held is None or key in held])
