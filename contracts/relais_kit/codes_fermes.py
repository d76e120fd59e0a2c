"""Where the data of a message hold a code of a list: there a later version may write one that is not known yet."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from relais_contrats.codes.liste import Code

Chemin = tuple[str | int, ...]


def codes(modele: type[BaseModel], data: Mapping[str, Any]) -> Iterator[Chemin]:
    """The path of each code, the first one of a list of codes."""
    for nom, champ in modele.model_fields.items():
        valeur = data.get(nom)
        premier, pas = (valeur[0], (nom, 0)) if isinstance(valeur, list) and valeur else (valeur, (nom,))
        for genre in _genres(champ.annotation):
            if issubclass(genre, Code) and isinstance(premier, str):
                yield pas
            elif issubclass(genre, BaseModel) and isinstance(premier, dict):
                yield from ((*pas, *suite) for suite in codes(genre, premier))


def remplacer(objet: Any, chemin: Chemin, code: str) -> None:
    """Write this code there."""
    for pas in chemin[:-1]:
        objet = objet[pas]
    objet[chemin[-1]] = code


def _genres(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    for argument in get_args(annotation):
        yield from _genres(argument)
