"""The delay within which a département orients a beneficiary of the RSA, and the refusal of a late decision.

How long it is: `delais.ORIENTATION`. Days are those of the territory that received the right.
"""

from datetime import date, datetime, timedelta

from chassis.decision import Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from relais_contrats.v1 import delais
from services.orientation.domain.dossier import Demande


def date_echeance(recue_le: date) -> date:
    """The last day on which the département may decide, included."""
    return delais.ORIENTATION.fin(recue_le)


def instant_dessaisissement(demande: Demande) -> datetime:
    """From this instant France Travail orients in place of the département."""
    return debut_du_jour(demande.departement, date_echeance(demande.recue_le) + timedelta(days=1))


def est_echue(demande: Demande, instant: datetime) -> bool:
    return instant >= instant_dessaisissement(demande)


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
        "recu_le": jour_legal(demande.departement, recu_a).isoformat(),
    }
    return Refus("delai-depasse", "/data/date_decision", details)
