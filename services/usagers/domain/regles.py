"""The table of the brique: the rule of each message and the fold of each fact register in it."""

from services.dossiers.regles import Regles

REGLES = Regles()
regle, repli = REGLES.regle, REGLES.repli

__all__ = ["REGLES", "regle", "repli"]
