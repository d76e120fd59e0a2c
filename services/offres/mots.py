"""French texts as stems, alike at publication and at search.

PostgreSQL's own parser and dictionaries do this too, at three times the cost of the rest of a publication. This module
makes their types, `tsvector` and `tsquery`.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

from Stemmer import Stemmer

_LETTRE = re.compile(r"[0-9a-zà-öø-ÿ]")
_PETITS_MOTS = """
au aux avec ce ces dans de des du elle elles en et eux il ils je la le les leur leurs lui ma mais me mes moi mon ne nos
notre nous on ou par pas pour qu que qui sa se ses son sur ta te tes toi ton tu un une vos votre vous est sont ete etre
a ont avoir cette cet dont plus sans sous entre chez afin ainsi comme aussi tout tous toute toutes
"""
_VIDES = frozenset(_PETITS_MOTS.split())
"""Without accents, as they are compared."""
_COURT = 2
_TEXTE_MAX = 1_000
"""Signs of a description that are indexed: its beginning says what the service is."""


@cache
def _racinier() -> Stemmer:
    return Stemmer("french")


def _simplifiees() -> dict[int, str]:
    """Latin-1 letters and digits, small and without their accents; "" for the few that are no Latin letter with one."""
    signes = [(code, chr(code).lower()) for code in range(256)]
    lettres = [(code, signe) for code, signe in signes if _LETTRE.match(signe)]
    return {code: unicodedata.normalize("NFKD", signe).encode("ascii", "ignore").decode() for code, signe in lettres}


_SIMPLES = bytes(ord(_simplifiees().get(code) or " ") for code in range(256))
_SANS_BASE = bytes(code for code, lettre in _simplifiees().items() if not lettre)
_ECRITS = {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "Ÿ": "y"}
"""Letters of French that Latin-1 has not, and ligatures."""


@lru_cache(maxsize=200_000)
def racine(mot: str) -> str:
    """The stem of a simple word, its plural aside; "" for a stop word."""
    if len(mot) < _COURT or mot in _VIDES:
        return ""
    singulier = mot[:-1] if len(mot) > 3 and mot[-1] in "sx" else mot
    return str(_racinier().stemWord(singulier))


def decouper(texte: str) -> list[str]:
    """The words of a text, in their order: lower case, without accents."""
    for signe, lettres in _ECRITS.items():
        texte = texte.replace(signe, lettres)
    latin = texte.encode("latin-1", "replace")
    return latin.translate(_SIMPLES, _SANS_BASE).decode("ascii").split()


def racines(mots: Iterable[str]) -> set[str]:
    return set(map(racine, mots)) - {""}


_POIDS_A, _POIDS_C = "\0\0\1\xc0\1", "\0\0\1\x40\1"
"""What follows a stem in the binary form of a `tsvector`: its end, one position, the weight and the position."""


def vecteur(nom: str, description: str) -> bytes:
    """A `tsvector` in binary form: the stems of the name weigh A, those of the description alone C."""
    du_nom = racines(set(decouper(nom)))
    autres = racines(set(decouper(description[:_TEXTE_MAX]))) - du_nom
    stems = _POIDS_A.join([*du_nom, ""]) + _POIDS_C.join([*autres, ""])
    return (len(du_nom) + len(autres)).to_bytes(4) + stems.encode("latin-1")
