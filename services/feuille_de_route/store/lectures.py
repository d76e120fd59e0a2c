"""The reads: the sheet of a parcours, and the due dates of a département."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from chassis.database import Connection, Record
from services.feuille_de_route.store.dossiers import REGISTRE

Json = dict[str, Any]

# Of an absorbed parcours, the view of the one that goes on.
_FEUILLE = """
WITH RECURSIVE survivants AS (
    SELECT parcours, absorbe_par FROM dossiers WHERE parcours = $1
    UNION SELECT d.parcours, d.absorbe_par FROM survivants s JOIN dossiers d ON d.parcours = s.absorbe_par)
SELECT parcours, vue FROM survivants JOIN feuilles USING (parcours)
"""
_DEFUSION = "SELECT bool_or(est_defaite) FROM fusions WHERE depot = $1"
# Only an action and an engagement have a text, which is in the view.
_ECHEANCES = """
SELECT parcours, departement, nature, numero, date_echeance, objet, sensibilite, rang,
    CASE WHEN nature IN ('action', 'engagement')
        THEN (SELECT vue FROM feuilles f WHERE f.parcours = prochaines.parcours) END AS vue
FROM prochaines
WHERE departement = $1 AND date_echeance <= $2
    AND (date_echeance, prochaines.parcours, nature, numero) > ($3::date, $4::uuid, $5::text, $6::int)
ORDER BY date_echeance, prochaines.parcours, nature, numero LIMIT $7
"""
# The first page starts after this: one comparison for all pages, which the index answers from where it stands.
_DEBUT = ("0001-01-01", str(UUID(int=0)), "", 0)
_PAGE, _MAX_PAGE = 100, 500
_CHAMPS = ("parcours", "departement", "nature", "numero", "date_echeance", "objet", "sensibilite")


async def feuille(conn: Connection, demande: Mapping[str, Any]) -> orjson.Fragment | None:
    """`{parcours}` → the view, as stored; None when nothing is known of it."""
    [vue] = await _vues(conn, await conn.fetch(_FEUILLE, UUID(demande["parcours"]))) or [None]
    return orjson.Fragment(vue) if vue else None


async def defusion(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{depot}` → whether the merge of this deposit is undone here. Nothing stands on it: each object is somebody's."""
    est_defaite: bool | None = await conn.fetchval(_DEFUSION, UUID(demande["depot"]))
    return {"etat": "inconnue" if est_defaite is None else "faite" if est_defaite else "connue"}


async def echeances(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{departement, avant?, apres?: [date, parcours, nature, numero], limite?}` → the due dates, most urgent first.

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
    vues = await _vues(conn, [row for row in trouvees if row["vue"]])
    ouvertes = iter(vues)
    dues = [_due(row, next(ouvertes) if row["vue"] else None) for row in trouvees]
    return {"echeances": dues, "suite": _curseur(derniere) if derniere else None}


def _curseur(derniere: Record) -> list[Any]:
    return [derniere["date_echeance"], derniere["parcours"], derniere["nature"], derniere["numero"]]


async def _vues(conn: Connection, rows: Sequence[Record]) -> list[bytes | None]:
    """The views of these rows; None for one that an erasure has closed."""
    return await REGISTRE.sceaux.ouvrir(
        conn, "feuilles", [(row["parcours"], row["vue"]) for row in rows], est_lecture=True
    )


def _due(row: Record, vue: bytes | None) -> Json:
    texte = orjson.loads(vue)["echeances"][row["rang"]].get("libelle") if vue else None
    return {champ: row[champ] for champ in _CHAMPS} | {"libelle": texte}
