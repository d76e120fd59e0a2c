"""Départements, régions and categories under the codes and slugs that data·inclusion reads (INSEE, COG)."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from relais_contrats.codes.offre import Thematique
from relais_contrats.territoires import TERRITOIRES

_ABSENTS = ("69D", "69M", "975", "977", "978")
"""Territories that it does not know under these codes: the Rhône is 69 there, as a whole."""
_REGIONS = """
84 Auvergne-Rhône-Alpes: 01 03 07 15 26 38 42 43 63 69 73 74
27 Bourgogne-Franche-Comté: 21 25 39 58 70 71 89 90
53 Bretagne: 22 29 35 56
24 Centre-Val de Loire: 18 28 36 37 41 45
94 Corse: 2A 2B
44 Grand Est: 08 10 51 52 54 55 57 67 68 88
01 Guadeloupe: 971
03 Guyane: 973
32 Hauts-de-France: 02 59 60 62 80
11 Île-de-France: 75 77 78 91 92 93 94 95
04 La Réunion: 974
02 Martinique: 972
06 Mayotte: 976
28 Normandie: 14 27 50 61 76
75 Nouvelle-Aquitaine: 16 17 19 23 24 33 40 47 64 79 86 87
76 Occitanie: 09 11 12 30 31 32 34 46 48 65 66 81 82
52 Pays de la Loire: 44 49 53 72 85
93 Provence-Alpes-Côte d'Azur: 04 05 06 13 83 84
"""


def slug(nom: str) -> str:
    """« Côte-d'Or » → « cote-d-or »."""
    ascii_ = unicodedata.normalize("NFKD", nom).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_.lower()).strip("-")


def _regions() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    read = {}
    for line in _REGIONS.strip().splitlines():
        named, _, departements = line.partition(": ")
        code, _, nom = named.partition(" ")
        read[code] = (slug(nom), tuple(departements.split()))
    return read


REGIONS = _regions()
"""Code of a région → its slug, the codes of its départements."""
DEPARTEMENTS: Mapping[str, str] = {
    **{one.code: slug(one.nom) for one in TERRITOIRES.values() if one.code not in _ABSENTS},
    "69": "rhone",
}
"""Code of a département → its slug."""


def departement_of(code_insee: str | None) -> str | None:
    """What the code of a commune begins with."""
    if code_insee is None:
        return None
    return code_insee[:3] if code_insee.startswith("97") else code_insee[:2]


def _among(codes: Collection[str]) -> AfterValidator:
    """Refuses any other in the words of pydantic, where data·inclusion has an enumeration."""
    *most, last = (f"'{code}'" for code in codes)
    expected = f"{', '.join(most)} or {last}"

    def check(given: str) -> str:
        if given not in codes:
            raise PydanticCustomError("enum", "Input should be {expected}", {"expected": expected})
        return given

    return AfterValidator(check)


_THEMATIQUES = tuple(code.value for code in Thematique)
_CATEGORIES = tuple(dict.fromkeys(code.partition("--")[0] for code in _THEMATIQUES))

CodeDepartement = Annotated[str, _among(DEPARTEMENTS)]
SlugDepartement = Annotated[str, _among(tuple(DEPARTEMENTS.values()))]
CodeRegion = Annotated[str, _among(REGIONS)]
SlugRegion = Annotated[str, _among(tuple(its for its, _ in REGIONS.values()))]
ThematiqueOuCategorie = Annotated[str, _among((*_THEMATIQUES, *_CATEGORIES))]
