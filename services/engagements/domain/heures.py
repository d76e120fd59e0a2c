"""The fifteen hours a week: the sum of the person's commitments is compared with them, and refuses nothing."""

from dataclasses import dataclass
from enum import StrEnum

from services.engagements.domain.contenu import Contenu

SEUIL_HEBDO = 15
"""Hours of activity a week (C. trav. L. 5411-6)."""


class LectureHeures(StrEnum):
    ATTEINT = "atteint"
    DISPENSE = "dispense"
    """Below, with the reason that exempts."""
    INFERIEUR = "inferieur"
    NON_RENSEIGNE = "non-renseigne"
    """No commitment says its hours."""


@dataclass(frozen=True, slots=True)
class Heures:
    """`total_hebdo` is None when no commitment gives its hours."""

    total_hebdo: float | None
    lecture: LectureHeures


def comparer(contenu: Contenu) -> Heures:
    connues = [e.heures_hebdo for e in contenu.engagements_usager if e.heures_hebdo is not None]
    total = sum(connues) if connues else None
    if total is not None and total >= SEUIL_HEBDO:
        return Heures(total, LectureHeures.ATTEINT)
    if contenu.motif_dispense:
        return Heures(total, LectureHeures.DISPENSE)
    return Heures(total, LectureHeures.NON_RENSEIGNE if total is None else LectureHeures.INFERIEUR)
