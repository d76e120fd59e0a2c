"""Territories: the collectivités that are competent for the RSA, their communes, their time zone and legal day.

A territory has the code of its département, but for the Rhône: `69D` and `69M`, the Métropole de Lyon, instead of `69`
(CGCT L. 3611-1). Communes are those of the code officiel géographique; `communes/LICENCE.md` names the sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

PARIS = "Europe/Paris"


@dataclass(frozen=True, slots=True)
class Territoire:
    """`fuseau` is a name of the IANA database."""

    code: str
    nom: str
    fuseau: str = PARIS


_METROPOLE = """
01 Ain
02 Aisne
03 Allier
04 Alpes-de-Haute-Provence
05 Hautes-Alpes
06 Alpes-Maritimes
07 Ardèche
08 Ardennes
09 Ariège
10 Aube
11 Aude
12 Aveyron
13 Bouches-du-Rhône
14 Calvados
15 Cantal
16 Charente
17 Charente-Maritime
18 Cher
19 Corrèze
21 Côte-d'Or
22 Côtes-d'Armor
23 Creuse
24 Dordogne
25 Doubs
26 Drôme
27 Eure
28 Eure-et-Loir
29 Finistère
2A Corse-du-Sud
2B Haute-Corse
30 Gard
31 Haute-Garonne
32 Gers
33 Gironde
34 Hérault
35 Ille-et-Vilaine
36 Indre
37 Indre-et-Loire
38 Isère
39 Jura
40 Landes
41 Loir-et-Cher
42 Loire
43 Haute-Loire
44 Loire-Atlantique
45 Loiret
46 Lot
47 Lot-et-Garonne
48 Lozère
49 Maine-et-Loire
50 Manche
51 Marne
52 Haute-Marne
53 Mayenne
54 Meurthe-et-Moselle
55 Meuse
56 Morbihan
57 Moselle
58 Nièvre
59 Nord
60 Oise
61 Orne
62 Pas-de-Calais
63 Puy-de-Dôme
64 Pyrénées-Atlantiques
65 Hautes-Pyrénées
66 Pyrénées-Orientales
67 Bas-Rhin
68 Haut-Rhin
69D Rhône
69M Métropole de Lyon
70 Haute-Saône
71 Saône-et-Loire
72 Sarthe
73 Savoie
74 Haute-Savoie
75 Paris
76 Seine-Maritime
77 Seine-et-Marne
78 Yvelines
79 Deux-Sèvres
80 Somme
81 Tarn
82 Tarn-et-Garonne
83 Var
84 Vaucluse
85 Vendée
86 Vienne
87 Haute-Vienne
88 Vosges
89 Yonne
90 Territoire de Belfort
91 Essonne
92 Hauts-de-Seine
93 Seine-Saint-Denis
94 Val-de-Marne
95 Val-d'Oise"""
_OUTRE_MER = (
    Territoire("971", "Guadeloupe", "America/Guadeloupe"),
    Territoire("972", "Martinique", "America/Martinique"),
    Territoire("973", "Guyane", "America/Cayenne"),
    Territoire("974", "La Réunion", "Indian/Reunion"),
    Territoire("975", "Saint-Pierre-et-Miquelon", "America/Miquelon"),
    Territoire("976", "Mayotte", "Indian/Mayotte"),
    Territoire("977", "Saint-Barthélemy", "America/St_Barthelemy"),
    Territoire("978", "Saint-Martin", "America/Marigot"),
)
TERRITOIRES: Mapping[str, Territoire] = {
    territoire.code: territoire
    for territoire in (*(Territoire(*ligne.split(" ", 1)) for ligne in _METROPOLE.split("\n")[1:]), *_OUTRE_MER)
}
"""Every territory by its code."""

_A_PRECISER = {
    "69": "Le Rhône (69D) et la Métropole de Lyon (69M) sont deux territoires : dites lequel, au lieu de 69.",
    "20": "La Corse compte deux départements : dites 2A (Corse-du-Sud) ou 2B (Haute-Corse).",
    "6AE": "La Collectivité européenne d'Alsace compte deux départements : dites 67 (Bas-Rhin) ou 68 (Haut-Rhin).",
}
"""Codes that are in use elsewhere and name no territory, or two."""


def est_un_territoire(code: str) -> bool:
    return code in TERRITOIRES


def expliquer(code: str) -> str:
    """Why this code is none of the territories, in French, without repeating it."""
    return _A_PRECISER.get(code, "Attendu : le code d'un département, par exemple 59, 2A, 69M ou 974.")


def commune_actuelle(code: str) -> str:
    """The code under which the commune is known today: itself, or that of the commune that it became or merged into."""
    return _anciennes().get(code, code)


def territoire_de(code_commune: str) -> str | None:
    """The territory of a commune, under its code of today or a former one; None where there is none (98xxx)."""
    code = commune_actuelle(code_commune)
    if code.startswith("69"):
        return "69M" if code in _metropole_de_lyon() else "69D"
    departement = code[:3] if code.startswith("97") else code[:2]
    return departement if departement in TERRITOIRES else None


@cache
def fuseau(departement: str) -> ZoneInfo:
    """The time zone of a territory; that of Paris for a code that only former messages carry."""
    connu = TERRITOIRES.get(departement)
    return ZoneInfo(connu.fuseau if connu else PARIS)


def jour_legal(departement: str, instant: datetime) -> date:
    """The day that it is in the territory at this instant."""
    return instant.astimezone(fuseau(departement)).date()


def jours_legaux(instant: datetime) -> Mapping[str, date]:
    """The day that it is at this instant, territory by territory."""
    return {code: jour_legal(code, instant) for code in TERRITOIRES}


def debut_du_jour(departement: str, jour: date) -> datetime:
    """The instant, in UTC, at which this day begins in the territory."""
    return datetime.combine(jour, time.min, fuseau(departement)).astimezone(UTC)


@cache
def _metropole_de_lyon() -> frozenset[str]:
    return frozenset(_lignes("metropole_de_lyon.txt"))


@cache
def _anciennes() -> Mapping[str, str]:
    return dict(ligne.split("\t") for ligne in _lignes("anciens_codes.tsv"))


def _lignes(nom: str) -> list[str]:
    return files("relais_contrats").joinpath("communes", nom).read_text(encoding="utf-8").splitlines()
