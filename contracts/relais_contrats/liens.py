"""What asks for a link by which a structure without any system answers a prescription. The hub and its mock read it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from relais_contrats.lecture import Erreur
from relais_contrats.problemes import Problem


class DemandeDeLien(BaseModel):
    """`parcours` is the partner's pseudonym: the key of a prescription is unique within it."""

    model_config = ConfigDict(extra="forbid")

    parcours: Annotated[str, Field(min_length=1, max_length=64)]


def structure_reliee() -> Problem:
    """A structure with a system of its own answers by it."""
    phrase = "La structure a un système relié au relais : elle répond par lui, et un lien n'a pas lieu d'être."
    return Problem("etat-interdit", erreurs=[Erreur("", "etat-interdit", phrase)])
