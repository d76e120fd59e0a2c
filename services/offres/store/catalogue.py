"""Writing the catalogue: publications and withdrawals, set-based, in the transaction of the caller.

Every writer locks the one row of `catalogue` first and takes the next version: what it wrote becomes visible at once,
and versions in their order (decision 0024).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from chassis.database import Connection
from services.offres.store import lignes
from services.offres.store.lignes import Ligne

_LOCK = "SELECT version + 1 FROM catalogue FOR UPDATE"
_ADVANCE = "UPDATE catalogue SET version = $1, change_a = $2"
_RECORD = "INSERT INTO versions (version, a) VALUES ($1, $2)"

_CLOSE_STRUCTURES = """
UPDATE structures v SET retire_a = $1 FROM arrivee_structures a
WHERE v.id = a.id AND v.retire_a IS NULL AND v.empreinte <> a.empreinte
"""
_CLOSE_SERVICES = """
UPDATE services v SET retire_a = $1 FROM arrivee_services a
WHERE v.id = a.id AND v.retire_a IS NULL AND v.empreinte <> a.empreinte
"""
_COMMON_STRUCTURE = ", ".join(lignes.STRUCTURE)
_COMMON_SERVICE = ", ".join(column for column in lignes.SERVICE if column not in ("nom", "description"))
_ADD_STRUCTURES = f"""
INSERT INTO structures ({_COMMON_STRUCTURE}, publie_a)
SELECT {_COMMON_STRUCTURE}, $1 FROM arrivee_structures a
WHERE NOT EXISTS (SELECT FROM structures v WHERE v.id = a.id AND v.retire_a IS NULL)
RETURNING id
"""  # noqa: S608  constants only
# The beginning of a description says what the service is; the rest would make the index three times as large.
_ADD_SERVICES = f"""
INSERT INTO services ({_COMMON_SERVICE}, texte, publie_a)
SELECT {_COMMON_SERVICE},
    setweight(to_tsvector('francais', nom), 'A') || setweight(to_tsvector('francais', left(description, 1000)), 'C'), $1
FROM arrivee_services a
WHERE NOT EXISTS (SELECT FROM services v WHERE v.id = a.id AND v.retire_a IS NULL)
RETURNING id
"""  # noqa: S608
_BACK = "DELETE FROM retraits WHERE genre = $1 AND id = ANY($2)"
_CLEAR = "DELETE FROM arrivee_structures"
_CLEAR_SERVICES = "DELETE FROM arrivee_services"

# A service leaves by itself, or with its structure; told twice, its own reason is kept.
_WITHDRAW_SERVICES = """
WITH cibles AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[]) AS c(id, genre, date, raison)
), partants AS (
    SELECT DISTINCT ON (v.numero) v.numero, v.id, v.source, v.structure_id, v.courriel, v.departement, c.date, c.raison
    FROM cibles c JOIN services v ON v.retire_a IS NULL
        AND ((c.genre = 'service' AND v.id = c.id) OR (c.genre = 'structure' AND v.structure_id = c.id))
    ORDER BY v.numero, c.genre
), fermes AS (
    UPDATE services v SET retire_a = $5 FROM partants p WHERE v.numero = p.numero
), notes AS (
    INSERT INTO retraits (genre, id, source, structure_id, siret, courriel, departement, date, raison, version)
    SELECT 'service', p.id, p.source, p.structure_id, s.siret, coalesce(p.courriel, s.courriel),
        coalesce(p.departement, s.departement), p.date, p.raison, $5
    FROM partants p LEFT JOIN structures s ON s.id = p.structure_id AND s.retire_a IS NULL
), annonces AS (
    INSERT INTO retraits_a_annoncer (service_id, date, raison) SELECT id, date, raison FROM partants
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
    RETURNING v.id, v.source, v.siret, v.courriel, v.departement, c.date, c.raison
), notes AS (
    INSERT INTO retraits (genre, id, source, siret, courriel, departement, date, raison, version)
    SELECT 'structure', id, source, siret, courriel, departement, date, raison, $5 FROM fermees
), plus_de_doublon AS (
    DELETE FROM doublons d USING fermees f WHERE f.id IN (d.structure_id, d.autre_id)
)
SELECT id FROM fermees
"""

_KNOWN = """
SELECT v.id, v.structure_id, s.siret, coalesce(v.courriel, s.courriel) AS courriel,
    coalesce(v.departement, s.departement) AS departement, NULL::date AS retire_le, NULL AS raison
FROM services v LEFT JOIN structures s ON s.id = v.structure_id AND s.retire_a IS NULL
WHERE v.id = ANY($1) AND v.retire_a IS NULL
UNION ALL
SELECT id, structure_id, siret, courriel, departement, date, raison FROM retraits
WHERE genre = 'service' AND id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class RetraitOffre:
    """What leaves the offer, when and why. A structure leaves with its services."""

    id: str
    genre: Literal["structure", "service"]
    date: date
    raison: str


@dataclass(frozen=True, slots=True)
class ServiceConnu:
    """A service that is in the catalogue, or was: then `retire_le` and `raison` are set.

    `siret` is that of its structure, `courriel` its own or that of its structure.
    """

    id: str
    structure_id: str
    siret: str | None
    courriel: str | None
    departement: str | None
    retire_le: date | None
    raison: str | None


@dataclass(frozen=True, slots=True)
class Publies:
    """The ids that a publication added or changed; the others were there already, the same."""

    structures: Sequence[str]
    services: Sequence[str]


async def publier(
    conn: Connection,
    structures: Sequence[Mapping[str, Any]],
    services: Sequence[Mapping[str, Any]],
    instant: datetime,
) -> None:
    """Put records of the contract (`StructurePubliee`, `ServicePublie`, as JSON) in place of those of the same id."""
    await publier_lignes(
        conn, [lignes.de_structure(fiche) for fiche in structures], [lignes.de_service(f) for f in services], instant
    )


async def publier_lignes(
    conn: Connection, structures: Sequence[Ligne], services: Sequence[Ligne], instant: datetime
) -> Publies:
    """The same for rows that are made already. Of two with one id, the last one counts."""
    version = await verrouiller(conn)
    await _arriver(conn, "arrivee_structures", lignes.STRUCTURE, structures)
    await _arriver(conn, "arrivee_services", lignes.SERVICE, services)
    nouvelles, nouveaux = [], []
    if structures:
        await conn.execute(_CLOSE_STRUCTURES, version)
        nouvelles = [row["id"] for row in await conn.fetch(_ADD_STRUCTURES, version)]
        await conn.execute(_BACK, "structure", nouvelles)
        await conn.execute(_CLEAR)
    if services:
        await conn.execute(_CLOSE_SERVICES, version)
        nouveaux = [row["id"] for row in await conn.fetch(_ADD_SERVICES, version)]
        await conn.execute(_BACK, "service", nouveaux)
        await conn.execute(_CLEAR_SERVICES)
    if nouvelles or nouveaux:
        await _avancer(conn, version, instant)
    return Publies(nouvelles, nouveaux)


async def retirer(conn: Connection, ids: Sequence[RetraitOffre], instant: datetime) -> list[str]:
    """Withdraw; what is not in the catalogue is left out. The ids of the services that left it by this, in order."""
    version = await verrouiller(conn)
    colonnes = [[r.id for r in ids], [r.genre for r in ids], [r.date for r in ids], [r.raison for r in ids]]
    services = [row["id"] for row in await conn.fetch(_WITHDRAW_SERVICES, *colonnes, version)]
    structures = await conn.fetch(_WITHDRAW_STRUCTURES, *colonnes, version)
    if services or structures:
        await _avancer(conn, version, instant)
    return services


async def services_vivants(conn: Connection, ids: Sequence[str]) -> dict[str, ServiceConnu]:
    """The known services among these ids, those withdrawn included; an id that was never published is not there."""
    return {row["id"]: ServiceConnu(**row) for row in await conn.fetch(_KNOWN, list(ids))}


async def verrouiller(conn: Connection) -> int:
    """Be the only writer of the catalogue until the transaction ends; the version that it may take."""
    version: int = await conn.fetchval(_LOCK)
    return version


async def _avancer(conn: Connection, version: int, instant: datetime) -> None:
    await conn.execute(_ADVANCE, version, instant)
    await conn.execute(_RECORD, version, instant)


async def _arriver(conn: Connection, table: str, colonnes: Sequence[str], arrivees: Sequence[Ligne]) -> None:
    """The lock makes the table ours, and every writer leaves it empty."""
    if arrivees:
        derniere = {ligne[0]: ligne for ligne in arrivees}
        await conn.copy_records_to_table(table, columns=colonnes, records=derniere.values())
