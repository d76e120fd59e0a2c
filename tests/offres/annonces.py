"""Records of the catalogue for tests: synthetic, valid, and changed at will."""

from typing import Any

LILLE, ROUBAIX, VILLENEUVE, ARRAS, PARIS = "59350", "59512", "59009", "62041", "75056"


def structure(numero: int = 1, **change: Any) -> dict[str, Any]:
    return {
        "source": "dora",
        "id": f"dora--structure-{numero}",
        "nom": f"Structure numéro {numero}",
        "date_maj": "2026-09-01",
        "code_insee": LILLE,
        "adresse": f"{numero} rue du Moulin",
        **change,
    }


def service(numero: int = 1, **change: Any) -> dict[str, Any]:
    return {
        "source": "dora",
        "structure_id": "dora--structure-1",
        "id": f"dora--service-{numero}",
        "nom": "Garage solidaire",
        "description": "Réparer sa voiture à un prix adapté à ses ressources.",
        "date_maj": "2026-09-01",
        "code_insee": LILLE,
        "latitude": 50.6339,
        "longitude": 3.0551,
        "thematiques": ["mobilite--entretenir-reparer-son-vehicule"],
        "modes_accueil": ["en-presentiel"],
        **change,
    }
