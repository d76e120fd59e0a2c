"""Places on the globe: cells that cover a disc, and the way between two points of the unit sphere. Pure.

The globe is a sphere of the mean radius: the way is at most 0.6 % off what an ellipsoid gives.
"""

import math

from services.offres.domain.fiche import MAILLES, numero_de_maille

RAYON_TERRE_KM = 6371.0088
_FINE_JUSQU_A_KM = 15
_KM_PAR_DEGRE = math.pi * RAYON_TERRE_KM / 180


def corde2(distance_km: float) -> float:
    """The square of the straight distance, on the unit sphere, of two places so far apart."""
    return (2 * math.sin(min(distance_km / RAYON_TERRE_KM, math.pi) / 2)) ** 2


def distance_km(corde2: float) -> float:
    return 2 * RAYON_TERRE_KM * math.asin(min(1.0, math.sqrt(corde2) / 2))


def mailles(latitude: float, longitude: float, rayon_km: float) -> list[str]:
    """Keys of cells that together hold the disc: small ones for a small disc."""
    grille = "g1" if rayon_km <= _FINE_JUSQU_A_KM else "g5"
    par_degre = MAILLES[grille]
    lignes, colonnes = _cadre(latitude, longitude, rayon_km, par_degre)
    tour, demi = 360 * par_degre, 180 * par_degre
    return [f"{grille}:{lat}:{(lon + demi) % tour - demi}" for lat in lignes for lon in colonnes]


def mailles_fines(latitude: float, longitude: float, rayon_km: float) -> list[int]:
    """Numbers of the cells of 0.1° that together hold the disc."""
    lignes, colonnes = _cadre(latitude, longitude, rayon_km, 10)
    return [numero_de_maille(ligne, colonne) for ligne in lignes for colonne in colonnes]


def _cadre(latitude: float, longitude: float, rayon_km: float, par_degre: int) -> tuple[range, range]:
    """The parallels and the meridians between which the disc lies, in cells."""
    haut = rayon_km / _KM_PAR_DEGRE
    # A degree of longitude is shortest where the disc is nearest to a pole.
    extreme = min(89.9, abs(latitude) + haut)
    large = min(180.0, haut / math.cos(math.radians(extreme)))
    lignes = range(math.floor((latitude - haut) * par_degre), math.floor((latitude + haut) * par_degre) + 1)
    colonnes = range(math.floor((longitude - large) * par_degre), math.floor((longitude + large) * par_degre) + 1)
    return lignes, colonnes
