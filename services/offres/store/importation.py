"""The SQL of an import: its progress, the ids of its file, the records that it would withdraw."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.database import Connection
from services.offres.store import copie

_AT_ONCE = 5_000
_FRESH_PLANS = "SET plan_cache_mode = force_custom_plan"
_LOCK = "SELECT pg_try_advisory_lock(hashtext('relais.offres.importer'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('relais.offres.importer'))"
_RUNNING = """
SELECT numero, etape, lignes, comptes FROM imports
WHERE acheve_a IS NULL AND source = $1 AND fichier = $2 AND est_complet = $3
"""
_ABANDON = "DELETE FROM imports WHERE acheve_a IS NULL AND source = $1"
_BEGIN = """
INSERT INTO imports (source, fichier, est_complet, etape, commence_a) VALUES ($1, $2, $3, 'structures', $4)
RETURNING numero
"""
_ADVANCE = "UPDATE imports SET etape = $2, lignes = $3, comptes = $4 WHERE numero = $1"
_END = "UPDATE imports SET etape = 'retraits', comptes = $2, acheve_a = $3 WHERE numero = $1"

_FORGET_SEEN = "DELETE FROM imports_vus"
_TWICE = "SELECT genre, id FROM imports_vus GROUP BY genre, id HAVING count(*) > 1"
# In the catalogue, the same, and a record that would be taken: named once, a service with its structure.
_UNCHANGED = """
SELECT u.rang FROM imports_vus u JOIN structures v ON v.id = u.id AND v.retire_a IS NULL AND v.empreinte = u.empreinte
WHERE u.genre = 'structure' AND u.id <> ALL($1)
UNION ALL
SELECT u.rang FROM imports_vus u JOIN services v ON v.id = u.id AND v.retire_a IS NULL AND v.empreinte = u.empreinte
WHERE u.genre = 'service' AND u.id <> ALL($2)
    AND EXISTS (SELECT FROM structures s WHERE s.id = v.structure_id AND s.retire_a IS NULL)
"""
_LIVE_STRUCTURES = "SELECT id FROM structures WHERE id = ANY($1) AND retire_a IS NULL"
# What a complete file does not name leaves; with a structure, its services, those of other sources included.
_ABSENT = """
SELECT 'structure' AS genre, v.id FROM structures v
WHERE 'structure' = ANY($2) AND v.source = $1 AND v.retire_a IS NULL
    AND NOT EXISTS (SELECT FROM imports_vus u WHERE u.genre = 'structure' AND u.id = v.id)
UNION ALL
SELECT 'service', v.id FROM services v
WHERE 'service' = ANY($2) AND v.source = $1 AND v.retire_a IS NULL
    AND NOT EXISTS (SELECT FROM imports_vus u WHERE u.genre = 'service' AND u.id = v.id)
ORDER BY 1, 2
"""
_LIVE = """
SELECT (SELECT count(*) FROM structures WHERE source = $1 AND retire_a IS NULL) AS structure,
    (SELECT count(*) FROM services WHERE source = $1 AND retire_a IS NULL) AS service
"""


@dataclass(frozen=True, slots=True)
class Avancement:
    """The progress of an import: its sweep, the number of records done, and their outcome."""

    numero: int
    etape: str
    lignes: int
    comptes: Mapping[str, Any]


async def seul(conn: Connection) -> bool:
    """Whether this session is now the only import; it is until it ends or says so.

    Its statements are planned each time: the tables grow under it.
    """
    await conn.execute(_FRESH_PLANS)
    obtenu: bool = await conn.fetchval(_LOCK)
    return obtenu


async def laisser(conn: Connection) -> None:
    await conn.execute(_UNLOCK)


async def commencer(conn: Connection, source: str, fichier: str, instant: datetime, *, est_complet: bool) -> Avancement:
    """Where the same import of the same file stopped, or the beginning; another file of the source starts anew."""
    if row := await conn.fetchrow(_RUNNING, source, fichier, est_complet):
        return Avancement(**row)
    await conn.execute(_ABANDON, source)
    numero = await conn.fetchval(_BEGIN, source, fichier, est_complet, instant)
    return Avancement(numero, "structures", 0, {})


async def avancer(conn: Connection, numero: int, etape: str, lignes: int, comptes: Mapping[str, Any]) -> None:
    await conn.execute(_ADVANCE, numero, etape, lignes, comptes)


async def achever(conn: Connection, numero: int, comptes: Mapping[str, Any], instant: datetime) -> None:
    await conn.execute(_END, numero, comptes, instant)


async def oublier_vus(conn: Connection) -> None:
    await conn.execute(_FORGET_SEEN)


def vu(rang: int, genre: str, id_: str, empreinte: bytes | None) -> bytes:
    """What the file names, as `noter_vus` writes it down."""
    return copie.rangee(rang, genre, id_, empreinte)


async def noter_vus(conn: Connection, vus: bytes) -> None:
    await conn.copy_to_table("imports_vus", source=copie.flux([vus]), format="binary")


async def en_double(conn: Connection) -> set[tuple[str, str]]:
    """The (genre, id) that the file names more than once."""
    return {(row["genre"], row["id"]) for row in await conn.fetch(_TWICE)}


async def inchanges(conn: Connection, doubles: Iterable[tuple[str, str]]) -> AsyncIterator[list[int]]:
    """The ranks of the records that the catalogue holds already, some at a time: in a transaction."""
    ids: dict[str, list[str]] = {"structure": [], "service": []}
    for genre, id_ in doubles:
        ids[genre].append(id_)
    lecture = await conn.cursor(_UNCHANGED, *ids.values())
    while rows := await lecture.fetch(_AT_ONCE):
        yield [row["rang"] for row in rows]


async def structures_vivantes(conn: Connection, ids: Iterable[str]) -> set[str]:
    return {row["id"] for row in await conn.fetch(_LIVE_STRUCTURES, list(set(ids)))}


async def absentes(conn: Connection, source: str, genres: Sequence[str]) -> list[tuple[str, str]]:
    """The (genre, id) of the source that are in the catalogue and not in the file."""
    return [(row["genre"], row["id"]) for row in await conn.fetch(_ABSENT, source, list(genres))]


async def vivantes(conn: Connection, source: str) -> dict[str, int]:
    """How many records of the source are in the catalogue, by genre."""
    row = await conn.fetchrow(_LIVE, source)
    return dict(row) if row else {}
