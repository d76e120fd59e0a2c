"""Undoes merges, alike in every service: stores the changes of a merge and of its consequences, and reverts them.

The aggregates before and after a merge give its changes. An event of another service that the merge caused belongs to
it (its `cause`). Later changes stay, and objects go with the parcours under whose name they came.
"""

from services.dossiers.fusions.brique import defusable, lecture
from services.dossiers.fusions.journal import Journal
from services.dossiers.fusions.retour import Parties, Plan

__all__ = ["Journal", "Parties", "Plan", "defusable", "lecture"]
