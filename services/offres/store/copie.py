"""Rows in the binary form that COPY reads: they can be made far from the connection, and PostgreSQL parses nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from io import BytesIO
from struct import Struct
from types import NoneType
from typing import Any

_TETE, _PIED = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_COMBIEN, _TAILLE = Struct("!h").pack, Struct("!i").pack
_ENTIER, _GRAND, _NOMBRE, _JOUR = Struct("!ii").pack, Struct("!iq").pack, Struct("!id").pack, Struct("!ii").pack
_TABLEAU, _TABLEAU_VIDE = Struct("!6i").pack, Struct("!4i").pack
_TEXTE_OID = 25
_AN_2000 = date(2000, 1, 1).toordinal()


def rangee(*valeurs: Any, suite: int = 0) -> bytes:
    """A row of text, integer, float8, boolean, date, text[], or of bytes that are the value already (bytea, json…).

    `suite` fields are still to be put behind.
    """
    return _COMBIEN(len(valeurs) + suite) + b"".join([_ECRIRE[type(valeur)](valeur) for valeur in valeurs])


def grand(valeur: int) -> bytes:
    """A field of type bigint."""
    return _GRAND(8, valeur)


def flux(rangees: Iterable[bytes]) -> BytesIO:
    return BytesIO(b"".join([_TETE, *rangees, _PIED]))


def _octets(valeur: bytes) -> bytes:
    return _TAILLE(len(valeur)) + valeur


def _texte(valeur: str) -> bytes:
    return _octets(valeur.encode())


# Lists hold codes, the same ones again and again.
_code = lru_cache(maxsize=65_536)(_texte)


def _liste(valeurs: Sequence[str]) -> bytes:
    """Of one dimension, counted from 1; an empty array has no dimension."""
    if not valeurs:
        return _TABLEAU_VIDE(12, 0, 0, _TEXTE_OID)
    ecrites = b"".join(map(_code, valeurs))
    return _TABLEAU(20 + len(ecrites), 1, 0, _TEXTE_OID, len(valeurs), 1) + ecrites


_ECRIRE: Mapping[type, Callable[[Any], bytes]] = {
    str: _texte,
    NoneType: lambda _: _TAILLE(-1),
    bytes: _octets,
    list: _liste,
    float: lambda valeur: _NOMBRE(8, valeur),
    int: lambda valeur: _ENTIER(4, valeur),
    bool: lambda valeur: _octets(bytes([valeur])),
    date: lambda valeur: _JOUR(4, valeur.toordinal() - _AN_2000),
}
