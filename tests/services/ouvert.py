"""Rows of a service as they are inside: sealed columns opened, JSON in one form."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag

from chassis import ledger
from chassis.database import Connection, Pool
from services.dossiers.sceaux import CleAbsente, Sceaux

LIGNES = {"dossiers": "parcours", "histoire": "dossier", "feuilles": "parcours", "fusions": "fusion"}
"""Of each table with cells, the column that names the row to which they belong."""


async def lignes(pool: Pool, sceaux: Sceaux, table: str, ou: str = "TRUE", *valeurs: Any) -> list[dict[str, Any]]:
    rows = [dict(row) for row in await pool.fetch(f"SELECT * FROM {table} t WHERE {ou}", *valeurs)]
    async with pool.acquire() as conn:
        for row in rows:
            for colonne, valeur in row.items():
                if isinstance(valeur, bytes) and table in LIGNES:
                    row[colonne] = await _ouvert(conn, sceaux, table, row[LIGNES[table]], valeur)
    return rows


async def _ouvert(conn: Connection, sceaux: Sceaux, table: str, ligne: UUID, valeur: bytes) -> Any:
    """As it is, when it is damaged."""
    try:
        [clair] = await sceaux.ouvrir(conn, table, [(ligne, valeur)])
    except (InvalidTag, CleAbsente):
        return valeur.hex()
    return orjson.loads(clair or b"null")


async def textes(pool: Pool, sceaux: Sceaux, tables: Sequence[str], ou: str = "TRUE", *valeurs: Any) -> list[str]:
    """Of each table, its rows as texts, in an order of their own."""
    return [texte for table in tables for texte in sorted(map(ecrit, await lignes(pool, sceaux, table, ou, *valeurs)))]


def ecrit(row: dict[str, Any]) -> str:
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS, default=str).decode()


async def faits(pool: Pool, sceaux: Sceaux, dossier: UUID | None = None) -> list[dict[str, Any]]:
    """The history, of one dossier or of all."""
    return await lignes(pool, sceaux, "histoire", "$1::uuid IS NULL OR dossier = $1", dossier)


async def dits(pool: Pool, sceaux: Sceaux, ou: str = "TRUE") -> list[Any]:
    """The `donnees` of the facts that the service told, in their order."""
    async with pool.acquire() as conn:
        rows = await conn.fetch(f"SELECT id, donnees, agent, scelle FROM faits WHERE {ou} ORDER BY numero")
        return [row["donnees"] for row in await ledger.opened(conn, sceaux, rows)]
