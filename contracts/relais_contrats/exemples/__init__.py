"""Examples of every message: what passes, and instructive mistakes with the pointer and the code that they earn.

Every person, structure and number is invented; the keys of the numbers are right so that the examples are accepted.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from relais_contrats.catalogue import CATALOGUE


class Exemple(NamedTuple):
    """Un exemple : le message entier, et les erreurs attendues (aucune s'il est valide)."""

    type: str
    titre: str
    message: Mapping[str, Any]
    erreurs: tuple[tuple[str, str], ...]
    """(JSON Pointer, refusal code), in the order of the contract."""

    @property
    def est_valide(self) -> bool:
        return not self.erreurs


@cache
def exemples(type_message: str) -> tuple[Exemple, ...]:
    """The examples of one type, the valid ones first."""
    if type_message not in CATALOGUE:
        raise KeyError(type_message)
    fichier = json.loads((files(__name__) / f"{type_message}.json").read_text(encoding="utf-8"))
    lus = [*fichier["valides"], *fichier["invalides"]]
    return tuple(
        Exemple(type_message, e["titre"], e["message"], tuple((x["pointeur"], x["code"]) for x in e.get("erreurs", ())))
        for e in lus
    )


def exemple_valide(type_message: str) -> Mapping[str, Any]:
    """A message of this type that the contract accepts."""
    return exemples(type_message)[0].message


def tous_les_exemples() -> tuple[Exemple, ...]:
    """All examples of all types."""
    return tuple(e for nom in CATALOGUE for e in exemples(nom))
