"""The table of the brique: each room registers its rules and folds in it."""

from services.dossiers.regles import Dit, Regles
from services.dossiers.regles import Recu as Message

REGLES = Regles()
regle, repli = REGLES.regle, REGLES.repli

__all__ = ["REGLES", "Dit", "Message", "regle", "repli"]
