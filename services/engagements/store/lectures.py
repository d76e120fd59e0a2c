"""The reads: the contract of a parcours, how long signatures take."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from chassis.database import Connection
from relais_contrats.v1.delais import decaler
from services.engagements.domain import heures, reexamen
from services.engagements.domain.delai import (
    date_de_fin_d_instruction,
    date_de_fin_de_suspension,
    date_de_signature_due,
)
from services.engagements.domain.dossier import (
    Contenu,
    Contrat,
    Delai,
    Dossier,
    Manquement,
    Sanction,
    Suspension,
)
from services.engagements.store import rows

Json = dict[str, Any]

_DOSSIER = f"""
SELECT {rows.DOSSIER} FROM dossiers
WHERE parcours = (SELECT coalesce(absorbe_par, parcours) FROM dossiers WHERE parcours = $1)
"""  # noqa: S608  constants only
_CONTRATS = f"SELECT {rows.CONTRAT} FROM contrats WHERE parcours = $1 ORDER BY numero"  # noqa: S608
_DELAIS_DU_PARCOURS = f"SELECT {rows.DELAI} FROM delais WHERE parcours = $1 ORDER BY numero"  # noqa: S608
_MANQUEMENTS = f"SELECT {rows.MANQUEMENT} FROM manquements WHERE parcours = $1 ORDER BY date_constat"  # noqa: S608
_SANCTIONS = f"SELECT {rows.SANCTION} FROM sanctions WHERE parcours = $1 ORDER BY numero"  # noqa: S608

# Who acted last on each, but for what was cancelled; a merge tells again without an agent.
_AGENTS = """
WITH dits AS (
    SELECT * FROM faits
    WHERE agregat IN (SELECT $1 UNION ALL SELECT d.parcours FROM dossiers d WHERE d.absorbe_par = $1)
        AND type LIKE 'contrat.%')
SELECT DISTINCT ON (donnees ->> 'contrat_id') donnees ->> 'contrat_id' AS contrat_id, agent FROM dits
WHERE agent IS NOT NULL AND donnees ? 'contrat_id' AND cause NOT IN (
    SELECT (donnees ->> 'annule')::uuid FROM dits WHERE type = 'contrat.annule')
ORDER BY donnees ->> 'contrat_id', numero DESC
"""

# One line per département and month of notification. The share counts the months whose fate is known: signed (in time
# or not) or over; a recent month is not flattered by its quick signatures. Signed before it was notified is no day.
_DELAIS = """
SELECT departement, to_char(date_trunc('month', date_notification), 'YYYY-MM') AS mois,
    count(*) AS notifications,
    count(signe_le) AS signatures,
    count(*) FILTER (WHERE est_en_retard OR signe_le > date_echeance) AS retards,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(signe_le - date_notification, 0))
        FILTER (WHERE signe_le IS NOT NULL) AS mediane_jours,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY greatest(signe_le - date_notification, 0))
        FILTER (WHERE signe_le IS NOT NULL) AS p90_jours,
    avg(coalesce(signe_le <= date_echeance, false)::int::float8)
        FILTER (WHERE signe_le IS NOT NULL OR est_en_retard) AS part_dans_le_delai,
    count(DISTINCT parcours) AS personnes,
    count(DISTINCT parcours) FILTER (WHERE NOT est_en_retard AND signe_le <= date_echeance) AS a_temps,
    count(DISTINCT parcours) FILTER (WHERE est_en_retard AND signe_le <= date_echeance) AS a_temps_en_retard,
    count(DISTINCT parcours) FILTER (WHERE signe_le > date_echeance) AS hors_delai,
    count(DISTINCT parcours) FILTER (WHERE est_en_retard AND signe_le IS NULL) AS non_signees
FROM delais
WHERE ($1::text IS NULL OR departement = $1) AND date_notification >= $2
GROUP BY departement, date_trunc('month', date_notification)
ORDER BY departement, mois
"""

_CELLULES = ("a_temps", "a_temps_en_retard", "hors_delai", "non_signees")


async def contrat(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours}` → contract in force or awaited, history, month to sign, re-examination, sanctions; None: unknown."""
    dossier = await _charger(conn, UUID(demande["parcours"]))
    if dossier is None:
        return None
    en_vigueur, a_venir, en_attente = dossier.en_vigueur, dossier.a_venir, dossier.en_attente
    agents = {dit["contrat_id"]: dit["agent"] for dit in await conn.fetch(_AGENTS, dossier.parcours)}
    return {
        "parcours": str(dossier.parcours),
        "departement": dossier.departement,
        "etat": dossier.courant.etat if dossier.courant else None,
        "en_vigueur": _contrat(en_vigueur, agents) if en_vigueur else None,
        "a_venir": _contrat(a_venir, agents) if a_venir else None,
        "en_attente": _contrat(en_attente, agents) if en_attente else None,
        "contrats": [_contrat(contrat, agents) for contrat in dossier.contrats],
        "signature": _signature(dossier.delais[-1]) if dossier.delais else None,
        "reexamen": _reexamen(dossier),
        "manquements": [_manquement(manquement) for manquement in dossier.manquements],
        "sanctions": [_sanction(sanction) for sanction in dossier.sanctions],
    }


async def delais(conn: Connection, demande: Mapping[str, Any]) -> list[Json]:
    """`{departement?, depuis?}` → per département and month: count, median, p90, share within the month, and the
    `cellules` by which the reader knows what may be shown."""
    depuis = date.fromisoformat(demande.get("depuis") or "1900-01-01")
    lues = [dict(row) for row in await conn.fetch(_DELAIS, demande.get("departement"), depuis)]
    return [ligne | {"cellules": {"notifications": {nom: ligne.pop(nom) for nom in _CELLULES}}} for ligne in lues]


async def _charger(conn: Connection, parcours: UUID) -> Dossier | None:
    row = await conn.fetchrow(_DOSSIER, parcours)
    if row is None:
        return None
    id_ = row["parcours"]
    return rows.lire_dossier(
        row,
        [rows.lire_contrat(trouve) for trouve in await conn.fetch(_CONTRATS, id_)],
        [rows.lire_delai(trouve) for trouve in await conn.fetch(_DELAIS_DU_PARCOURS, id_)],
        [rows.lire_manquement(trouve) for trouve in await conn.fetch(_MANQUEMENTS, id_)],
        [rows.lire_sanction(trouvee) for trouvee in await conn.fetch(_SANCTIONS, id_)],
    )


def _contrat(contrat: Contrat, agents: Mapping[str, str]) -> Json:
    contenu = contrat.contenu
    return {
        "contrat_id": contrat.id,
        "etat": contrat.etat,
        "date_debut": contenu.date_debut,
        "duree_mois": contenu.duree_mois,
        "date_fin": decaler(contenu.date_debut, contenu.duree_mois) - timedelta(days=1),
        "engagements_usager": [asdict(engagement) for engagement in contenu.engagements_usager],
        "engagements_organisme": [asdict(engagement) for engagement in contenu.engagements_organisme],
        "dispense_heures": {"motif": contenu.motif_dispense} if contenu.motif_dispense else None,
        "heures": _heures(contenu),
        "proposeur": contrat.proposeur.partenaire,
        "agent": agents.get(contrat.id),
        "date_signature": contrat.signe_le,
        "signataires": list(contrat.signataires) or None,
        "est_hors_delai": contrat.est_hors_delai if contrat.signe_le else None,
        "date_refus": contrat.refuse_le,
        "motif_refus": contrat.motif_refus,
        "cause_resignature": contrat.cause,
        "suspensions": [_suspension(suspension) for suspension in contrat.suspensions],
        "bilans": [asdict(bilan) for bilan in contrat.bilans],
        "date_cloture": contrat.clos_le,
        "motif_cloture": contrat.motif_cloture,
    }


def _heures(contenu: Contenu) -> Json:
    comparees = heures.comparer(contenu)
    return {"total_hebdo": comparees.total_hebdo, "seuil_hebdo": heures.SEUIL_HEBDO, "lecture": comparees.lecture}


def _suspension(suspension: Suspension) -> Json:
    return {
        "date_debut": suspension.debut,
        "motif": suspension.motif,
        "date_limite": date_de_fin_de_suspension(suspension.debut),
        "date_reprise": suspension.reprise,
        "motif_reprise": suspension.motif_reprise,
    }


def _signature(delai: Delai) -> Json:
    return {
        "date_notification": delai.notifiee_le,
        "date_echeance": date_de_signature_due(delai.notifiee_le),
        "etat": delai.issue or ("en-retard" if delai.est_en_retard else "en-cours"),
        "est_en_retard": delai.est_en_retard,
        "date_signature": delai.signe_le,
    }


def _reexamen(dossier: Dossier) -> Json | None:
    periode = dossier.reexamen
    if periode is None:
        return None
    return {
        "date_debut": periode.depuis,
        "date_echeance": reexamen.date_echeance(dossier),
        "duree_mois": reexamen.duree_mois(dossier),
        "cause": reexamen.cause(dossier),
        "est_du": periode.du_le is not None,
    }


def _manquement(manquement: Manquement) -> Json:
    brut = asdict(manquement)
    return brut | {"date_constat": brut.pop("constate_le")}


def _sanction(sanction: Sanction) -> Json:
    proposee_le = sanction.proposee_le
    return asdict(sanction.mesure) | {
        "etat": sanction.etat,
        "date_proposition": proposee_le,
        "date_limite_instruction": date_de_fin_d_instruction(proposee_le) if proposee_le else None,
        "est_hors_delai": sanction.est_hors_delai,
        "date_notification": sanction.notifiee_le,
        "date_levee": sanction.levee_le,
        "motif_levee": sanction.motif_levee,
    }
