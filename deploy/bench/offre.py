"""A made-up catalogue of any size, the same for the same seed: services where people live, with real codes."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from relais_contrats.codes.offre import Public, ReseauPorteur, Thematique, TypeService
from services.offres.lieux import Commune, communes

SOURCE = "di-bench"
_JOUR = date(2026, 9, 1)
_QUOI = (
    "Atelier", "Accompagnement", "Permanence", "Aide", "Formation", "Parcours", "Conseil", "Prêt de matériel",
    "Entretien", "Point d'accueil", "Garage solidaire", "Épicerie sociale", "Crèche", "Auto-école sociale",
)  # fmt: skip
_POUR = (
    "mobilité", "emploi", "numérique", "logement", "santé", "budget", "français", "famille", "création d'entreprise",
    "orientation", "accès aux droits", "recherche de stage", "permis de conduire", "garde d'enfants", "insertion",
)  # fmt: skip
_QUI = ("Les Amis", "Le Relais", "Horizon", "La Passerelle", "Tremplin", "Solidarités", "Le Pont", "Mosaïque", "Élan")
_TEXTE = """
ce service accueille les personnes qui cherchent un emploi ou une formation et les aide à lever les difficultés de
transport de logement de santé ou de garde un conseiller reçoit sur rendez-vous étudie la situation propose un plan
d'action puis accompagne chaque étape jusqu'à la reprise d'activité des ateliers collectifs complètent le suivi
individuel autour des savoirs de base de l'informatique du code de la route et de la gestion du budget familial
"""
_MOTS = _TEXTE.split()
_MODES = (["en-presentiel"], ["en-presentiel", "a-distance"], ["a-distance"])
_RESEAUX = [code.value for code in ReseauPorteur]
_TYPES = [code.value for code in TypeService]
_THEMATIQUES = [code.value for code in Thematique]
_PUBLICS = [code.value for code in Public if code is not Public.TOUS_PUBLICS]
_VOIES = ("rue de la République", "avenue Jean Jaurès", "place de la Mairie", "rue du Moulin", "boulevard Voltaire")


def records(services: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """One structure for some three services, each structure before its services."""
    chance = random.Random(seed)  # noqa: S311  reproducible, not secret
    places = [commune for commune in communes().values() if commune.centre]
    drawn = iter(chance.choices(places, weights=[place.population for place in places], k=services))
    structures = 0
    made = 0
    while made < services:
        seat = next(drawn)
        structures += 1
        structure = _structure(chance, structures, seat)
        yield structure
        for _ in range(min(chance.choice((2, 3, 4, 4)), services - made)):
            made += 1
            yield _service(chance, made, structure, seat)


def write(path: Path, services: int, seed: int = 1) -> int:
    """As JSONL, gzip when the name says so; how many records."""
    opener = gzip.open if path.suffix == ".gz" else open
    count = 0
    with opener(path, "wb") as out:
        for record in records(services, seed):
            out.write(orjson.dumps(record) + b"\n")
            count += 1
    return count


def _structure(chance: random.Random, number: int, seat: Commune) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "id": f"{SOURCE}--structure-{number}",
        "nom": f"{chance.choice(_QUI)} {chance.choice(_POUR)} {seat.nom}"[:150],
        "description": _text(chance, 30),
        "date_maj": _day(chance),
        "commune": seat.nom,
        "code_insee": seat.code,
        "adresse": f"{chance.randint(1, 180)} {chance.choice(_VOIES)}",
        "courriel": f"contact-{number}@exemple.fr",
        "reseaux_porteurs": [chance.choice(_RESEAUX)],
    }


def _service(chance: random.Random, number: int, structure: dict[str, Any], seat: Commune) -> dict[str, Any]:
    latitude, longitude = seat.centre or (0.0, 0.0)
    return {
        "source": SOURCE,
        "structure_id": structure["id"],
        "id": f"{SOURCE}--service-{number}",
        "nom": f"{chance.choice(_QUOI)} {chance.choice(_POUR)} {chance.choice(_POUR)}",
        "description": _text(chance, chance.choice((20, 50, 80, 120))),
        "date_maj": _day(chance),
        "type": chance.choice(_TYPES),
        "thematiques": sorted(chance.sample(_THEMATIQUES, chance.choice((1, 1, 2, 3)))),
        "frais": chance.choice(("gratuit", "gratuit", "payant")),
        "publics": ["tous-publics"] if chance.random() < 0.5 else [chance.choice(_PUBLICS)],
        "commune": seat.nom,
        "code_insee": seat.code,
        "adresse": structure["adresse"],
        "latitude": round(latitude + chance.gauss(0, 0.02), 6),
        "longitude": round(longitude + chance.gauss(0, 0.03), 6),
        "courriel": structure["courriel"],
        "modes_accueil": chance.choices(_MODES, (80, 15, 5))[0],
        "zone_eligibilite": [chance.choice((seat.departement, seat.departement, seat.epci or "france", "france"))],
        "modes_mobilisation": ["telephoner", "envoyer-un-courriel"],
        "mobilisable_par": ["professionnels", "usagers"],
    }


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_MOTS, k=words)).capitalize() + "."


def _day(chance: random.Random) -> str:
    return (_JOUR - timedelta(days=int(chance.expovariate(1 / 250)))).isoformat()
