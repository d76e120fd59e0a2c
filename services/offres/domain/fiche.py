"""The search keys that the catalogue computes of a published record. Pure, from the record alone.

A record is the JSON that the contract accepted: texts, numbers, lists of texts.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from relais_contrats.territoires import territoire_de

Fiche = Mapping[str, Any]

_CODES_POSTAUX = {"97133": "977", "97150": "978"}
MAILLES = {"g1": 10, "g5": 2}
"""Cells per degree of the two grids, by the prefix of their keys."""
_LISTES = {"thematiques": "th", "publics": "pu", "modes_accueil": "mo"}
_CODES = {"type": "ty", "frais": "fr", "source": "so"}
_AUTRES = re.compile(r"[^a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})


def simplifier(texte: str) -> str:
    """Lower case, without accents nor signs: two spellings of a name become one."""
    decompose = unicodedata.normalize("NFKD", texte.lower().translate(_LIGATURES))
    return _AUTRES.sub(" ", decompose.encode("ascii", "ignore").decode()).strip()


def departement(fiche: Fiche) -> str | None:
    """Its territory, from the code of the commune, else from the postal code where that is enough."""
    if commune := fiche.get("code_insee"):
        return territoire_de(commune)
    code = fiche.get("code_postal") or ""
    if code in _CODES_POSTAUX:
        return _CODES_POSTAUX[code]
    if code[:2] == "20":
        return "2A" if code[:3] in ("200", "201") else "2B"
    return territoire_de(code) if code[:2] != "69" else None  # the Rhône and the Métropole share theirs


def position(fiche: Fiche) -> tuple[float, float] | None:
    """Where one goes, latitude and longitude in degrees: nowhere for a service that is at a distance only.

    (0, 0) is where the sea is, and where defaults go.
    """
    latitude, longitude = fiche.get("latitude"), fiche.get("longitude")
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return None if se_rend_a_distance(fiche) else (float(latitude), float(longitude))


def se_rend_a_distance(fiche: Fiche) -> bool:
    """Whether nobody goes anywhere for it."""
    return fiche.get("modes_accueil") == ["a-distance"]


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


def cles(fiche: Fiche, zones: Sequence[str], lieu: tuple[float, float] | None) -> list[str]:
    """The keys under which a search finds a service: `zones` in codes of today, `lieu` where it is shown."""
    trouvees = [f"{prefixe}:{fiche[champ]}" for champ, prefixe in _CODES.items() if fiche.get(champ)]
    for champ, prefixe in _LISTES.items():
        trouvees += [f"{prefixe}:{code}" for code in fiche.get(champ) or ()]
    trouvees += {f"th:{code.partition('--')[0]}" for code in fiche.get("thematiques") or ()}
    if est_a_distance(fiche):
        # Near is found by its cell; at a distance, only the zone tells those who may come from the others.
        trouvees += {f"zd:{zone}" for zone in zones}
    if lieu:
        trouvees += [maille(grille, *lieu) for grille in MAILLES]
    if ou := departement(fiche):
        trouvees.append(f"de:{ou}")
    return trouvees
