"""The table of the brique: each room registers its rules and folds in it. The rules of a département are `Reglage`s."""

from services.dossiers.regles import Dit, Recu, Regles

REGLES = Regles()
regle, repli = REGLES.regle, REGLES.repli

__all__ = ["REGLES", "Dit", "Recu", "regle", "repli"]
