"""The communes that the service ships: name, département, EPCI, and the centre with where it comes from."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# The codes of arrondissements begin like this, and no other one does; those of their cities do not.
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


def _lire(ligne: str) -> Commune:
    code, nom, departement, epci, population, latitude, longitude, origine = ligne.split("\t")
    lieu = (float(latitude), float(longitude)) if latitude else None
    return Commune(code, nom, departement, epci, int(population), lieu, origine)
