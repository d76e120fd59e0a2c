"""Fictitious persons and messages about them. Every NIR is synthetic; its key is right, or it would be refused."""

import itertools
import secrets
from collections.abc import Mapping
from typing import Any

from relais_contrats.identifiants import cle_nir

_numbers = itertools.count(secrets.randbelow(10**8))


def nir(rank: int) -> str:
    """A synthetic NIR of the person of `signalement`: 15 characters, born in no commune that exists (59 999)."""
    root = f"2900559999{rank % 1000:03d}"
    return f"{root}{cle_nir(root)}"


def signalement(**changes: Any) -> dict[str, Any]:
    """`data` of usager.signale for somebody new; the matricule is what tells her apart."""
    number = next(_numbers)
    person: Mapping[str, Any] = {
        "identite": {"nom_naissance": f"Fictive{number}", "prenoms": "Élodie", "date_naissance": "1990-05-17"},
        "identifiants": [{"type": "matricule-caf", "valeur": f"{number:09d}", "role": "demandeur"}],
        "brsa": True,
        "date_reception_droit": "2026-11-20",
        "origine": "inscription-auto-caf",
    }
    return dict(person) | changes
