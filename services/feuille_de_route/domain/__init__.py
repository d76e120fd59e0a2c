"""The rules of the feuille de route: pure, without I/O.

`decision.py` decides on deposits; `ensemble.py` folds all briques, `coherence.py` holds what may stand side by side,
`vue.py` composes the view.
"""

from services.feuille_de_route.domain.decision import decider
from services.feuille_de_route.domain.ensemble import replier
from services.feuille_de_route.domain.feuille import appliquer
from services.feuille_de_route.domain.vue import composer

__all__ = ["appliquer", "composer", "decider", "replier"]
