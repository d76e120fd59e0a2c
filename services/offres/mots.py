"""French texts as stems, the same when they are published and when they are looked for.

PostgreSQL's own parser and dictionaries do this too, at three times the cost of everything else that a publication
does; only what they make (`tsvector`, `tsquery`) is theirs here.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

from Stemmer import Stemmer

_MOTS = re.compile(r"[0-9a-zà-öø-ÿœæ]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
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


@lru_cache(maxsize=200_000)
def simple(mot: str) -> str:
    """A lower-case word without accents."""
    return unicodedata.normalize("NFKD", mot.translate(_LIGATURES)).encode("ascii", "ignore").decode()


@lru_cache(maxsize=200_000)
def racine(mot: str) -> str:
    """The stem of a simple word, its plural aside; "" for a word that says nothing."""
    if len(mot) < _COURT or mot in _VIDES:
        return ""
    singulier = mot[:-1] if len(mot) > 3 and mot[-1] in "sx" else mot
    return str(_racinier().stemWord(singulier))


def decouper(texte: str) -> list[str]:
    """The simple words of a text, in their order."""
    return [simple(mot) for mot in _MOTS.findall(texte.lower())]


def racines(mots: Iterable[str]) -> set[str]:
    return {stem for mot in mots if (stem := racine(mot))}


@lru_cache(maxsize=200_000)
def _du_mot(mot: str) -> str:
    return racine(simple(mot))


def _stems(texte: str) -> set[str]:
    """Those of a text; each of its words is looked at once."""
    return {stem for stem in map(_du_mot, set(_MOTS.findall(texte.lower()))) if stem}


def vecteur(nom: str, description: str) -> str:
    """A `tsvector` as text: the stems of the name weigh A, those of the description alone C."""
    du_nom = _stems(nom)
    autres = _stems(description[:_TEXTE_MAX]) - du_nom
    return " ".join([f"{stem}:1A" for stem in du_nom] + [f"{stem}:1C" for stem in autres])
