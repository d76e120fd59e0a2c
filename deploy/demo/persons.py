"""Persons who do not exist: fictitious names, NIR with a right key, new numbers at every run."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from relais_contrats.identifiants import cle_nir

_PRENOMS = {"1": ("Barnabé", "Anatole", "Léopold", "Gédéon"), "2": ("Ophélie", "Célestine", "Zéphyrine", "Philomène")}
# The communes of the Nord end before 700: a NIR born beyond is nobody's, with a right key all the same.
_NOWHERE = range(700, 1000)


@dataclass(slots=True)
class Person:
    """One person of the story and, as they become known, the name that each partner has for her parcours."""

    prenom: str
    nom: str
    naissance: date
    nir: str
    numero_france_travail: str
    dossier: str
    """Her number in the system of the mission locale."""
    parcours: dict[str, str] = field(default_factory=dict)
    instants: set[datetime] = field(default_factory=set)
    """Those of the facts that were deposited about her: by them a receiver recognises her without any identity."""

    def __str__(self) -> str:
        return f"{self.prenom} {self.nom}"

    @property
    def identite(self) -> dict[str, Any]:
        return {
            "nom_naissance": self.nom,
            "prenoms": self.prenom,
            "date_naissance": self.naissance.isoformat(),
            "sexe": "feminin" if self.nir[0] == "2" else "masculin",
        }

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never reach a partner without a right to it."""
        return (self.nom, self.nir, self.nir[:13], self.numero_france_travail)

    def recognises(self, partner: str, event: Mapping[str, Any]) -> bool:
        """Whether this event is about her; the partner's pseudonym is learnt on the way."""
        subject = event.get("subject")
        if self.is_named_by(event) and subject:
            self.parcours.setdefault(partner, subject)
        return subject is not None and subject == self.parcours.get(partner)

    def is_named_by(self, event: Mapping[str, Any]) -> bool:
        """Whether the demonstration deposited for her what this event repeats."""
        return datetime.fromisoformat(event["time"]) in self.instants


def create(run: str, place: int, rng: random.Random) -> Person:
    born = date(1970, 1, 1) + timedelta(days=rng.randrange(12_000))
    sex = rng.choice("12")
    nir13 = f"{sex}{born:%y%m}59{rng.choice(_NOWHERE)}{rng.randrange(1, 1000):03d}"
    letters = "".join(chr(ord("a") + int(digit)) for digit in f"{rng.randrange(10**6):06d}")
    return Person(
        prenom=rng.choice(_PRENOMS[sex]),
        nom=f"Fictif-{letters.capitalize()}",
        naissance=born,
        nir=nir13 + cle_nir(nir13),
        numero_france_travail=f"{rng.randrange(10**11):011d}",
        dossier=f"ml-{run}-{place}",
    )
