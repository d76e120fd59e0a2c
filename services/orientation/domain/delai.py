"""The six weeks within which a département orients a beneficiary of the RSA, and the refusal of a late decision.

To change the delay, change `DELAI_ORIENTATION`; nothing else counts weeks.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chassis.decision import Refus
from services.orientation.domain.dossier import Demande

DELAI_ORIENTATION = timedelta(weeks=6)
"""From the day on which the département receives the opening, or the transfer, of the right (CASF D. 262-65-2)."""

_PARIS = ZoneInfo("Europe/Paris")


def jour_legal(instant: datetime) -> date:
    """The calendar day of an instant in Paris: legal days begin and end there."""
    return instant.astimezone(_PARIS).date()


def debut_du_jour(jour: date) -> datetime:
    """The instant (UTC) at which a day begins in Paris."""
    return datetime.combine(jour, time.min, _PARIS).astimezone(UTC)


def date_echeance(recue_le: date) -> date:
    """The last day on which the département may decide, included."""
    return recue_le + DELAI_ORIENTATION


def instant_dessaisissement(recue_le: date) -> datetime:
    """From this instant France Travail orients in place of the département."""
    return debut_du_jour(date_echeance(recue_le) + timedelta(days=1))


def est_echue(demande: Demande, instant: datetime) -> bool:
    return instant >= instant_dessaisissement(demande.recue_le)


def refus_tardif(demande: Demande, recu_a: datetime) -> Refus | None:
    """Refuse a decision of the département that reached the hub after the delay.

    The day of reception by the hub counts, not `date_decision`: the emitter writes that one, and France Travail, which
    became competent meanwhile, could not have known of it. A decision received in time and handled late stays in time.
    """
    if not est_echue(demande, recu_a):
        return None
    details = {
        "date_reception": demande.recue_le.isoformat(),
        "date_echeance": date_echeance(demande.recue_le).isoformat(),
        "recu_le": jour_legal(recu_a).isoformat(),
    }
    return Refus("delai-depasse", "/data/date_decision", details)
