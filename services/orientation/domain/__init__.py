"""The rules of the orientation: pure, without I/O. Start with `decision.py`; the delay to orient is in `delai.py`."""

from services.orientation.domain.decision import decider
from services.orientation.domain.evolution import appliquer

__all__ = ["appliquer", "decider"]
