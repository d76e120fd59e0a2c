"""What a search of the catalogue of offers asks. The hub and its mock read it, and refuse with it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from relais_contrats.codes.liste import Code
from relais_contrats.codes.offre import Frais, ModeAccueil, Public, Thematique, TypeService
from relais_contrats.demandes import Requete, jour
from relais_contrats.lecture import Erreur
from relais_contrats.problemes import Problem, invalid

PAGE, PAGE_MAX = 20, 100
CHANGEMENTS, CHANGEMENTS_MAX = 500, 1_000
_RAYON_MAX_KM = 200.0
_NOMBRE = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?")
"""As JSON writes it: a program may say 5e-08 for almost nothing."""
_PEU = 20


def _valeurs(*listes: type[Code]) -> frozenset[str]:
    return frozenset(code.value for une in listes for code in une)


# A thématique, or the category that begins its name.
_THEMATIQUES = _valeurs(Thematique) | {code.value.partition("--")[0] for code in Thematique}
_CODES: Mapping[str, frozenset[str]] = {
    "thematiques": _THEMATIQUES,
    "types": _valeurs(TypeService),
    "publics": _valeurs(Public),
    "frais": _valeurs(Frais),
    "modes_accueil": _valeurs(ModeAccueil),
    "facettes": frozenset({"thematiques", "types", "publics", "frais", "modes_accueil", "sources"}),
}


def services_demandes(requete: Requete) -> dict[str, Any]:
    """The question of `GET /v1/offres/services`, without its page. Raises a Problem."""
    return {
        **_lieu(requete),
        **{nom: requete[nom] for nom in ("q",) if nom in requete},
        **{nom: _codes(requete[nom], nom, connus) for nom, connus in _CODES.items() if nom in requete},
        **({"sources": requete["sources"].split(",")} if "sources" in requete else {}),
        **({"maj_depuis": str(depuis)} if (depuis := jour(requete.get("maj_depuis"), "maj_depuis")) else {}),
    }


def structures_demandees(requete: Requete) -> dict[str, Any]:
    """The question of `GET /v1/offres/structures`, without its page."""
    return {nom: requete[nom] for nom in ("departement", "code_commune", "siret", "source") if nom in requete}


def _lieu(requete: Requete) -> dict[str, Any]:
    lieu: dict[str, Any] = {"code_commune": requete["code_commune"]} if "code_commune" in requete else {}
    if ("lat" in requete) != ("lon" in requete):
        raise invalid("lat" if "lon" in requete else "lon", "`lat` et `lon` vont ensemble.")
    if "lat" in requete:
        lieu |= {"lat": _decimal(requete["lat"], "lat", -90, 90), "lon": _decimal(requete["lon"], "lon", -180, 180)}
    if "rayon_km" in requete:
        if not lieu:
            raise invalid("rayon_km", "Un rayon se mesure depuis `code_commune`, ou `lat` et `lon`.")
        lieu["rayon_km"] = _decimal(requete["rayon_km"], "rayon_km", 0.1, _RAYON_MAX_KM)
    return lieu


def _decimal(texte: str, nom: str, minimum: float, maximum: float) -> float:
    lu = float(texte) if _NOMBRE.fullmatch(texte) else None
    if lu is None or not minimum <= lu <= maximum:
        raise invalid(nom, f"Un nombre de {minimum:g} à {maximum:g} est attendu, par exemple 48.8534.")
    return lu


def _codes(texte: str, nom: str, connus: frozenset[str]) -> Sequence[str]:
    """Codes separated by commas, sorted: the order in which they are given asks nothing else."""
    codes = sorted(set(texte.split(",")))
    if not connus.issuperset(codes):
        voyez = "Voyez la liste des codes au contrat."
        phrase = f"Valeurs : {', '.join(sorted(connus))}." if len(connus) <= _PEU else voyez
        raise Problem("code-inconnu", erreurs=[Erreur(nom, "code-inconnu", phrase)])
    return codes
