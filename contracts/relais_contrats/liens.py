"""What asks for a link by which a structure without any system answers a prescription. The hub and its mock read it."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from relais_contrats.lecture import Erreur
from relais_contrats.modele import Demande
from relais_contrats.operations import PSEUDONYME
from relais_contrats.problemes import Problem


class DemandeDeLien(Demande):
    """`parcours` : votre pseudonyme ; la clé d'une prescription n'est unique que dans son parcours."""

    parcours: Annotated[str, Field(min_length=1, max_length=64), WithJsonSchema({**PSEUDONYME})]


def structure_reliee() -> Problem:
    """A structure with a system of its own answers by it."""
    phrase = "La structure a un système relié au relais : elle répond par lui, et un lien n'a pas lieu d'être."
    return Problem("etat-interdit", erreurs=[Erreur("", "etat-interdit", phrase)])
