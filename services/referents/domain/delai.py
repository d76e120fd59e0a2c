"""Days and delays of the follow-up: the legal day, what is expected after an orientation, how long an event travels.

No text sets a delay for the référent or the first appointment. To change what is expected, change `DELAI_SUIVI`.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.referents.domain.dossier import MOTIF_RDV_ORIENTATION, Dossier, Orientation, RdvSuivi, Statut

DELAI_SUIVI = timedelta(days=30)
"""From the decision to the référent and to the first appointment (rdv-insertion, target of its statistics)."""

UN_JOUR = timedelta(days=1)
_PARIS = ZoneInfo("Europe/Paris")


def jour_legal(instant: datetime) -> date:
    """The calendar day of an instant in Paris: legal days begin and end there."""
    return instant.astimezone(_PARIS).date()


def date_echeance(decidee_le: date) -> date:
    """The last day on which the first appointment is in time, included."""
    return decidee_le + DELAI_SUIVI


def referent_le(dossier: Dossier, orientation: Orientation) -> date | None:
    """The day on which the orientation had its first active référent."""
    return min(
        (d.acceptee_le for d in dossier.designations if d.rang == orientation.rang and d.acceptee_le), default=None
    )


def premier_rdv_le(dossier: Dossier, orientation: Orientation) -> date | None:
    """The day of the first appointment at which the person came."""
    retenus = (s for s in dossier.rendez_vous if s.statut is Statut.HONORE and _accompagne(s, orientation))
    return min((jour_legal(suivi.rendez_vous.debut) for suivi in retenus), default=None)


def _accompagne(suivi: RdvSuivi, orientation: Orientation) -> bool:
    """An appointment kept from a former orientation is not the first one of this one, unless it was confirmed since."""
    rendez_vous = suivi.rendez_vous
    if rendez_vous.motif == MOTIF_RDV_ORIENTATION or suivi.rang not in (None, orientation.rang):
        return False
    return jour_legal(rendez_vous.debut) >= orientation.decidee_le
