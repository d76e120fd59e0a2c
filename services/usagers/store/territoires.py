"""The territories of which a département is a partner, as the door sends them, and the persons who wait for others."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.database import Connection

_SERVED = "SELECT departement FROM territoires_servis"
_FORGET = "DELETE FROM territoires_servis WHERE departement <> ALL($1)"
_SERVE = "INSERT INTO territoires_servis (departement) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
_EXPECTED = """
SELECT parcours, departement FROM etats
WHERE transfert_attend AND etat = 'actif' AND transfert_vers IN (SELECT departement FROM territoires_servis)
ORDER BY parcours LIMIT $1
"""
_WAITING = """
SELECT parcours, departement, transfert_vers, transfert_le FROM etats
WHERE transfert_attend AND etat = 'actif' AND ($1::uuid IS NULL OR parcours > $1) ORDER BY parcours LIMIT $2
"""
_MOST = 500


async def servis(conn: Connection) -> frozenset[str] | None:
    """Return the served territories; None until the door sends them."""
    return frozenset(row["departement"] for row in await conn.fetch(_SERVED)) or None


async def servir(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
    """`{departements}` → all that are served from now on."""
    await conn.execute(_FORGET, demande["departements"])
    await conn.execute(_SERVE, demande["departements"])
    return {}


async def attendus(conn: Connection, limite: int) -> list[tuple[UUID, str]]:
    """Return (parcours, département) of persons who waited for a territory that is served now."""
    return [(row["parcours"], row["departement"]) for row in await conn.fetch(_EXPECTED, limite)]


async def en_attente(conn: Connection, demande: Mapping[str, Any]) -> dict[str, Any]:
    """`{apres?, limite}` → the parcours that wait, in the order of their ids, and where the list goes on."""
    limite = min(demande["limite"], _MOST)
    apres = UUID(demande["apres"]) if demande.get("apres") else None
    rows = await conn.fetch(_WAITING, apres, limite)
    trouves = [
        {
            "parcours": str(row["parcours"]),
            "departement": row["departement"],
            "departement_nouveau": row["transfert_vers"],
            "date_effet": row["transfert_le"],
        }
        for row in rows
    ]
    return {"parcours": trouves, "suite": trouves[-1]["parcours"] if len(rows) == limite else None}
