"""Delays of the follow-up after an orientation, in days of the territory.

No text sets a delay for the référent or the first appointment: `delais.SUIVI` is the expected one.
"""

from datetime import date, timedelta

from relais_contrats.territoires import jour_legal
from relais_contrats.v1 import delais
from services.referents.domain.dossier import MOTIF_RDV_ORIENTATION, Dossier, Orientation, RdvSuivi, Statut

UN_JOUR = timedelta(days=1)


def date_echeance(decidee_le: date) -> date:
    """The last day on which the first appointment is in time, included."""
    return delais.SUIVI.fin(decidee_le)


def referent_le(dossier: Dossier, orientation: Orientation) -> date | None:
    """The day on which the orientation had its first active référent."""
    return min(
        (d.acceptee_le for d in dossier.designations if d.rang == orientation.rang and d.acceptee_le), default=None
    )


def premier_rdv_le(dossier: Dossier, orientation: Orientation) -> date | None:
    """The day of the first appointment at which the person came."""
    retenus = (s for s in dossier.rendez_vous if s.statut is Statut.HONORE and _accompagne(dossier, s, orientation))
    return min((jour_legal(dossier.departement, suivi.rendez_vous.debut) for suivi in retenus), default=None)


def _accompagne(dossier: Dossier, suivi: RdvSuivi, orientation: Orientation) -> bool:
    """An appointment kept from a former orientation is not the first one of this one, unless it was confirmed since."""
    rendez_vous = suivi.rendez_vous
    if rendez_vous.motif == MOTIF_RDV_ORIENTATION or suivi.rang not in (None, orientation.rang):
        return False
    return jour_legal(dossier.departement, rendez_vous.debut) >= orientation.decidee_le
