"""The report of an import: one JSON object a line for each refusal or warning, then the account (`Bilan`).

It holds no value of the file.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from services.offres.domain.offre import Genre
from services.offres.importer.controle import GENRES, Avertissement, Refus


@dataclass(slots=True)
class Compte:
    """The outcome of the records of one genre."""

    lues: int = 0
    publiees: int = 0
    inchangees: int = 0
    refusees: int = 0
    averties: int = 0
    retirees: int = 0


@dataclass(slots=True)
class Bilan:
    """The report of an import."""

    structure: Compte = field(default_factory=Compte)
    service: Compte = field(default_factory=Compte)
    champs_ignores: Counter[str] = field(default_factory=Counter)
    repris_a: int = 0
    rapport_octets: int = 0

    def de(self, genre: Genre) -> Compte:
        return self.structure if genre == "structure" else self.service

    def en_json(self) -> dict[str, Any]:
        comptes = {genre: {champ: getattr(self.de(genre), champ) for champ in Compte.__slots__} for genre in GENRES}
        autres = {"champs_ignores": dict(self.champs_ignores), "repris_a": self.repris_a}
        return comptes | autres | {"rapport_octets": self.rapport_octets}

    @classmethod
    def lire(cls, comptes: Any) -> "Bilan":
        """Read the JSON of `en_json`; an empty object is an import that begins."""
        lus = {genre: Compte(**comptes.get(genre, {})) for genre in GENRES}
        ignores = Counter(comptes.get("champs_ignores", {}))
        return cls(lus["structure"], lus["service"], ignores, 0, comptes.get("rapport_octets", 0))


class Rapport:
    """`octets` is how much of the file is certain: an import that goes on after a crash drops what follows."""

    def __init__(self, chemin: Path, octets: int) -> None:
        self.chemin = chemin
        repris = octets > 0 and chemin.exists() and chemin.stat().st_size >= octets
        self._fichier = chemin.open("r+b" if repris else "wb")
        self._fichier.truncate(octets if repris else 0)
        self._fichier.seek(0, 2)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._fichier.close()

    def ecrire(self, dits: Iterable[Refus | Avertissement]) -> int:
        """How long the file is now."""
        for un in dits:
            self._fichier.write(orjson.dumps(asdict(un)) + b"\n")
        self._fichier.flush()
        return self._fichier.tell()

    def conclure(self, bilan: Mapping[str, Any]) -> None:
        self._fichier.write(orjson.dumps({"bilan": bilan}) + b"\n")
