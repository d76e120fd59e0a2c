"""What the catalogue computes of a published record, to find it and to judge it: pure, from the record alone.

A record is what the contract accepted, as JSON says it: texts, numbers, lists of texts.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

Fiche = Mapping[str, Any]

# The age counts fully until six months of 30 days, and no more after two years (data-inclusion-schema, score_qualite).
_FRAIS_JOURS, _PERIME_JOURS = 180, 730
SANS_AGE = frozenset({"agefiph", "france-travail"})
"""Sources whose `date_maj` says nothing about the offer: their quality leaves it out."""
MAILLES = {"g1": 10, "g5": 2}
"""Cells per degree of the two grids, by the prefix of their keys."""
_LISTES = {"thematiques": "th", "publics": "pu", "modes_accueil": "mo"}
_CODES = {"type": "ty", "frais": "fr", "source": "so"}
_AUTRES = re.compile(r"[^a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})


def simplifier(texte: str) -> str:
    """Lower case, without accents nor signs: what two spellings of a name have in common."""
    decompose = unicodedata.normalize("NFKD", texte.lower().translate(_LIGATURES))
    return _AUTRES.sub(" ", decompose.encode("ascii", "ignore").decode()).strip()


def departement(fiche: Fiche) -> str | None:
    """From the code of the commune, else the postal code: 2A, 2B and 971–976 overseas."""
    code = fiche.get("code_insee") or fiche.get("code_postal") or ""
    if code[:2] in ("97", "98"):
        return code[:3]
    if code[:2] == "20" and code.isdigit():  # a postal code of Corsica
        return "2A" if code[:3] in ("200", "201") else "2B"
    return code[:2] or None


def position(fiche: Fiche) -> tuple[float, float] | None:
    """Where one goes, latitude and longitude in degrees: nowhere for a service that is at a distance only.

    (0, 0) is where the sea is, and where defaults go.
    """
    latitude, longitude = fiche.get("latitude"), fiche.get("longitude")
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    if fiche.get("modes_accueil") == ["a-distance"]:
        return None
    return float(latitude), float(longitude)


def sur_la_sphere(latitude: float, longitude: float) -> tuple[float, float, float]:
    """The place on the unit sphere: the straight distance of two places grows with the way between them."""
    phi, theta = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(theta), math.cos(phi) * math.sin(theta), math.sin(phi)


def maille(grille: str, latitude: float, longitude: float) -> str:
    par_degre = MAILLES[grille]
    return f"{grille}:{math.floor(latitude * par_degre)}:{math.floor(longitude * par_degre)}"


def maille_fine(latitude: float, longitude: float) -> int:
    """The number of its cell of 0.1°, as `lieu.mailles_fines` counts them."""
    return numero_de_maille(math.floor(latitude * 10), math.floor(longitude * 10))


def numero_de_maille(ligne: int, colonne: int) -> int:
    """Cells of 0.1° counted along the parallels, whose two ends meet."""
    return ligne * 3_600 + (colonne + 1_800) % 3_600


def est_a_distance(fiche: Fiche) -> bool:
    return "a-distance" in (fiche.get("modes_accueil") or ())


def cles(fiche: Fiche) -> list[str]:
    """The keys under which a search finds a service."""
    trouvees = [f"{prefixe}:{fiche[champ]}" for champ, prefixe in _CODES.items() if fiche.get(champ)]
    for champ, prefixe in _LISTES.items():
        trouvees += [f"{prefixe}:{code}" for code in fiche.get(champ) or ()]
    trouvees += {f"th:{code.partition('--')[0]}" for code in fiche.get("thematiques") or ()}
    if est_a_distance(fiche):
        # Near is found by its cell; at a distance, only the zone tells those who may come from the others.
        trouvees += {f"zd:{zone}" for zone in fiche.get("zone_eligibilite") or ("",)}
    if lieu := position(fiche):
        trouvees += [maille(grille, *lieu) for grille in MAILLES]
    if ou := departement(fiche):
        trouvees.append(f"de:{ou}")
    return trouvees


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
