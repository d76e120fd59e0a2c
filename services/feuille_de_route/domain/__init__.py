"""The rules of the feuille de route: pure, without I/O. The one table is `REGLES`.

`objectif`, `action` and `observation` decide on deposits; `parcours` keeps what the siblings tell; `ensemble` folds all
briques, `coherence` holds what may stand side by side, `vue` composes the view.
"""

from services.feuille_de_route.domain import (  # noqa: F401  each room registers its rules
    action,
    objectif,
    observation,
    parcours,
)
from services.feuille_de_route.domain.regles import REGLES

__all__ = ["REGLES"]
