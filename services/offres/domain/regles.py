"""The tables of the brique: each room registers its rules and folds in one of them.

`REGLES` decides about parcours, whose dossiers the engine stores; `OFFRE` about structures and services, stored in the
catalogue (decision 0064).
"""

from services.dossiers.regles import Dit, Recu, Regles

REGLES, OFFRE = Regles(), Regles()
regle, repli = REGLES.regle, REGLES.repli

__all__ = ["OFFRE", "REGLES", "Dit", "Recu", "regle", "repli"]
