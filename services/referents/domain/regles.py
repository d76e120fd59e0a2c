"""The table of the brique: each room registers its rules and folds in it."""

from services.dossiers.regles import Dit, Recu, Regles

REGLES = Regles()
regle, repli = REGLES.regle, REGLES.repli

__all__ = ["REGLES", "Dit", "Recu", "regle", "repli"]
