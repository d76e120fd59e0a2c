"""What became of each person of the flow: one line in a file, one count in the summary. No identity, no number."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

REFUS = "refuse"


@dataclass(frozen=True, slots=True)
class Ligne:
    """`ligne` is that of the person in the file; `foyer` and `personne` are ranks: every number would name somebody."""

    ligne: int
    foyer: int
    personne: int
    objet: str
    """A message type, or the part of it that was left out."""
    resultat: str
    """accepte, deja-depose, refuse, en-attente, omis or ignore."""
    code: str | None = None
    motif: str | None = None
    message: str | None = None
    parcours: str | None = None
    """The partner's own pseudonym."""
    trace: str | None = None


_COLUMNS = [column.name for column in fields(Ligne)]


class Report:
    """Written as the import goes, so that an interrupted one says how far it came. `.csv` or JSON lines, by suffix."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self._is_csv = path.suffix.lower() == ".csv"

    def __enter__(self) -> Self:
        self._stream = self.path.open("w", encoding="utf-8", newline="")
        if self._is_csv:
            self._csv = csv.DictWriter(self._stream, _COLUMNS, delimiter=";")
            self._csv.writeheader()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def add(self, ligne: Ligne) -> None:
        self.counts[(ligne.objet, ligne.resultat, ligne.code or ligne.motif or "")] += 1
        row: dict[str, Any] = {name: getattr(ligne, name) for name in _COLUMNS}
        if self._is_csv:
            self._csv.writerow(row)
        else:
            known = {name: value for name, value in row.items() if value is not None}
            self._stream.write(json.dumps(known, ensure_ascii=False) + "\n")

    @property
    def refused(self) -> int:
        return sum(count for (_, resultat, _), count in self.counts.items() if resultat == REFUS)
