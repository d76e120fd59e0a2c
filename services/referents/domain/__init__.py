"""The rules of the follow-up: pure, without I/O. The référent is in `designation`; the one table is `REGLES`."""

from dataclasses import replace
from typing import Any

from services.referents.domain import (  # noqa: F401  each room registers its rules
    accompagnement,
    annulation,
    designation,
    orientation,
    parcours,
    rendez_vous,
    reprise,
    suivi,
)
from services.referents.domain.dossier import Dossier
from services.referents.domain.regles import REGLES

__all__ = ["REGLES", "appliquer"]


def appliquer(dossier: Dossier | None, fait: Any) -> Dossier:
    """Fold a fact in; the day from which it holds is awaited, until the parcours is closed."""
    change: Dossier = REGLES.replier(dossier, fait)
    effet = getattr(fait, "effet", None)
    effets = () if change.est_clos else tuple(sorted({*change.effets, effet})) if effet else change.effets
    return change if effets == change.effets else replace(change, effets=effets)
