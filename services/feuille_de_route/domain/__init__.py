"""The rules of the feuille de route: pure, without I/O. The one table is `REGLES`.

`objectif`, `action` and `observation` decide on deposits; `parcours` stores the events of siblings; `ensemble` folds
all briques, `coherence` holds one orientation together, `vue` composes the view.
"""

from services.feuille_de_route.domain import (  # noqa: F401  each room registers its rules
    action,
    objectif,
    observation,
    parcours,
)
from services.feuille_de_route.domain.regles import REGLES

__all__ = ["REGLES"]
