"""The communes that the service ships: name, département, EPCI, and the centre with where it comes from."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from relais_contrats.territoires import commune_actuelle

# The codes of arrondissements begin like this, and no other one does; those of their cities do not.
_TOUTE_LA_FRANCE = frozenset({"france", "99100"})
_DEUX_DEPARTEMENTS = {"20": ("2A", "2B")}
_VILLES = {"751": "75056", "132": "13055", "693": "69123"}


@dataclass(frozen=True, slots=True)
class Commune:
    """`origine` of the centre: `geonames`; `ville` for an arrondissement, that of its whole city; `code-postal`, `epci`
    and `departement` for a mean of neighbours; "" for none."""

    code: str
    nom: str
    departement: str
    epci: str
    population: int
    centre: tuple[float, float] | None
    origine: str

    @property
    def zones(self) -> tuple[str, ...]:
        """Every zone of eligibility that takes in who lives here; « » is that of a service that names none."""
        propres = (self.code, _VILLES.get(self.code[:3], ""), self.departement, self.epci)
        return (*filter(None, propres), "france", "99100", "")


@cache
def communes() -> Mapping[str, Commune]:
    """By INSEE code: the communes of today, and the arrondissements of Paris, Lyon and Marseille."""
    table = files("services.offres").joinpath("communes", "communes.tsv.gz").read_bytes()
    return {commune.code: commune for commune in map(_lire, gzip.decompress(table).decode().splitlines())}


def commune(code: str) -> Commune | None:
    """The commune of today that has this code, or had it; None for a code that never was one, or is one no more."""
    return communes().get(commune_actuelle(code))


def zones_actuelles(code: str) -> tuple[str, ...]:
    """A zone of eligibility in the codes by which a search finds it; empty for one in which nobody lives today.

    A former EPCI is the communes that it was made of; « 20 » is both départements of Corsica.
    """
    if code in _TOUTE_LA_FRANCE or code in _epci():
        return (code,)
    if code in _DEUX_DEPARTEMENTS or code in _anciens_epci():
        return _DEUX_DEPARTEMENTS.get(code) or _anciens_epci()[code]
    if trouvee := commune(code):
        return (trouvee.code,)
    return (code,) if code in _departements() else ()


def lieu_inconnu(fiche: Mapping[str, Any]) -> str | None:
    """The pointer of a place that is none of today's: published, it could be found by nobody."""
    code = fiche.get("code_insee")
    if code and commune(code) is None:
        return "/code_insee"
    for rang, zone in enumerate(fiche.get("zone_eligibilite") or ()):
        if not zones_actuelles(zone):
            return f"/zone_eligibilite/{rang}"
    return None


@cache
def _epci() -> frozenset[str]:
    return frozenset(commune.epci for commune in communes().values() if commune.epci)


@cache
def _departements() -> frozenset[str]:
    return frozenset(commune.departement for commune in communes().values())


@cache
def _anciens_epci() -> Mapping[str, tuple[str, ...]]:
    table = files("services.offres").joinpath("communes", "anciens_epci.tsv").read_text(encoding="utf-8")
    lignes = (ligne.split("\t") for ligne in table.splitlines())
    return {code: tuple(membres.split(" ")) for code, membres in lignes}


def _lire(ligne: str) -> Commune:
    code, nom, departement, epci, population, latitude, longitude, origine = ligne.split("\t")
    lieu = (float(latitude), float(longitude)) if latitude else None
    return Commune(code, nom, departement, epci, int(population), lieu, origine)
