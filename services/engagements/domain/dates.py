"""Dates of a deposit: what it tells has happened, and not before what it follows."""

from datetime import date, datetime

from chassis.decision import Refus
from relais_contrats.territoires import jour_legal
from services.engagements.domain.dossier import Dossier


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
