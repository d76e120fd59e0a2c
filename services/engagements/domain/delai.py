"""The ends of the delays of the contract, in days of the territory, and the dates that a deposit may give.

How long delays are: `relais_contrats.v1.delais`.
"""

from datetime import date, datetime, timedelta

from chassis.decision import Refus
from relais_contrats.territoires import debut_du_jour, jour_legal
from relais_contrats.v1 import delais
from services.engagements.domain.dossier import Dossier

SAISIE_TARDIVE = timedelta(days=7)
"""From the deposit of a suspension: the resumption of a file that is typed in late may follow (decision 0026)."""

UN_JOUR = timedelta(days=1)


def apres_le(departement: str, jour: date) -> datetime:
    """The first instant (UTC) after a day that still counts there."""
    return debut_du_jour(departement, jour + UN_JOUR)


def date_de_signature_due(notifiee_le: date) -> date:
    """The last day on which the contract is signed in time, included."""
    return delais.SIGNATURE.fin(notifiee_le)


def date_de_fin_de_suspension(suspendu_le: date) -> date:
    """The last day on which a suspended contract may still be resumed."""
    return delais.SUSPENSION.fin(suspendu_le)


def date_d_attente_de_la_reprise(suspendu_le: date, recue_le: date) -> date:
    """Return the last day on which the hub waits for the resumption: later than the delay if it was published late."""
    return max(date_de_fin_de_suspension(suspendu_le), recue_le + SAISIE_TARDIVE)


def date_de_fin_d_instruction(proposee_le: date) -> date:
    """The last day to instruct a proposed sanction, included."""
    return delais.INSTRUCTION.fin(proposee_le)


def refus_de_date(
    dossier: Dossier, jour: date, pointeur: str, recu_a: datetime, *, depuis: date | None = None
) -> Refus | None:
    """None when `jour` lies between `depuis` and the day of reception there, both included."""
    recu_le = jour_legal(dossier.departement, recu_a)
    if jour > recu_le:
        return Refus("dates-incoherentes", pointeur, {"recu_le": recu_le.isoformat()})
    if depuis and jour < depuis:
        return Refus("dates-incoherentes", pointeur, {"pas_avant": depuis.isoformat()})
    return None
