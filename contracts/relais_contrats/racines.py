"""The root of a day: one hash over the last receipt of every chain of that day, which the hub signs.

Who keeps it can show later that nothing of that day was changed or taken away. A Merkle tree (RFC 9162 § 2.1): each
partner is shown its own leaves and the way from them to the root, and learns nothing of the others.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple

TYP = "relais-racine+jws"
Cote = Literal["gauche", "droite"]


class Etape(NamedTuple):
    """A neighbour on the way up, and on which side it stands."""

    cote: Cote
    empreinte: bytes


def feuille(chaine: str, rang: int, empreinte: str) -> bytes:
    """Of the last receipt of a chain; `empreinte` is the SHA-256 of its JWS, in hexadecimal."""
    return hashlib.sha256(b"\0" + f"{chaine} {rang} {empreinte}".encode()).digest()


def racine(feuilles: Sequence[bytes]) -> bytes:
    if len(feuilles) < 2:
        return feuilles[0] if feuilles else hashlib.sha256().digest()
    milieu = _milieu(len(feuilles))
    return _noeud(racine(feuilles[:milieu]), racine(feuilles[milieu:]))


def chemin(feuilles: Sequence[bytes], rang: int) -> list[Etape]:
    """From the leaf at this place (from 0) to the root."""
    if len(feuilles) < 2:
        return []
    milieu = _milieu(len(feuilles))
    if rang < milieu:
        return [*chemin(feuilles[:milieu], rang), Etape("droite", racine(feuilles[milieu:]))]
    return [*chemin(feuilles[milieu:], rang - milieu), Etape("gauche", racine(feuilles[:milieu]))]


def remonter(depart: bytes, etapes: Sequence[Etape]) -> bytes:
    """The root to which this way leads."""
    for cote, empreinte in etapes:
        depart = _noeud(empreinte, depart) if cote == "gauche" else _noeud(depart, empreinte)
    return depart


def _milieu(nombre: int) -> int:
    """The largest power of two below this number of leaves."""
    return 1 << (nombre - 1).bit_length() - 1


def _noeud(gauche: bytes, droite: bytes) -> bytes:
    return hashlib.sha256(b"\1" + gauche + droite).digest()
