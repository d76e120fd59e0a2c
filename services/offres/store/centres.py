"""Where a search is centred, and the centre of a commune as its own services show it: the median of their places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.database import Connection
from services.offres import lieux
from services.offres.domain.fiche import sur_la_sphere
from services.offres.store.requete import Erreur, Json, Requete

_RAYON_KM = 50.0
_SUR, _SUR_A_PARTIR_DE = "geonames", 3
_CORDE2 = "((x - {x}) * (x - {x}) + (y - {y}) * (y - {y}) + (z - {z}) * (z - {z}))"
_FORGET = "DELETE FROM centres_observes"
_OBSERVE = """
INSERT INTO centres_observes (code, latitude, longitude, nombre)
SELECT code_commune, percentile_cont(0.5) WITHIN GROUP (ORDER BY latitude),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY longitude), count(*)
FROM services WHERE retire_a IS NULL AND latitude IS NOT NULL AND NOT est_approche
    AND code_commune = ANY($1) GROUP BY code_commune
"""
_OBSERVED = "SELECT latitude, longitude, nombre FROM centres_observes WHERE code = $1"


@dataclass(frozen=True, slots=True)
class Lieu:
    """Where the search is centred; `zones` None when no commune tells who is eligible, `population` is that of it."""

    latitude: float
    longitude: float
    rayon_km: float
    zones: Sequence[str] | None
    population: int | None
    origine: str

    def corde2(self, requete: Requete) -> str:
        """The square of the straight distance from here to (x, y, z), as SQL."""
        x, y, z = (f"{requete.arg(c)}::float8" for c in sur_la_sphere(self.latitude, self.longitude))
        return _CORDE2.format(x=x, y=y, z=z)

    def eligible(self, requete: Requete) -> str:
        """Whether `zones` takes in who lives here, as SQL; true of everything when nobody knows where that is."""
        return "true" if self.zones is None else f"zones && {requete.liste(self.zones)}"

    def en_json(self) -> Json:
        return {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "rayon_km": self.rayon_km,
            "centre": self.origine,
        }


async def situer(conn: Connection, demande: Mapping[str, Any]) -> Lieu | None:
    """Locate a search: a point wins over the centre of its commune, which then gives the zones only. None: no place."""
    rayon_km = float(demande.get("rayon_km") or _RAYON_KM)
    code, latitude = demande.get("code_commune"), demande.get("lat")
    if code is None:
        return Lieu(latitude, demande["lon"], rayon_km, None, None, "point") if latitude is not None else None
    commune = lieux.commune(code)
    if commune is None:
        raise Erreur("commune-inconnue", "code_commune", "Ce code n'est celui d'aucune commune d'aujourd'hui.")
    centre, origine = ((latitude, demande["lon"]), "point") if latitude is not None else await centre_de(conn, commune)
    return Lieu(centre[0], centre[1], rayon_km, commune.zones, commune.population, origine)


async def centre_de(conn: Connection, commune: lieux.Commune) -> tuple[tuple[float, float], str]:
    """GeoNames first; then enough services of the commune itself; then its neighbours; then any service of its own."""
    if commune.centre and commune.origine == _SUR:
        return commune.centre, commune.origine
    observe = await _observe(conn, commune.code)
    if observe and (observe[2] >= _SUR_A_PARTIR_DE or not commune.centre):
        return (observe[0], observe[1]), "services"
    if not commune.centre:
        phrase = "Le centre de cette commune n'est pas connu : donnez aussi lat et lon."
        raise Erreur("commune-sans-centre", "code_commune", phrase)
    return commune.centre, commune.origine


async def observer(conn: Connection) -> None:
    """Look at the whole catalogue again, after an import, for the communes that GeoNames does not place."""
    await conn.execute(_FORGET)
    await conn.execute(_OBSERVE, [c.code for c in lieux.communes().values() if c.origine != _SUR])


async def _observe(conn: Connection, code: str) -> tuple[float, float, int] | None:
    """Latitude, longitude, and how many services they are the median of."""
    row = await conn.fetchrow(_OBSERVED, code)
    return (row["latitude"], row["longitude"], row["nombre"]) if row else None
