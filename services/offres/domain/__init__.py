"""The rules of prescriptions and of the offer: pure, without I/O. Each has its table, `REGLES` and `OFFRE`.

The life of a prescription is in `prescription.py`, the rights to publish in `offre.py`.
"""

from services.offres.domain import offre, parcours, prescription  # noqa: F401  each room registers its rules
from services.offres.domain.regles import OFFRE, REGLES

__all__ = ["OFFRE", "REGLES"]
