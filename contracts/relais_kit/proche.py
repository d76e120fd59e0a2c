"""The published example that a message resembles most, and how their shapes differ. Values are never compared."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from relais_contrats.exemples import Exemple, exemples
from relais_contrats.phrases import pointeur

_GENRES: Mapping[type, str] = {
    dict: "un objet",
    list: "une liste",
    str: "un texte",
    bool: "un booléen",
    int: "un nombre",
    float: "un nombre",
}

Forme = Mapping[str, str]
"""Kind of the value at each place; a place is a JSON Pointer in which `*` stands for every index of a list."""


class AutreGenre(NamedTuple):
    """A place that holds one kind of value here and another in the example."""

    pointeur: str
    attendu: str
    obtenu: str


class Proche(NamedTuple):
    """The nearest valid example. `manquent`: places that only it has; `en_plus`: that only the message has."""

    exemple: Exemple
    numero: int
    est_entier: bool
    """Compared with its envelope; False when only `data` was read."""
    manquent: tuple[str, ...]
    en_plus: tuple[str, ...]
    autres_genres: tuple[AutreGenre, ...]

    @property
    def est_de_meme_forme(self) -> bool:
        return not (self.manquent or self.en_plus or self.autres_genres)


def forme(valeur: Any) -> Forme:
    """A null field counts as absent, as everywhere in the contract."""
    return dict(_lieux(valeur, ()))


def _lieux(valeur: Any, chemin: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if valeur is None:
        return
    yield pointeur(chemin), _GENRES[type(valeur)]
    if isinstance(valeur, dict):
        for cle, element in valeur.items():
            yield from _lieux(element, (*chemin, cle))
    elif isinstance(valeur, list):
        for element in valeur:
            yield from _lieux(element, (*chemin, "*"))


def plus_proche(type_message: str, valeur: Mapping[str, Any], *, donnees_seules: bool = False) -> Proche:
    """The valid example of this type whose shape differs least; the first published one when two are as near."""
    lue = forme(valeur)
    candidats = [e for e in exemples(type_message) if e.est_valide]
    numero, exemple = min(
        enumerate(candidats, 1), key=lambda c: _ecart(lue, _forme_exemple(type_message, c[0], donnees_seules))
    )
    attendue = _forme_exemple(type_message, numero, donnees_seules)
    return Proche(
        exemple,
        numero,
        not donnees_seules,
        _plus_hauts(attendue.keys() - lue.keys()),
        _plus_hauts(lue.keys() - attendue.keys()),
        tuple(
            AutreGenre(p, attendue[p], lue[p]) for p in sorted(attendue.keys() & lue.keys()) if attendue[p] != lue[p]
        ),
    )


@cache
def _forme_exemple(type_message: str, numero: int, donnees_seules: bool) -> Forme:
    message = exemples(type_message)[numero - 1].message
    return forme(message["data"] if donnees_seules else message)


def _ecart(une: Forme, autre: Forme) -> int:
    return len(une.items() ^ autre.items())


def _plus_hauts(pointeurs: set[str]) -> tuple[str, ...]:
    """Leave out errors below another one: a missing object is explained once."""
    return tuple(sorted(p for p in pointeurs if p.rpartition("/")[0] not in pointeurs or "/" not in p))


def valeur_a(message: Any, lieu: str) -> Any:
    """What stands at a JSON Pointer, or None."""
    for pas in lieu.split("/")[1:]:
        cle = pas.replace("~1", "/").replace("~0", "~")
        if isinstance(message, list):
            message = message[int(cle)] if cle.isdigit() and int(cle) < len(message) else None
        else:
            message = message.get(cle) if isinstance(message, dict) else None
    return message
