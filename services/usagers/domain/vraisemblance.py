"""Dates that cannot be: a birth to come or of another century, a right received before it existed or in the future."""

from datetime import date

from chassis.decision import Refus
from services.usagers.domain.naissance import Naissance

RSA_DEPUIS = date(2009, 6, 1)
"""First day of the RSA (loi n° 2008-1249, art. 28)."""
AGE_MAX = 130


def refus_de_dates(naissance: Naissance | None, droit_recu_le: date | None, aujourd_hui: date) -> Refus | None:
    """`aujourd_hui` is the legal day of the territory. A birth whose day or month is unknown is judged by its year."""
    recu_le = {"recu_le": aujourd_hui.isoformat()}
    if naissance and (int(naissance.annee) < aujourd_hui.year - AGE_MAX or naissance > aujourd_hui.isoformat()):
        return Refus("dates-incoherentes", "/data/identite/date_naissance", recu_le)
    if droit_recu_le and droit_recu_le > aujourd_hui:
        return Refus("dates-incoherentes", "/data/date_reception_droit", recu_le)
    if droit_recu_le and droit_recu_le < RSA_DEPUIS:
        return Refus("dates-incoherentes", "/data/date_reception_droit", {"pas_avant": RSA_DEPUIS.isoformat()})
    return None
