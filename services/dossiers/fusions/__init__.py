"""A merge that is undone, alike in every service: what it changed is kept, its consequences included, and taken back.

What a merge changed is told by the aggregates before and after it. An event that another service told because of the
merge belongs to it: its cause says so. What came since stays, objects with the parcours under whose name they came.
"""

from services.dossiers.fusions.brique import defusable, lecture
from services.dossiers.fusions.journal import Journal
from services.dossiers.fusions.retour import Parties, Plan

__all__ = ["Journal", "Parties", "Plan", "defusable", "lecture"]
