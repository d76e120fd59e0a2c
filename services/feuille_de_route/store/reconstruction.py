"""Compare what is stored with what was told, page by page and without a lock; the engine folds again what differs."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from services.feuille_de_route.domain.lignees import lignees_de
from services.feuille_de_route.store import repli, rows

_COMBIEN = "SELECT count(*) FROM feuilles"
_PAGE = """
SELECT parcours FROM (
    (SELECT parcours FROM feuilles WHERE parcours > $1 ORDER BY parcours LIMIT $2) UNION
    (SELECT DISTINCT parcours FROM recus WHERE parcours > $1 ORDER BY parcours LIMIT $2)
) AS connus ORDER BY parcours LIMIT $2
"""
# But those that were undone.
_FUSIONS = """
SELECT parcours, donnees->'absorbes' AS absorbes FROM recus f WHERE type = 'usager.fusionne' AND NOT EXISTS (
    SELECT FROM recus d WHERE d.parcours = f.parcours AND d.type = 'usager.defusionne'
    AND d.donnees ->> 'annule' = f.cause::text)
ORDER BY id
"""
_ABSORBEES = "SELECT parcours, absorbee_par FROM feuilles WHERE absorbee_par IS NOT NULL"
_VUES = "SELECT parcours, departement, vue FROM feuilles WHERE parcours = ANY($1) AND absorbee_par IS NULL"
_PROCHAINES = f"SELECT {rows.PROCHAINE} FROM prochaines WHERE parcours = ANY($1)"  # noqa: S608  constants only


async def combien(conn: Connection) -> int:
    nombre: int = await conn.fetchval(_COMBIEN)
    return nombre


async def page(conn: Connection, apres: UUID, limite: int) -> list[UUID]:
    return [row["parcours"] for row in await conn.fetch(_PAGE, apres, limite)]


async def absorptions(conn: Connection) -> tuple[dict[UUID, UUID], dict[UUID, UUID]]:
    """Which sheet is part of which: as the merges were told, and as it is stored."""
    fusions = [(row["parcours"], map(UUID, row["absorbes"])) for row in await conn.fetch(_FUSIONS)]
    stockees = {row["parcours"]: row["absorbee_par"] for row in await conn.fetch(_ABSORBEES)}
    return lignees_de(fusions).directes(), stockees


async def differentes(conn: Connection, parcours: Collection[UUID]) -> list[UUID]:
    """Of these sheets, which go on by themselves, those that are not stored as they fold: a byte, or a row, is enough.

    What is stored is read first: an event that comes meanwhile may make a sheet look different, never look right.
    """
    vues = {row["parcours"]: row for row in await conn.fetch(_VUES, list(parcours))}
    dues: dict[UUID, set[tuple[Any, ...]]] = {}
    for row in await conn.fetch(_PROCHAINES, list(parcours)):
        dues.setdefault(row["parcours"], set()).add(tuple(row.values()))
    lus = await repli.lire(conn, parcours)
    pliees = [repli.plier(id_, recus) for id_, recus in lus.items()]
    return [
        pliee.ensemble.parcours
        for pliee in pliees
        if _est_differente(pliee, vues.get(pliee.ensemble.parcours), dues.get(pliee.ensemble.parcours, set()))
    ]


def _est_differente(pliee: repli.Pliee, stockee: Record | None, dues: set[tuple[Any, ...]]) -> bool:
    if stockee is None or dues != set(pliee.prochaines):
        return True
    return (stockee["departement"], stockee["vue"]) != (pliee.ensemble.departement, pliee.vue)
