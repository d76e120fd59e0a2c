"""The reads about many parcours: the active file of a structure, how long it takes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from relais_contrats.territoires import fuseau, jours_legaux
from services.referents.domain.dossier import Dossier
from services.referents.store.dossiers import REGISTRE
from services.referents.store.lectures import est_a_venir, instant

Json = dict[str, Any]

# The accepted ranges of a parcours do not overlap: on a given day it is in one file at most, once.
_FILE_ACTIVE = """
SELECT s.parcours, s.departement, s.date_debut, s.date_fin, d.etat
FROM suivis s JOIN dossiers d ON d.parcours = s.parcours
    JOIN unnest($3::text[], $7::date[]) AS t(departement, jour) ON t.departement = s.departement
WHERE s.structure_systeme = $1 AND s.structure_valeur = $2
    AND s.date_debut <= t.jour AND (s.date_fin IS NULL OR s.date_fin >= t.jour)
    AND ($4::text IS NULL OR s.departement = $4) AND ($5::uuid IS NULL OR s.parcours > $5)
ORDER BY s.parcours LIMIT $6
"""

# One line per département and month of decision, without what was decided before the hub followed the person. The share
# counts the orientations whose fate is known: what was awaited has come, or its delay is over, or the orientation is; a
# recent month is not flattered by its quick ones.
_DELAIS = """
SELECT o.departement, to_char(date_trunc('month', date_decision), 'YYYY-MM') AS mois, count(*) AS decisions,
    count(referent_le) AS referent_nombre,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY referent_le - date_decision) FILTER (WHERE referent_le IS NOT NULL)
        AS referent_mediane_jours,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY referent_le - date_decision) FILTER (WHERE referent_le IS NOT NULL)
        AS referent_p90_jours,
    avg(coalesce(referent_le <= date_echeance, false)::int::float8)
        FILTER (WHERE referent_le IS NOT NULL OR est_close OR date_echeance < t.jour) AS referent_part_dans_le_delai,
    count(premier_rdv_le) AS premier_rdv_nombre,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY premier_rdv_le - date_decision)
        FILTER (WHERE premier_rdv_le IS NOT NULL) AS premier_rdv_mediane_jours,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY premier_rdv_le - date_decision)
        FILTER (WHERE premier_rdv_le IS NOT NULL) AS premier_rdv_p90_jours,
    avg(coalesce(premier_rdv_le <= date_echeance, false)::int::float8)
        FILTER (WHERE premier_rdv_le IS NOT NULL OR est_close OR date_echeance < t.jour)
        AS premier_rdv_part_dans_le_delai,
    count(DISTINCT o.parcours) AS personnes,
    count(DISTINCT o.parcours) FILTER (WHERE referent_le <= date_echeance) AS referent_a_temps,
    count(DISTINCT o.parcours) FILTER (WHERE referent_le > date_echeance) AS referent_hors_delai,
    count(DISTINCT o.parcours) FILTER (WHERE referent_le IS NULL AND (est_close OR date_echeance < t.jour))
        AS referent_absent,
    count(DISTINCT o.parcours) FILTER (WHERE premier_rdv_le <= date_echeance) AS premier_rdv_a_temps,
    count(DISTINCT o.parcours) FILTER (WHERE premier_rdv_le > date_echeance) AS premier_rdv_hors_delai,
    count(DISTINCT o.parcours) FILTER (WHERE premier_rdv_le IS NULL AND (est_close OR date_echeance < t.jour))
        AS premier_rdv_absent
FROM delais o JOIN unnest($3::text[], $4::date[]) AS t(departement, jour) ON t.departement = o.departement
WHERE ($1::text IS NULL OR o.departement = $1) AND date_decision >= $2
GROUP BY o.departement, date_trunc('month', date_decision)
ORDER BY o.departement, mois
"""
_MESURES = ("nombre", "mediane_jours", "p90_jours", "part_dans_le_delai")
_CELLULES = ("a_temps", "hors_delai", "absent")
_QUOI = ("referent", "premier_rdv")

_AGENT = ("nom", "prenom", "courriel", "telephone", "identifiant_agent")

_PAGE = 500


async def file_active(conn: Connection, demande: Mapping[str, Any]) -> Json:
    """`{structure: {systeme, valeur}, departement?, apres?: parcours, limite?, maintenant?}` → who it follows today."""
    maintenant, apres, limite = instant(demande), demande.get("apres"), demande.get("limite") or _PAGE
    structure, jours = demande["structure"], jours_legaux(maintenant)
    trouves = await conn.fetch(
        _FILE_ACTIVE,
        structure["systeme"],
        structure["valeur"],
        list(jours),
        demande.get("departement"),
        UUID(apres) if apres else None,
        limite,
        list(jours.values()),
    )
    dossiers = await REGISTRE.lire(conn, trouves)
    suivis = [_suivi(row, dossiers[row["parcours"]], maintenant) for row in trouves if row["parcours"] in dossiers]
    return {"parcours": suivis, "suite": str(trouves[-1]["parcours"]) if len(trouves) == limite else None}


async def delais(conn: Connection, demande: Mapping[str, Any]) -> list[Json]:
    """`{departement?, depuis?, maintenant?}` → per département and month, from the decision to the active référent and
    to the first appointment: how many, median, p90, share within 30 days; and the `cellules` by which the reader knows
    what may be shown."""
    depuis, jours = date.fromisoformat(demande.get("depuis") or "1900-01-01"), jours_legaux(instant(demande))
    return [
        {champ: row[champ] for champ in ("departement", "mois", "decisions", "personnes")}
        | {quoi: {mesure: row[f"{quoi}_{mesure}"] for mesure in _MESURES} for quoi in _QUOI}
        | {"cellules": {quoi: {cellule: row[f"{quoi}_{cellule}"] for cellule in _CELLULES} for quoi in _QUOI}}
        for row in await conn.fetch(_DELAIS, demande.get("departement"), depuis, list(jours), list(jours.values()))
    ]


def _suivi(row: Record, dossier: Dossier, maintenant: datetime) -> Json:
    affectations = (d.affectation for d in dossier.designations if d.a_suivi)
    referent = next(une.referent for une in affectations if une.debut == row["date_debut"])
    prochain = min((un.rendez_vous.debut for un in dossier.rendez_vous if est_a_venir(un, maintenant)), default=None)
    return {
        "parcours": str(row["parcours"]),
        "departement": row["departement"],
        "date_debut": row["date_debut"],
        "date_fin": row["date_fin"],
        "referent": {champ: getattr(referent, champ) for champ in _AGENT},
        "prochain_rdv": prochain.astimezone(fuseau(row["departement"])) if prochain else None,
    }
