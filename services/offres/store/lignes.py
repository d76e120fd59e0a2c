"""Published records as rows of the catalogue, column by column and in one order."""

from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from typing import Any, TypeAlias

import orjson

from services.offres import mots
from services.offres.domain import fiche as regles

Ligne: TypeAlias = tuple[Any, ...]
RANG_EMPREINTE = {"structure": 2, "service": 3}
"""Where a row has the hash of its record; its id comes first."""

STRUCTURE = (
    "id",
    "source",
    "empreinte",
    "nom_simple",
    "voie_simple",
    "siret",
    "courriel",
    "code_commune",
    "code_postal",
    "departement",
    "date_maj",
    "donnees",
)
SERVICE = (
    "id",
    "structure_id",
    "source",
    "empreinte",
    "cles",
    "zones",
    "x",
    "y",
    "z",
    "latitude",
    "longitude",
    "courriel",
    "code_commune",
    "departement",
    "type",
    "thematiques",
    "date_maj",
    "qualite_somme",
    "qualite_criteres",
    "qualite_age",
    "texte",
    "mots",
    "donnees",
)


def _ecrite(fiche: Mapping[str, Any]) -> tuple[bytes, str]:
    """The record as it is told, without what it does not say, and its hash: the same record has the same one."""
    dite = {champ: valeur for champ, valeur in fiche.items() if valeur is not None}
    ecrit = orjson.dumps(dite, option=orjson.OPT_SORT_KEYS)
    return blake2b(ecrit, digest_size=16).digest(), ecrit.decode()


def de_structure(fiche: Mapping[str, Any]) -> Ligne:
    empreinte, donnees = _ecrite(fiche)
    return (
        fiche["id"],
        fiche["source"],
        empreinte,
        regles.simplifier(fiche["nom"]),
        regles.simplifier(fiche.get("adresse") or ""),
        fiche.get("siret"),
        fiche.get("courriel"),
        fiche.get("code_insee"),
        fiche.get("code_postal"),
        regles.departement(fiche),
        date.fromisoformat(fiche["date_maj"]),
        donnees,
    )


def de_service(fiche: Mapping[str, Any]) -> Ligne:
    empreinte, donnees = _ecrite(fiche)
    lieu = regles.position(fiche)
    qualite = regles.qualite(fiche)
    return (
        fiche["id"],
        fiche["structure_id"],
        fiche["source"],
        empreinte,
        regles.cles(fiche),
        fiche.get("zone_eligibilite") or [""],
        *(regles.sur_la_sphere(*lieu) if lieu else (None, None, None)),
        *(lieu or (None, None)),
        fiche.get("courriel"),
        fiche.get("code_insee"),
        regles.departement(fiche),
        fiche.get("type"),
        fiche.get("thematiques") or [],
        date.fromisoformat(fiche["date_maj"]),
        qualite.somme,
        qualite.criteres,
        qualite.compte_l_age,
        mots.vecteur(fiche["nom"], fiche["description"]),
        [mot for mot in mots.decouper(fiche["nom"]) if mots.racine(mot)],
        donnees,
    )
