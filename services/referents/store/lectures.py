"""The reads about one parcours: who follows this person, and when they meet."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from chassis import ledger
from chassis.database import Connection
from relais_contrats.territoires import fuseau, jour_legal
from services.referents.domain.dossier import Accompagnant, Designation, Dossier, Etat, RdvSuivi, Statut
from services.referents.domain.rendez_vous import est_a_confirmer
from services.referents.store.dossiers import REGISTRE

Json = dict[str, Any]

# The last on each says who acted, in the parcours in which it was told; a merge tells again without an agent.
_AGENTS = """
SELECT id, donnees, agent, scelle FROM faits
WHERE agregat = ANY($1) AND type IN ('rdv.planifie', 'rdv.modifie', 'rdv.annule', 'rdv.constate') ORDER BY numero
"""


async def referent(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours, maintenant?}` → who follows this person today, who is proposed or comes next, history, followers."""
    if not (famille := await REGISTRE.famille(conn, UUID(demande["parcours"]), demande.get("departement"))):
        return None
    dossier, jour = famille[0], jour_legal(famille[0].departement, instant(demande))
    propose = next((d for d in dossier.designations if d.etat is Etat.PROPOSE), None)
    suit = next((d for d in dossier.designations if _suit(d, jour)), None)
    suivant = next((d for d in dossier.designations if d.etat is Etat.ACTIF and d.affectation.debut > jour), None)
    # The history of a person is that of all its parcours, those that a merge absorbed included.
    historique = sorted((d for un in famille for d in un.designations), key=_par_date)
    return {
        "parcours": str(dossier.parcours),
        "departement": dossier.departement,
        "referent": _designation(suit) if suit else None,
        "suivant": _designation(suivant) if suivant else None,
        "propose": _designation(propose) if propose else None,
        "historique": [_designation(d) for d in historique],
        "accompagnants": [_accompagnant(a) for a in dossier.accompagnants if a.fin is None or a.fin >= jour],
        "anciens_accompagnants": [_accompagnant(a) for a in dossier.accompagnants if a.fin and a.fin < jour],
    }


async def rdv(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours, maintenant?}` → its appointments: first the next ones in order, then the past ones, latest first."""
    if not (famille := await REGISTRE.famille(conn, UUID(demande["parcours"]), demande.get("departement"))):
        return None
    dossier, maintenant = famille[0], instant(demande)
    suivis = sorted(dossier.rendez_vous, key=lambda suivi: (suivi.rendez_vous.debut, suivi.rdv_id))
    rows = await conn.fetch(_AGENTS, [un.parcours for un in famille])
    dits = await ledger.opened(conn, REGISTRE.sceaux, rows)
    agents = {dit["donnees"]["rdv_id"]: dit["agent"] for dit in dits if dit["agent"]}
    a_venir = [suivi for suivi in suivis if est_a_venir(suivi, maintenant)]
    autres = [suivi for suivi in reversed(suivis) if not est_a_venir(suivi, maintenant)]
    return {
        "parcours": str(dossier.parcours),
        "departement": dossier.departement,
        "rendez_vous": [
            _rdv(dossier, suivi, maintenant) | {"agent": agents.get(suivi.rdv_id)} for suivi in (*a_venir, *autres)
        ],
    }


def instant(demande: Mapping[str, Any]) -> datetime:
    """The instant of a read (`maintenant`, RFC 3339), now by default."""
    dit = demande.get("maintenant")
    return datetime.fromisoformat(dit) if dit else datetime.now(UTC)


def _par_date(designation: Designation) -> tuple[date, date, int]:
    return designation.affectation.debut, designation.designee_le, designation.numero


def _suit(designation: Designation, jour: date) -> bool:
    """Accepted, begun, and not over on that day: one that was replaced in advance still follows until its last day."""
    est_fini = designation.fin is not None and designation.fin < jour
    return designation.acceptee_le is not None and designation.affectation.debut <= jour and not est_fini


def _designation(designation: Designation) -> Json:
    affectation = designation.affectation
    return {
        "etat": designation.etat.value,
        "referent": asdict(affectation.referent),
        "structure": asdict(affectation.structure),
        "date_debut": affectation.debut,
        "date_fin": designation.fin,
        "designe_le": designation.designee_le,
        "accepte_le": designation.acceptee_le,
        "rang": designation.rang,
        "issue": designation.issue.value if designation.issue else None,
        "motif_fin": designation.motif_fin,
    }


def _accompagnant(accompagnant: Accompagnant) -> Json:
    return {
        "accompagnant": asdict(accompagnant.professionnel),
        "structure": asdict(accompagnant.structure),
        "role": accompagnant.role,
        "date_debut": accompagnant.debut,
        "date_fin": accompagnant.fin,
        "motif_fin": accompagnant.motif_fin,
    }


def est_a_venir(suivi: RdvSuivi, maintenant: datetime) -> bool:
    return suivi.statut is Statut.PLANIFIE and suivi.rendez_vous.debut > maintenant


def _rdv(dossier: Dossier, suivi: RdvSuivi, maintenant: datetime) -> Json:
    a_venir = est_a_venir(suivi, maintenant)
    ici = fuseau(dossier.departement)
    return asdict(suivi.rendez_vous) | {
        "debut": suivi.rendez_vous.debut.astimezone(ici),
        "organisateur": suivi.organisateur,
        "constate_a": suivi.constate_a.astimezone(ici).replace(microsecond=0) if suivi.constate_a else None,
        "est_a_venir": a_venir,
        "est_a_renseigner": suivi.statut is Statut.PLANIFIE and not a_venir,
        "est_a_confirmer": a_venir and est_a_confirmer(dossier, suivi),
    }
