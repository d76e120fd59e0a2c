"""The reads: the contract of a parcours, how long signatures take."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from chassis import ledger
from chassis.database import Connection
from relais_contrats.v1.delais import decaler
from services.engagements.domain import heures, reexamen
from services.engagements.domain.contenu import Contenu
from services.engagements.domain.delai import (
    date_de_fin_d_instruction,
    date_de_fin_de_suspension,
    date_de_signature_due,
)
from services.engagements.domain.dossier import Contrat, Delai, Dossier, Manquement, Sanction, Suspension
from services.engagements.store.dossiers import REGISTRE

Json = dict[str, Any]

# What was said of contracts, in the order of each parcours; a merge tells again without an agent.
_DITS = """
SELECT id, type, donnees, cause, agent, scelle FROM faits
WHERE agregat = ANY($1) AND type LIKE 'contrat.%' ORDER BY numero
"""

# One line per département and month of notification. The share counts the months whose fate is known: signed (in time
# or not) or over; a recent month is not flattered by its quick signatures. Signed before it was notified is no day.
_DELAIS = """
SELECT departement, to_char(date_trunc('month', date_notification), 'YYYY-MM') AS mois,
    count(*) AS notifications,
    count(date_signature) AS signatures,
    count(*) FILTER (WHERE est_en_retard OR date_signature > date_echeance) AS retards,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(date_signature - date_notification, 0))
        FILTER (WHERE date_signature IS NOT NULL) AS mediane_jours,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY greatest(date_signature - date_notification, 0))
        FILTER (WHERE date_signature IS NOT NULL) AS p90_jours,
    avg(coalesce(date_signature <= date_echeance, false)::int::float8)
        FILTER (WHERE date_signature IS NOT NULL OR est_en_retard) AS part_dans_le_delai,
    count(DISTINCT parcours) AS personnes,
    count(DISTINCT parcours) FILTER (WHERE NOT est_en_retard AND date_signature <= date_echeance) AS a_temps,
    count(DISTINCT parcours) FILTER (WHERE est_en_retard AND date_signature <= date_echeance) AS a_temps_en_retard,
    count(DISTINCT parcours) FILTER (WHERE date_signature > date_echeance) AS hors_delai,
    count(DISTINCT parcours) FILTER (WHERE est_en_retard AND date_signature IS NULL) AS non_signees
FROM delais
WHERE ($1::text IS NULL OR departement = $1) AND date_notification >= $2
GROUP BY departement, date_trunc('month', date_notification)
ORDER BY departement, mois
"""

_CELLULES = ("a_temps", "a_temps_en_retard", "hors_delai", "non_signees")


async def contrat(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours}` → contract in force or awaited, history, month to sign, re-examination, sanctions; None: unknown."""
    if not (famille := await REGISTRE.famille(conn, UUID(demande["parcours"]), demande.get("departement"))):
        return None
    dossier, agents = famille[0], await _agents(conn, [un.parcours for un in famille])
    en_vigueur, a_venir, en_attente = dossier.en_vigueur, dossier.a_venir, dossier.en_attente
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
        "manquements": [_manquement(m) for m in sorted(dossier.manquements, key=attrgetter("constate_le"))],
        "sanctions": [_sanction(s) for s in sorted(dossier.sanctions, key=attrgetter("numero"))],
    }


async def delais(conn: Connection, demande: Mapping[str, Any]) -> list[Json]:
    """`{departement?, depuis?}` → per département and month: count, median, p90, share within the month, and the
    `cellules` by which the reader knows what may be shown."""
    depuis = date.fromisoformat(demande.get("depuis") or "1900-01-01")
    lues = [dict(row) for row in await conn.fetch(_DELAIS, demande.get("departement"), depuis)]
    return [ligne | {"cellules": {"notifications": {nom: ligne.pop(nom) for nom in _CELLULES}}} for ligne in lues]


async def _agents(conn: Connection, parcours: Sequence[UUID]) -> dict[str, str]:
    """By contract, the agent of its last message that was not cancelled."""
    dits = await ledger.opened(conn, REGISTRE.sceaux, await conn.fetch(_DITS, parcours))
    annules = {dit["donnees"].get("annule") for dit in dits if dit["type"] == "contrat.annule"}
    retenus = (dit for dit in dits if dit["agent"] and str(dit["cause"]) not in annules)
    return {dit["donnees"]["contrat_id"]: dit["agent"] for dit in retenus if "contrat_id" in dit["donnees"]}


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
        "duree_mois": reexamen.duree(dossier).nombre,
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
