"""The table of the brique: each room registers its rules and folds in it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, TypeAlias

from services.dossiers.regles import Dit, Recu, Regles
from services.dossiers.vie import DossierOuvert, Situation
from services.engagements.domain.dossier import Dossier

REGLES = Regles()
regle, repli = REGLES.regle, REGLES.repli
Suite: TypeAlias = Callable[[Dossier, Recu[Any]], Sequence[Any]]

__all__ = ["REGLES", "Dit", "Recu", "Situation", "apres", "regle", "repli", "suit"]


def suit(*evenements: str) -> Callable[[Suite], Suite]:
    """Register the rule of events of the follow-up: it receives an open dossier, opened by them if need be."""

    def inscrire(suite: Suite) -> Suite:
        @regle(*evenements)
        @wraps(suite)
        def suivre(situation: Situation, recu: Recu[Any], _: datetime) -> Sequence[Any]:
            dossier = situation.dossier or Dossier(recu.parcours, recu.departement)
            ouverts = [] if situation.dossier else [DossierOuvert(recu.parcours, recu.departement)]
            return ouverts if dossier.est_clos else [*ouverts, *suite(dossier, recu)]

        return suite

    return inscrire


def apres(dossier: Dossier, decides: Iterable[Any]) -> Dossier:
    """Fold the facts of this dossier into it."""
    for fait in decides:
        if fait.parcours == dossier.parcours:
            dossier = REGLES.replier(dossier, fait)
    return dossier
