"""The reads about prescriptions: one of them, and how a territory answers them."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Connection
from services.offres.store import rows

Json = dict[str, Any]

_PRESCRIPTION = f"""
SELECT {rows.PRESCRIPTION} FROM prescriptions
WHERE parcours = (SELECT coalesce(absorbe_par, parcours) FROM dossiers WHERE parcours = $1) AND prescription_id = $2
"""  # noqa: S608  constants only
_STATISTIQUES = """
SELECT departement, count(*) AS nombre, count(repondue_le) AS repondues,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY repondue_le - emise_le) FILTER (WHERE repondue_le IS NOT NULL)
        AS reponse_mediane_jours,
    count(*) FILTER (WHERE etat = 'expiree') AS expirees
FROM prescriptions WHERE ($1::text IS NULL OR departement = $1) AND emise_le >= $2
GROUP BY departement ORDER BY departement
"""
_PAR_ETAT = """
SELECT departement, etat AS cle, count(*) AS nombre FROM prescriptions
WHERE ($1::text IS NULL OR departement = $1) AND emise_le >= $2 GROUP BY departement, etat ORDER BY departement, etat
"""
# A refusal may have several reasons: it counts under each.
_PAR_MOTIF = """
SELECT departement, motif AS cle, count(*) AS nombre FROM prescriptions, unnest(motifs) AS motif
WHERE ($1::text IS NULL OR departement = $1) AND emise_le >= $2 GROUP BY departement, motif ORDER BY departement, motif
"""


async def prescription(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours, prescription_id}` → where it stands, and until when an answer is awaited."""
    row = await conn.fetchrow(_PRESCRIPTION, UUID(demande["parcours"]), demande["prescription_id"])
    if row is None:
        return None
    connue = rows.lire_prescription(row)
    return {
        "prescription_id": connue.prescription_id,
        "service_id": connue.service.id,
        "structure_id": connue.service.structure_id,
        "structure_nom": connue.service.structure_nom,
        "siret": connue.service.siret,
        "prescripteur": connue.prescripteur,
        "departement": connue.departement,
        "emise_le": connue.emise_le,
        "etat": connue.etat.value,
        "attend_une_reponse": connue.etat.attend_une_reponse,
        "expire_le": connue.expire_le,
    }


async def statistiques_prescriptions(conn: Connection, demande: Mapping[str, Any]) -> list[Json]:
    """`{departement?, depuis?}` → per département: how many were emitted since, the median days until the first
    answer, how many stand in each state, and the refusals by reason."""
    filtre = (demande.get("departement"), date.fromisoformat(demande.get("depuis") or "1900-01-01"))
    par_etat = _par_departement(await conn.fetch(_PAR_ETAT, *filtre))
    par_motif = _par_departement(await conn.fetch(_PAR_MOTIF, *filtre))
    return [
        dict(row)
        | {"etats": par_etat.get(row["departement"], {}), "motifs_refus": par_motif.get(row["departement"], {})}
        for row in await conn.fetch(_STATISTIQUES, *filtre)
    ]


def _par_departement(trouves: Any) -> dict[str, dict[str, int]]:
    comptes: dict[str, dict[str, int]] = {}
    for row in trouves:
        comptes.setdefault(row["departement"], {})[row["cle"]] = row["nombre"]
    return comptes
