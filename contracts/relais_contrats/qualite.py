"""The quality of a service as data·inclusion defines it: pure, from the published record and the day. A record is an
accepted message as JSON: texts, numbers, lists of texts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

Fiche = Mapping[str, Any]

# The age counts fully until six months of 30 days, and no more after two years (data-inclusion-schema, score_qualite).
_FRAIS_JOURS, _PERIME_JOURS = 180, 730
SANS_AGE = frozenset({"agefiph", "france-travail"})
"""Sources whose `date_maj` says nothing about the offer: their quality leaves it out."""


@dataclass(frozen=True, slots=True)
class Qualite:
    """The sum of the criteria that do not change with time, how many count in all, and whether the age is one."""

    somme: float
    criteres: int
    compte_l_age: bool

    def score(self, date_maj: date, jour: date) -> float:
        """From 0 to 1, as data·inclusion computes it."""
        age = round(fraicheur(date_maj, jour), 2) if self.compte_l_age else 0.0
        return round((self.somme + age) / self.criteres, 2)


def fraicheur(date_maj: date, jour: date) -> float:
    """1 below six months, then straight down to 0 at two years."""
    age_jours = (jour - date_maj).days
    return max(0.0, min(1.0, (_PERIME_JOURS - age_jours) / (_PERIME_JOURS - _FRAIS_JOURS)))


def qualite(fiche: Fiche) -> Qualite:
    """The criteria of data-inclusion-schema's `score_qualite`; one that does not apply is left out."""
    modes = fiche.get("modes_mobilisation") or ()
    notes = [
        *_si("en-presentiel" in (fiche.get("modes_accueil") or ()) or "se-presenter" in modes, fiche.get("adresse")),
        *_si("envoyer-un-courriel" in modes, fiche.get("courriel")),
        *_si("telephoner" in modes, fiche.get("telephone")),
        (fiche.get("modes_mobilisation") is not None) / 2 + (fiche.get("mobilisable_par") is not None) / 2,
        float(bool(fiche.get("publics"))),
        float(bool(fiche.get("thematiques"))),
        float(any(fiche.get(champ) for champ in ("courriel", "lien_mobilisation", "telephone"))),
        _frais(fiche),
        _description(len(fiche["description"])),
    ]
    compte_l_age = fiche["source"] not in SANS_AGE
    return Qualite(sum(notes), len(notes) + compte_l_age, compte_l_age)


def _si(applicable: bool, valeur: str | None) -> Sequence[float]:
    return (float(bool(valeur)),) if applicable else ()


def _frais(fiche: Fiche) -> float:
    match fiche.get("frais"):
        case None:
            return 0.0
        case "payant":
            return 1.0 if fiche.get("frais_precisions") else 0.5
        case _:
            return 1.0


def _description(signes: int) -> float:
    if signes < 50:
        return 0.0
    return 1.0 if 200 <= signes < 2000 else 0.5
