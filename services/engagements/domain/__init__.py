"""The rules of the reciprocal contract: pure, without I/O. Start with `signature`; the one table is `REGLES`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.decision import Attente, Echeance, Refus
from services.dossiers.vie import Situation
from services.engagements.domain import (  # each room registers its rules
    annulation,  # noqa: F401
    contrat,  # noqa: F401
    parcours,  # noqa: F401
    reexamen,
    reprise,  # noqa: F401
    sanction,
    signature,
    suivi,  # noqa: F401
    suspension,
)
from services.engagements.domain.dossier import Dossier
from services.engagements.domain.regles import REGLES, Recu

__all__ = ["REGLES", "decider", "echeances"]


def decider(situation: Situation, recu: Recu[Any], maintenant: datetime) -> Sequence[Any] | Refus | Attente:
    """Decide, and publish the date of the re-examination to the siblings whenever the decision sets or moves it."""
    decides = REGLES.decider(situation, recu, maintenant)
    if isinstance(decides, Refus | Attente):
        return decides
    return reexamen.avec_la_date(situation.dossier, decides)


def echeances(dossier: Dossier) -> list[Echeance]:
    """Return the due dates of the state. The number of the month, contract or sanction is part of its nature:
    a due date has one identity for ever."""
    rooms = (signature, suspension, reexamen, sanction)
    return [] if dossier.est_clos else [due for room in rooms for due in room.echeances(dossier)]
