"""Where a new orientation fits among those already decided: at most one at any date (CATALOGUE § 4, invariant 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chassis.decision import Refus

DUREE_MINIMALE = timedelta(days=7)
"""What an orientation must last, both ends included, when another one begins (rdv-insertion, `Orientation`)."""

UN_JOUR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plage:
    """A range of days, both included; without `fin` it is open-ended."""

    debut: date
    fin: date | None = None

    def dure_assez(self) -> bool:
        return self.fin is None or self.fin - self.debut + UN_JOUR >= DUREE_MINIMALE

    def atteint(self, jour: date) -> bool:
        return self.fin is None or self.fin >= jour


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the new range goes. `fin_precedente` is the new end of the last one, None when it does not change."""

    plage: Plage
    est_derniere: bool
    fin_precedente: date | None = None


def placer(existantes: Sequence[Plage], nouvelle: Plage) -> Placement | Refus:
    """Place `nouvelle` after the others, cutting the last one the day before, or in a gap between them.

    Only the last one may be cut, and keeps `DUREE_MINIMALE`. In a gap, an open-ended range ends before the next one.
    """
    if not nouvelle.dure_assez():
        return _refus(nouvelle)
    derniere = max(existantes, key=lambda plage: plage.debut, default=None)
    if derniere is None or nouvelle.debut > derniere.debut:
        return _placer_apres(derniere, nouvelle)
    return _placer_dans_un_vide(existantes, nouvelle)


def _placer_apres(derniere: Plage | None, nouvelle: Plage) -> Placement | Refus:
    if derniere is None or not derniere.atteint(nouvelle.debut):
        return Placement(nouvelle, est_derniere=True)
    coupee = Plage(derniere.debut, nouvelle.debut - UN_JOUR)
    if not coupee.dure_assez():
        return _refus(derniere)
    return Placement(nouvelle, est_derniere=True, fin_precedente=coupee.fin)


def _placer_dans_un_vide(existantes: Sequence[Plage], nouvelle: Plage) -> Placement | Refus:
    suivante = min((p for p in existantes if p.debut >= nouvelle.debut), key=lambda plage: plage.debut)
    placee = Plage(nouvelle.debut, nouvelle.fin or suivante.debut - UN_JOUR)
    if placee.atteint(suivante.debut) or not placee.dure_assez():
        return _refus(suivante)
    for plage in existantes:
        if plage.debut < placee.debut and plage.atteint(placee.debut):
            return _refus(plage)
    return Placement(placee, est_derniere=False)


def _refus(plage: Plage) -> Refus:
    details: dict[str, str | int] = {"date_debut": plage.debut.isoformat(), "duree_minimale_jours": DUREE_MINIMALE.days}
    if plage.fin:
        details["date_fin"] = plage.fin.isoformat()
    return Refus("chevauchement", "/data/date_debut", details)
