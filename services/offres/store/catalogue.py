"""Writing the catalogue: publications and withdrawals, set-based, in the transaction of the caller.

Every writer locks the one row of `catalogue` first and takes the next version: its rows become visible at once, and
versions in their order (decision 0024).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chassis.database import Connection
from services.offres.domain.offre import Genre
from services.offres.store import copie, lignes
from services.offres.store.lignes import Ligne

_VERSION = "SELECT version FROM catalogue"
_LOCK = "SELECT version + 1 FROM catalogue FOR UPDATE"
_ADVANCE = "UPDATE catalogue SET version = $1, change_a = $2"
_RECORD = "INSERT INTO versions (version, a) VALUES ($1, $2)"

# One statement for each table, and plain lookups by id: a plan that was made while the catalogue was empty stays good.
_TABLES: dict[Genre, tuple[str, Sequence[str]]] = {
    "structure": ("structures", lignes.STRUCTURE),
    "service": ("services", lignes.SERVICE),
}
_HASHES = "SELECT id, empreinte FROM {} WHERE id = ANY($1) AND retire_a IS NULL"
_CLOSE = "UPDATE {} SET retire_a = $1 WHERE id = ANY($2) AND retire_a IS NULL"
_WORDS = "INSERT INTO mots (mot) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
_BACK = "DELETE FROM retraits WHERE genre = $1 AND id = ANY($2)"

# A service leaves by itself, or with its structure; told twice, its own reason is kept.
_WITHDRAW_SERVICES = """
WITH cibles AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[]) AS c(id, genre, date, raison)
), partants AS (
    SELECT DISTINCT ON (v.numero) v.numero, v.id, c.date, c.raison
    FROM cibles c JOIN services v ON v.retire_a IS NULL
        AND ((c.genre = 'service' AND v.id = c.id) OR (c.genre = 'structure' AND v.structure_id = c.id))
    ORDER BY v.numero, c.genre
), fermes AS (
    UPDATE services v SET retire_a = $5 FROM partants p WHERE v.numero = p.numero
), notes AS (
    INSERT INTO retraits (genre, id, date, raison, version) SELECT 'service', id, date, raison, $5 FROM partants
), annonces AS (
    INSERT INTO retraits_a_annoncer (service_id) SELECT id FROM partants
)
SELECT id FROM partants ORDER BY id
"""
_WITHDRAW_STRUCTURES = """
WITH cibles AS (
    SELECT DISTINCT ON (id) id, date, raison
    FROM unnest($1::text[], $2::text[], $3::date[], $4::text[]) AS c(id, genre, date, raison)
    WHERE genre = 'structure'
), fermees AS (
    UPDATE structures v SET retire_a = $5 FROM cibles c WHERE v.id = c.id AND v.retire_a IS NULL
    RETURNING v.id, c.date, c.raison
), notes AS (
    INSERT INTO retraits (genre, id, date, raison, version) SELECT 'structure', id, date, raison, $5 FROM fermees
), plus_de_doublon AS (
    DELETE FROM doublons d USING fermees f WHERE f.id IN (d.structure_id, d.autre_id)
)
SELECT id FROM fermees
"""

# Superseded rows are kept as long as a cursor may ask for their version.
_KEPT = timedelta(hours=24)
_FLOOR = """
UPDATE catalogue SET plancher = greatest(plancher, coalesce((SELECT max(version) FROM versions WHERE a < $1), 0))
RETURNING plancher
"""
_PURGE = (
    "DELETE FROM services WHERE retire_a <= $1",
    "DELETE FROM structures WHERE retire_a <= $1",
    "DELETE FROM versions WHERE version < $1",
)


@dataclass(frozen=True, slots=True)
class RetraitOffre:
    """A withdrawal: the record, its day and its reason. A structure leaves with its services."""

    id: str
    genre: Genre
    date: date
    raison: str


async def publier(
    conn: Connection,
    structures: Sequence[Mapping[str, Any]],
    services: Sequence[Mapping[str, Any]],
    instant: datetime,
) -> None:
    """Put records of the contract (`StructurePubliee`, `ServicePublie`, as JSON) in place of those of the same id."""
    await publier_lignes(conn, "structure", [lignes.de_structure(fiche) for fiche in structures], instant)
    await publier_lignes(conn, "service", [lignes.de_service(fiche) for fiche in services], instant)


async def publier_lignes(conn: Connection, genre: Genre, arrivees: Sequence[Ligne], instant: datetime) -> Sequence[str]:
    """Publish ready rows of one kind. Return the ids that were added or changed. Of two rows with one id the last
    counts; an unchanged record is left alone."""
    if not arrivees:
        return ()
    (table, colonnes), version = _TABLES[genre], await verrouiller(conn)
    derniere = {ligne.id: ligne for ligne in arrivees}
    vivantes = {row["id"]: row["empreinte"] for row in await conn.fetch(_HASHES.format(table), list(derniere))}
    changees = [ligne for id_, ligne in derniere.items() if vivantes.get(id_) != ligne.empreinte]
    if not changees:
        return ()
    ids = [ligne.id for ligne in changees]
    await conn.execute(_CLOSE.format(table), version, [id_ for id_ in ids if id_ in vivantes])
    if connus := {mot for ligne in changees for mot in ligne.mots}:
        await conn.execute(_WORDS, sorted(connus))
    fin = copie.grand(version)
    flux = copie.flux(part for ligne in changees for part in (ligne.copie, fin))
    await conn.copy_to_table(table, source=flux, columns=(*colonnes, "publie_a"), format="binary")
    await conn.execute(_BACK, genre, ids)
    await _avancer(conn, version, instant)
    return ids


async def retirer(conn: Connection, ids: Sequence[RetraitOffre], instant: datetime) -> list[str]:
    """Withdraw records, unknown ones left out. Return the ids of the services that left, in order."""
    version = await verrouiller(conn)
    colonnes = [[r.id for r in ids], [r.genre for r in ids], [r.date for r in ids], [r.raison for r in ids]]
    services = [row["id"] for row in await conn.fetch(_WITHDRAW_SERVICES, *colonnes, version)]
    structures = await conn.fetch(_WITHDRAW_STRUCTURES, *colonnes, version)
    if services or structures:
        await _avancer(conn, version, instant)
    return services


async def purger(conn: Connection, instant: datetime) -> None:
    """Delete the rows that no cursor may ask for: a list that began a day before starts again."""
    await verrouiller(conn)
    plancher = await conn.fetchval(_FLOOR, instant - _KEPT)
    for statement in _PURGE:
        await conn.execute(statement, plancher)


async def entretenir(conn: Connection, *, timeout_s: float) -> None:
    """After many writes: the pending lists of the indexes emptied, the statistics of the tables renewed."""
    await conn.execute("SELECT entretenir()", timeout=timeout_s)


async def version_courante(conn: Connection) -> int:
    """The last one that was published."""
    courante: int = await conn.fetchval(_VERSION)
    return courante


async def verrouiller(conn: Connection) -> int:
    """Be the only writer of the catalogue until the transaction ends; the version that it may take."""
    version: int = await conn.fetchval(_LOCK)
    return version


async def _avancer(conn: Connection, version: int, instant: datetime) -> None:
    await conn.execute(_ADVANCE, version, instant)
    await conn.execute(_RECORD, version, instant)
