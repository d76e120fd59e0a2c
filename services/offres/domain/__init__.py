"""The rules of the offer and of prescriptions: pure, without I/O.

Start with `decision.py`; the life of a prescription is in `prescription.py`, who may publish what in `offre.py`.
"""

from services.offres.domain.decision import decider
from services.offres.domain.evolution import appliquer

__all__ = ["appliquer", "decider"]
