"""The report of an import: one JSON object a line for each refusal or warning, then the account.

It holds no value of the file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from services.offres.importer.controle import Avertissement, Refus


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
