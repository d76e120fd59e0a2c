"""The reads: the sheet of a parcours, and what falls due in a département."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from chassis.database import Connection, Record

Json = dict[str, Any]

_FEUILLE = """
SELECT coalesce(f.vue, s.vue) FROM feuilles f LEFT JOIN feuilles s ON s.parcours = f.absorbee_par WHERE f.parcours = $1
"""
_DEFUSION = """
SELECT type FROM recus
WHERE (type = 'usager.fusionne' AND cause = $1::uuid)
    OR (type = 'usager.defusionne' AND donnees ->> 'annule' = $1::uuid::text)
ORDER BY type
"""
_ECHEANCES = """
SELECT parcours::text, departement, nature, numero, date_echeance, objet, libelle, sensibilite FROM prochaines
WHERE departement = $1 AND date_echeance <= $2
    AND (date_echeance, prochaines.parcours, nature, numero) > ($3::date, $4::uuid, $5::text, $6::int)
ORDER BY date_echeance, prochaines.parcours, nature, numero LIMIT $7
"""
# The first page starts after this: one comparison for all pages, which the index answers from where it stands.
_DEBUT = ("0001-01-01", str(UUID(int=0)), "", 0)
_PAGE, _MAX_PAGE = 100, 500


async def feuille(conn: Connection, demande: Mapping[str, Any]) -> orjson.Fragment | None:
    """`{parcours}` → the view, as stored; None when nothing is known of it."""
    vue: bytes | None = await conn.fetchval(_FEUILLE, UUID(demande["parcours"]))
    return orjson.Fragment(vue) if vue else None


async def defusion(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{depot}` → whether the merge of this deposit is undone here. Nothing stands on it: each object is somebody's."""
    dits = [row["type"] for row in await conn.fetch(_DEFUSION, UUID(demande["depot"]))]
    return {"etat": "faite" if "usager.defusionne" in dits else "connue" if dits else "inconnue"}


async def echeances(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{departement, avant?, apres?: [date, parcours, nature, numero], limite?}` → what falls due, most urgent first.

    Page by page, without a window: `suite` is the `apres` of the next page, None at the end.
    """
    jour, parcours, nature, numero = demande.get("apres") or _DEBUT
    limite = min(demande.get("limite") or _PAGE, _MAX_PAGE)
    trouvees = await conn.fetch(
        _ECHEANCES,
        demande["departement"],
        date.fromisoformat(demande.get("avant") or "2999-12-31"),
        date.fromisoformat(jour),
        UUID(parcours),
        nature,
        numero,
        limite,
    )
    derniere = trouvees[-1] if len(trouvees) == limite else None
    return {"echeances": [dict(row) for row in trouvees], "suite": _curseur(derniere) if derniere else None}


def _curseur(derniere: Record) -> list[Any]:
    return [derniere["date_echeance"], derniere["parcours"], derniere["nature"], derniere["numero"]]
