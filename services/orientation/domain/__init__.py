"""The rules of the orientation: pure, without I/O. The decision is in `orientation`; the one table is `REGLES`."""

from chassis.decision import Echeance
from services.orientation.domain import (
    annulation,  # noqa: F401  each room registers its rules
    demande,
    diagnostic,  # noqa: F401
    droit,
    fin,
    notification,  # noqa: F401
    orientation,
    reorientation,  # noqa: F401
    reprise,  # noqa: F401
    suites,  # noqa: F401
)
from services.orientation.domain.dossier import Dossier
from services.orientation.domain.parcours import appliquer
from services.orientation.domain.regles import REGLES

__all__ = ["REGLES", "appliquer", "echeances"]


def echeances(dossier: Dossier) -> list[Echeance]:
    """Return the due dates of a dossier, derived from its state."""
    return [due for matiere in (demande, fin, orientation, droit) for due in matiere.echeances(dossier)]
