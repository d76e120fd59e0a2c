"""The reads about one parcours: who follows this person, and when they meet."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection
from services.referents.domain.delai import jour_legal
from services.referents.domain.dossier import Accompagnant, Designation, Dossier, Etat, RdvSuivi, Statut
from services.referents.domain.rendez_vous import est_a_confirmer
from services.referents.store import rows

Json = dict[str, Any]

_DOSSIER = f"""
SELECT {rows.DOSSIER} FROM dossiers
WHERE parcours = (SELECT coalesce(absorbe_par, parcours) FROM dossiers WHERE parcours = $1)
"""  # noqa: S608  constants only
_ORIENTATIONS = f"SELECT {rows.ORIENTATION} FROM orientations WHERE parcours = $1 ORDER BY date_debut"  # noqa: S608
# The history of a person is that of all its parcours, those that a merge absorbed included.
_DESIGNATIONS = f"""
SELECT {rows.DESIGNATION} FROM designations
WHERE parcours = $1 OR parcours IN (SELECT d.parcours FROM dossiers d WHERE d.absorbe_par = $1)
ORDER BY date_debut, designee_le, numero
"""  # noqa: S608
_ACCOMPAGNANTS = f"SELECT {rows.ACCOMPAGNANT} FROM accompagnants WHERE parcours = $1 ORDER BY numero"  # noqa: S608
_RDVS = f"SELECT {rows.RDV} FROM rendez_vous WHERE parcours = $1 ORDER BY debut, rdv_id"  # noqa: S608


async def referent(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours, maintenant?}` → who follows this person today, who is proposed or comes next, history, followers."""
    row = await conn.fetchrow(_DOSSIER, UUID(demande["parcours"]))
    if row is None:
        return None
    parcours, jour = row["parcours"], jour_legal(instant(demande))
    trouvees = await conn.fetch(_DESIGNATIONS, parcours)
    designations = [rows.lire_designation(trouvee) for trouvee in trouvees if trouvee["parcours"] == parcours]
    accompagnants = [rows.lire_accompagnant(trouve) for trouve in await conn.fetch(_ACCOMPAGNANTS, parcours)]
    propose = next((d for d in designations if d.etat is Etat.PROPOSE), None)
    suit = next((d for d in designations if _suit(d, jour)), None)
    suivant = next((d for d in designations if d.etat is Etat.ACTIF and d.affectation.debut > jour), None)
    return {
        "parcours": str(parcours),
        "departement": row["departement"],
        "referent": _designation(suit) if suit else None,
        "suivant": _designation(suivant) if suivant else None,
        "propose": _designation(propose) if propose else None,
        "historique": [_designation(rows.lire_designation(trouvee)) for trouvee in trouvees],
        "accompagnants": [_accompagnant(a) for a in accompagnants if a.fin is None or a.fin >= jour],
        "anciens_accompagnants": [_accompagnant(a) for a in accompagnants if a.fin and a.fin < jour],
    }


async def rdv(conn: Connection, demande: Mapping[str, Any]) -> Json | None:
    """`{parcours, maintenant?}` → its appointments: those to come, the next first, then the others, latest first."""
    row = await conn.fetchrow(_DOSSIER, UUID(demande["parcours"]))
    if row is None:
        return None
    orientations = [rows.lire_orientation(trouvee) for trouvee in await conn.fetch(_ORIENTATIONS, row["parcours"])]
    suivis = [rows.lire_rdv(trouve) for trouve in await conn.fetch(_RDVS, row["parcours"])]
    dossier, maintenant = rows.lire_dossier(row, orientations), instant(demande)
    a_venir = [suivi for suivi in suivis if _est_a_venir(suivi, maintenant)]
    autres = [suivi for suivi in reversed(suivis) if not _est_a_venir(suivi, maintenant)]
    return {
        "parcours": str(dossier.parcours),
        "departement": dossier.departement,
        "rendez_vous": [_rdv(dossier, suivi, maintenant) for suivi in (*a_venir, *autres)],
    }


def instant(demande: Mapping[str, Any]) -> datetime:
    """The instant for which a read is asked (RFC 3339), now if it is not said."""
    dit = demande.get("maintenant")
    return datetime.fromisoformat(dit) if dit else datetime.now(UTC)


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


def _est_a_venir(suivi: RdvSuivi, maintenant: datetime) -> bool:
    return suivi.statut is Statut.PLANIFIE and suivi.rendez_vous.debut > maintenant


def _rdv(dossier: Dossier, suivi: RdvSuivi, maintenant: datetime) -> Json:
    est_a_venir = _est_a_venir(suivi, maintenant)
    return asdict(suivi.rendez_vous) | {
        "organisateur": suivi.organisateur,
        "constate_a": suivi.constate_a,
        "est_a_venir": est_a_venir,
        "est_a_renseigner": suivi.statut is Statut.PLANIFIE and not est_a_venir,
        "est_a_confirmer": est_a_venir and est_a_confirmer(dossier, suivi),
    }
