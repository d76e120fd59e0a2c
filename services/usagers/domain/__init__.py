"""The rules of identity and of the life of a parcours. Pure: time and ids are arguments, values are in clear."""

from services.usagers.domain import ambiguite, correction, signalement  # noqa: F401  each room registers its rules
from services.usagers.domain.decisions import decider
from services.usagers.domain.evolution import appliquer, concernes
from services.usagers.domain.faits import Fait
from services.usagers.domain.messages import Message
from services.usagers.domain.parcours import Etat, EtatParcours, Parcours
from services.usagers.domain.regles import REGLES

__all__ = ["REGLES", "Etat", "EtatParcours", "Fait", "Message", "Parcours", "appliquer", "concernes", "decider"]
