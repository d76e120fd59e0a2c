"""The reads about many parcours: the active file of a structure, how long it takes."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Connection
from services.referents.domain.delai import jour_legal
from services.referents.store.lectures import instant

Json = dict[str, Any]

# The accepted ranges of a parcours do not overlap: on a given day it is in one file at most, once.
_FILE_ACTIVE = """
SELECT d.parcours::text, s.departement, d.nom, d.prenom, d.courriel, d.telephone, d.identifiant_agent,
    d.date_debut, d.date_fin, (
        SELECT min(r.debut) FROM rendez_vous r WHERE r.parcours = d.parcours AND r.statut = 'planifie' AND r.debut > $4
    ) AS prochain_rdv
FROM designations d JOIN dossiers s ON s.parcours = d.parcours
WHERE d.structure_systeme = $1 AND d.structure_valeur = $2 AND d.acceptee_le IS NOT NULL
    AND d.date_debut <= $3 AND (d.date_fin IS NULL OR d.date_fin >= $3)
    AND NOT s.est_clos AND ($5::text IS NULL OR s.departement = $5)
    AND ($6::uuid IS NULL OR d.parcours > $6)
ORDER BY d.parcours LIMIT $7
"""

# One line per département and month of decision. The share counts the orientations whose fate is known: what was
# awaited has come, or its delay is over, or the orientation is; a recent month is not flattered by its quick ones.
_DELAIS = """
SELECT o.departement, to_char(date_trunc('month', date_decision), 'YYYY-MM') AS mois, count(*) AS decisions,
    count(referent_le) AS referent_nombre,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY referent_le - date_decision) FILTER (WHERE referent_le IS NOT NULL)
        AS referent_mediane_jours,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY referent_le - date_decision) FILTER (WHERE referent_le IS NOT NULL)
        AS referent_p90_jours,
    avg(coalesce(referent_le <= date_echeance, false)::int::float8)
        FILTER (WHERE referent_le IS NOT NULL OR est_close OR date_echeance < $3) AS referent_part_dans_le_delai,
    count(premier_rdv_le) AS premier_rdv_nombre,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY premier_rdv_le - date_decision)
        FILTER (WHERE premier_rdv_le IS NOT NULL) AS premier_rdv_mediane_jours,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY premier_rdv_le - date_decision)
        FILTER (WHERE premier_rdv_le IS NOT NULL) AS premier_rdv_p90_jours,
    avg(coalesce(premier_rdv_le <= date_echeance, false)::int::float8)
        FILTER (WHERE premier_rdv_le IS NOT NULL OR est_close OR date_echeance < $3) AS premier_rdv_part_dans_le_delai
FROM orientations o JOIN dossiers s ON s.parcours = o.parcours
WHERE s.absorbe_par IS NULL AND ($1::text IS NULL OR o.departement = $1) AND date_decision >= $2
GROUP BY o.departement, date_trunc('month', date_decision)
ORDER BY o.departement, mois
"""
_MESURES = ("nombre", "mediane_jours", "p90_jours", "part_dans_le_delai")

_PAGE = 500


async def file_active(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{structure: {systeme, valeur}, departement?, apres?: parcours, limite?, maintenant?}` → who it follows today."""
    maintenant, apres, limite = instant(demande), demande.get("apres"), demande.get("limite") or _PAGE
    structure = demande["structure"]
    trouves = await conn.fetch(
        _FILE_ACTIVE,
        structure["systeme"],
        structure["valeur"],
        jour_legal(maintenant),
        maintenant,
        demande.get("departement"),
        UUID(apres) if apres else None,
        limite,
    )
    suite = trouves[-1]["parcours"] if len(trouves) == limite else None
    return {"parcours": [_suivi(dict(row)) for row in trouves], "suite": suite}


async def delais(conn: Connection, demande: Mapping[str, Any]) -> list[Json]:
    """`{departement?, depuis?, maintenant?}` → per département and month, from the decision to the active référent and
    to the first appointment: how many, median, p90, share within 30 days."""
    depuis, jour = date.fromisoformat(demande.get("depuis") or "1900-01-01"), jour_legal(instant(demande))
    return [
        {"departement": row["departement"], "mois": row["mois"], "decisions": row["decisions"]}
        | {quoi: {mesure: row[f"{quoi}_{mesure}"] for mesure in _MESURES} for quoi in ("referent", "premier_rdv")}
        for row in await conn.fetch(_DELAIS, demande.get("departement"), depuis, jour)
    ]


def _suivi(row: Json) -> Json:
    agent = {champ: row[champ] for champ in ("nom", "prenom", "courriel", "telephone", "identifiant_agent")}
    autres = {champ: row[champ] for champ in ("parcours", "departement", "date_debut", "date_fin", "prochain_rdv")}
    return autres | {"referent": agent}
