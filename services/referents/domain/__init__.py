"""The rules of the follow-up: pure, without I/O. Start with `decision.py`; the référent is in `designation.py`."""

from services.referents.domain.decision import decider
from services.referents.domain.evolution import appliquer

__all__ = ["appliquer", "decider"]
