"""Published records as rows of the catalogue, in the binary form that COPY reads: made once, where the record is
checked."""

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from relais_contrats.qualite import qualite
from services.offres import lieux, mots
from services.offres.domain import fiche as regles
from services.offres.store.copie import rangee


class Ligne(NamedTuple):
    """`copie` has the columns of the kind, in their order; whoever publishes adds the version. `structure_id` is empty
    for a structure, `mots` are the words of the name of a service."""

    id: str
    structure_id: str
    empreinte: bytes
    mots: Sequence[str]
    copie: bytes


STRUCTURE = (
    *("id", "source", "empreinte", "nom_simple", "voie_simple", "siret", "courriel", "code_commune", "code_postal"),
    *("departement", "date_maj", "donnees"),
)
SERVICE = (
    *("id", "structure_id", "source", "empreinte", "cles", "zones", "maille", "x", "y", "z", "est_approche"),
    *("est_a_distance", "latitude", "longitude", "courriel", "code_commune", "departement", "type", "thematiques"),
    *("date_maj", "qualite_somme", "qualite_criteres", "qualite_age", "texte", "donnees"),
)


def ecrire(fiche: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return the record as published, without empty fields, and its hash: equal records have equal hashes."""
    dite = {champ: valeur for champ, valeur in fiche.items() if valeur is not None}
    ecrit = orjson.dumps(dite, option=orjson.OPT_SORT_KEYS)
    return blake2b(ecrit, digest_size=16).digest(), ecrit


def _commune(fiche: Mapping[str, Any]) -> str | None:
    """The commune under its code of today."""
    connue = lieux.commune(fiche.get("code_insee") or "")
    return connue.code if connue else None


def _centre(fiche: Mapping[str, Any]) -> tuple[float, float] | None:
    """Where a service is shown that says its commune and no place."""
    connue = lieux.commune(fiche.get("code_insee") or "")
    return connue.centre if connue and not regles.se_rend_a_distance(fiche) else None


def _zones(fiche: Mapping[str, Any]) -> list[str]:
    dites = fiche.get("zone_eligibilite") or ()
    return list(dict.fromkeys(zone for dite in dites for zone in lieux.zones_actuelles(dite))) or [""]


def de_structure(fiche: Mapping[str, Any]) -> Ligne:
    empreinte, donnees = ecrire(fiche)
    copie = rangee(
        fiche["id"],
        fiche["source"],
        empreinte,
        regles.simplifier(fiche["nom"]),
        regles.simplifier(fiche.get("adresse") or ""),
        fiche.get("siret"),
        fiche.get("courriel"),
        _commune(fiche),
        fiche.get("code_postal"),
        regles.departement(fiche),
        date.fromisoformat(fiche["date_maj"]),
        donnees,
        suite=1,
    )
    return Ligne(fiche["id"], "", empreinte, (), copie)


def de_service(fiche: Mapping[str, Any]) -> Ligne:
    empreinte, donnees = ecrire(fiche)
    precis = regles.position(fiche)
    lieu = precis or _centre(fiche)
    zones = _zones(fiche)
    note = qualite(fiche)
    copie = rangee(
        fiche["id"],
        fiche["structure_id"],
        fiche["source"],
        empreinte,
        regles.cles(fiche, zones, lieu),
        zones,
        *((regles.maille_fine(*lieu), *regles.sur_la_sphere(*lieu)) if lieu else (None, None, None, None)),
        precis is None and lieu is not None,
        regles.est_a_distance(fiche),
        *(lieu or (None, None)),
        fiche.get("courriel"),
        _commune(fiche),
        regles.departement(fiche),
        fiche.get("type"),
        fiche.get("thematiques") or [],
        date.fromisoformat(fiche["date_maj"]),
        note.somme,
        note.criteres,
        note.compte_l_age,
        mots.vecteur(fiche["nom"], fiche["description"]),
        donnees,
        suite=1,
    )
    du_nom = [mot for mot in mots.decouper(fiche["nom"]) if mots.racine(mot)]
    return Ligne(fiche["id"], fiche["structure_id"], empreinte, du_nom, copie)
