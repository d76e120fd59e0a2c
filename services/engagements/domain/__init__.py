"""The rules of the reciprocal contract: pure, without I/O. Start with `decision.py`; the delays are in `delai.py`."""

from services.engagements.domain.decision import decider
from services.engagements.domain.evolution import appliquer

__all__ = ["appliquer", "decider"]
