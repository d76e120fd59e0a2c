"""The reads: the open request or orientation of a parcours, and statistics of delays."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Connection
from relais_contrats.v1.orientation import criteres_manquants
from services.orientation.domain.decision import Orientation
from services.orientation.domain.delai import date_echeance
from services.orientation.domain.dossier import Demande
from services.orientation.store.dossiers import REGISTRE

Json = dict[str, Any]

# One line per département and month of reception. The share counts the requests whose fate is known: decided (in time
# or not) or passed to France Travail; a recent month is not flattered by its quick decisions.
_DELAIS = """
SELECT departement, to_char(date_trunc('month', date_reception), 'YYYY-MM') AS mois,
    count(*) AS demandes,
    count(decidee_le) AS decidees,
    count(*) FILTER (WHERE est_dessaisie) AS dessaisies,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY decidee_le - date_reception) FILTER (WHERE decidee_le IS NOT NULL)
        AS mediane_jours,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY decidee_le - date_reception) FILTER (WHERE decidee_le IS NOT NULL)
        AS p90_jours,
    avg((NOT est_dessaisie AND decidee_le <= date_echeance)::int::float8)
        FILTER (WHERE decidee_le IS NOT NULL OR est_dessaisie) AS part_dans_le_delai,
    count(DISTINCT parcours) AS personnes,
    count(DISTINCT parcours) FILTER (WHERE NOT est_dessaisie AND decidee_le <= date_echeance) AS a_temps,
    count(DISTINCT parcours) FILTER (WHERE NOT est_dessaisie AND decidee_le > date_echeance) AS hors_delai,
    count(DISTINCT parcours) FILTER (WHERE est_dessaisie AND decidee_le IS NOT NULL) AS apres_dessaisissement,
    count(DISTINCT parcours) FILTER (WHERE est_dessaisie AND decidee_le IS NULL) AS sans_decision
FROM delais
WHERE ($1::text IS NULL OR departement = $1) AND date_reception >= $2
GROUP BY departement, date_trunc('month', date_reception)
ORDER BY departement, mois
"""

_CELLULES = ("a_temps", "hors_delai", "apres_dessaisissement", "sans_decision")


async def orientations(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours}` → history, open orientation, request and its last day, recommendation; None when unknown."""
    if not (famille := await REGISTRE.famille(conn, UUID(demande["parcours"]))):
        return None
    dossier = famille[0]
    ouverte = dossier.ouverte
    return {
        "parcours": str(dossier.parcours),
        "departement": dossier.departement,
        "etat": dossier.etat,
        "ouverte": _orientation(ouverte) if ouverte else None,
        "orientations": [_orientation(orientation) for orientation in dossier.orientations],
        "demande": _demande(dossier.demandes[-1]) if dossier.demandes else None,
        "preconisation": asdict(dossier.preconisation) if dossier.preconisation else None,
        "reorientation": asdict(dossier.reorientation) if dossier.reorientation else None,
    }


async def diagnostic(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours}` → the known criteria, the ones that a recommendation still needs, the constraints."""
    if not (famille := await REGISTRE.famille(conn, UUID(demande["parcours"]))):
        return None
    dossier = famille[0]
    return {
        "parcours": str(dossier.parcours),
        "criteres": dict(dossier.criteres),
        "criteres_manquants": criteres_manquants(dossier.criteres),
        "contraintes_diagnostic": [asdict(contrainte) for contrainte in dossier.contraintes],
    }


async def delais(conn: Connection, demande: Mapping[str, Any]) -> list[Json]:
    """`{departement?, depuis?}` → per département and month: count, median, p90, share within the legal delay, and the
    `cellules` by which the reader knows what may be shown."""
    depuis = date.fromisoformat(demande.get("depuis") or "1900-01-01")
    lues = [dict(row) for row in await conn.fetch(_DELAIS, demande.get("departement"), depuis)]
    return [ligne | {"cellules": {"demandes": {nom: ligne.pop(nom) for nom in _CELLULES}}} for ligne in lues]


def _orientation(orientation: Orientation) -> Json:
    contestation = orientation.contestation
    return asdict(orientation.decision) | {
        "etat": _etat(orientation),
        "decision": "refusee" if contestation else "acceptee",
        "motif_refus": contestation.motif_refus if contestation else None,
        "commentaire_refus": contestation.commentaire if contestation else None,
        "decideur": orientation.decideur.partenaire,
        "date_notification": orientation.notifiee_le,
        "motif_fin": orientation.motif_fin,
    }


def _etat(orientation: Orientation) -> str:
    if orientation.est_close:
        return "close"
    return "ouverte" if orientation.est_effective else "a-venir"


def _demande(demande: Demande) -> Json:
    return {
        "numero": demande.numero,
        "departement": demande.departement,
        "date_reception": demande.recue_le,
        "date_echeance": date_echeance(demande.recue_le),
        "etat": demande.issue or ("dessaisie" if demande.est_dessaisie else "en-attente"),
        "decidee_le": demande.decidee_le,
        "motif": demande.motif,
    }
