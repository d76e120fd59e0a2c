"""The catalogue of offers as the hub tells it, kept in one SQLite file: what pages by number and totals are read from.

It is a copy that is never corrected here: it can be dropped, and read again from the hub.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from connectors.data_inclusion.codes import departement_of
from connectors.data_inclusion.reading import Codes, Criteres
from relais_contrats.qualite import Qualite, qualite

Fiche = Mapping[str, Any]
T = TypeVar("T")
_PARIS = ZoneInfo("Europe/Paris")
_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS structures (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, departement TEXT, code_insee TEXT, donnees TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS services (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, departement TEXT, code_insee TEXT, donnees TEXT NOT NULL,
    structure_id TEXT NOT NULL, date_maj TEXT NOT NULL, somme REAL NOT NULL, criteres INTEGER NOT NULL,
    compte_l_age INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS services_par_structure ON services (structure_id);
-- One row: where the hub's list goes on, when it was last read to its end, whether the hub now refuses it.
CREATE TABLE IF NOT EXISTS lecture (curseur TEXT, lu_a TEXT, est_refusee INTEGER NOT NULL);
INSERT INTO lecture SELECT NULL, NULL, 0 WHERE NOT EXISTS (SELECT 1 FROM lecture);
"""
_PUT = {
    "structure": "INSERT OR REPLACE INTO structures VALUES (?, ?, ?, ?, ?)",
    "service": "INSERT OR REPLACE INTO services VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
}
_DROP = {"structure": "DELETE FROM structures WHERE id = ?", "service": "DELETE FROM services WHERE id = ?"}
_READING = "SELECT curseur, lu_a, est_refusee FROM lecture"
_SOURCES = "SELECT source FROM structures UNION SELECT source FROM services ORDER BY source"

# A service whose structure is not known here is not shown: it could not be answered whole.
_SCORE = "score(f.somme, f.criteres, f.compte_l_age, f.date_maj)"
_SERVICES = f"SELECT f.donnees, {_SCORE}, s.donnees FROM services f JOIN structures s ON s.id = f.structure_id"  # noqa: S608
_COUNT_SERVICES = "SELECT count(*) FROM services f JOIN structures s ON s.id = f.structure_id"
_SCORES = f"SELECT f.id, {_SCORE} FROM services f JOIN structures s ON s.id = f.structure_id"  # noqa: S608
_STRUCTURES = f"""
SELECT f.donnees, coalesce((SELECT avg({_SCORE.replace("f.", "v.")}) FROM services v WHERE v.structure_id = f.id), 0)
FROM structures f
"""  # noqa: S608
_COUNT_STRUCTURES = "SELECT count(*) FROM structures f"
_IN = "IN (SELECT value FROM json_each(?))"
_COLUMNS = {
    "sources": "f.source",
    "departements": "f.departement",
    "communes": "f.code_insee",
    "types": "json_extract(f.donnees, '$.type')",
    "frais": "json_extract(f.donnees, '$.frais')",
}
_LISTS = ("thematiques", "publics", "modes_accueil", "reseaux_porteurs")


class Reading(NamedTuple):
    """`lu_a`: when the copy was last as the hub's own; `est_refusee`: the hub does not let this partner read it."""

    curseur: str | None
    lu_a: datetime | None
    est_refusee: bool


class Service(NamedTuple):
    """`score`: its quality to-day, from 0 to 1."""

    fiche: Fiche
    score: float
    structure: Fiche


class Structure(NamedTuple):
    """`score`: the mean of its services', 0 without any."""

    fiche: Fiche
    score: float


@dataclass(slots=True)
class _Where:
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def also(self, condition: str, value: Any) -> None:
        self.conditions.append(condition)
        self.values.append(value)

    def __str__(self) -> str:
        return f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


class Catalogue:
    """Every call opens the file, and may be made from any thread."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        with self._open() as conn:
            conn.executescript(_SCHEMA)
        path.chmod(0o600)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        today = self._clock().astimezone(_PARIS).date()

        def score(somme: float, criteres: int, compte_l_age: int, date_maj: str) -> float:
            return Qualite(somme, criteres, bool(compte_l_age)).score(date.fromisoformat(date_maj), today)

        conn = sqlite3.connect(self._path, timeout=30)
        try:
            conn.create_function("score", 4, score, deterministic=True)
            with conn:
                yield conn
        finally:
            conn.close()

    def reading(self) -> Reading:
        with self._open() as conn:
            curseur, lu_a, est_refusee = conn.execute(_READING).fetchone()
        return Reading(curseur, datetime.fromisoformat(lu_a) if lu_a else None, bool(est_refusee))

    def apply(self, changements: Iterable[Fiche], curseur: str) -> None:
        """What the hub says that changed, and where its list goes on: all or nothing."""
        with self._open() as conn:
            for change in changements:
                genre, id_ = change["genre"], change["id"]
                if change["nature"] == "retrait":
                    conn.execute(_DROP[genre], (id_,))
                else:
                    conn.execute(_PUT[genre], _row(genre, change["donnees"]))
            conn.execute("UPDATE lecture SET curseur = ?", (curseur,))

    def confirm(self) -> None:
        """The list was read to its end: the copy is now as the hub's own."""
        self._run("UPDATE lecture SET lu_a = ?, est_refusee = 0", self._clock().isoformat())

    def refuse(self) -> None:
        self._run("UPDATE lecture SET est_refusee = 1")

    def forget(self) -> None:
        """To be read again from the beginning."""
        with self._open() as conn:
            for statement in ("DELETE FROM services", "DELETE FROM structures"):
                conn.execute(statement)
            conn.execute("UPDATE lecture SET curseur = NULL, lu_a = NULL")

    def _run(self, statement: str, *values: Any) -> None:
        with self._open() as conn:
            conn.execute(statement, values)

    def services(self, criteres: Criteres, page: int, size: int) -> tuple[int, list[Service]]:
        """How many there are in all, and this page of them, by id."""
        return self._page(_COUNT_SERVICES, _SERVICES, _where(criteres), page, size, _service)

    def structures(self, criteres: Criteres, page: int, size: int) -> tuple[int, list[Structure]]:
        return self._page(_COUNT_STRUCTURES, _STRUCTURES, _where(criteres), page, size, _structure)

    def _page(
        self, count: str, select: str, where: _Where, page: int, size: int, read: Callable[[Sequence[Any]], T]
    ) -> tuple[int, list[T]]:
        bounded = f"{select}{where} ORDER BY f.id LIMIT ? OFFSET ?"
        with self._open() as conn:
            (total,) = conn.execute(f"{count}{where}", where.values).fetchone()
            rows = conn.execute(bounded, [*where.values, size, size * (page - 1)]).fetchall()
        return total, [read(row) for row in rows]

    def services_of(self, ids: Sequence[str]) -> dict[str, Service]:
        """Those that are known here, by id."""
        with self._open() as conn:
            rows = conn.execute(f"{_SERVICES} WHERE f.id {_IN}", (json.dumps(ids),)).fetchall()
        return {service.fiche["id"]: service for service in map(_service, rows)}

    def scores_of(self, ids: Sequence[str]) -> dict[str, float]:
        """The quality score of each service that this copy holds, by id."""
        with self._open() as conn:
            return dict(conn.execute(f"{_SCORES} WHERE f.id {_IN}", (json.dumps(ids),)).fetchall())

    def services_of_structure(self, id_: str) -> list[Service]:
        with self._open() as conn:
            rows = conn.execute(f"{_SERVICES} WHERE f.structure_id = ? ORDER BY f.id", (id_,)).fetchall()
        return list(map(_service, rows))

    def structures_of(self, ids: Sequence[str]) -> dict[str, Structure]:
        with self._open() as conn:
            rows = conn.execute(f"{_STRUCTURES} WHERE f.id {_IN} ORDER BY f.id", (json.dumps(ids),)).fetchall()
        return {structure.fiche["id"]: structure for structure in map(_structure, rows)}

    def sources(self) -> list[str]:
        with self._open() as conn:
            return [source for (source,) in conn.execute(_SOURCES)]


def _row(genre: str, fiche: Fiche) -> Sequence[Any]:
    commune = fiche.get("code_insee")
    row = (fiche["id"], fiche["source"], departement_of(commune), commune, json.dumps(fiche, ensure_ascii=False))
    if genre == "structure":
        return row
    judged = qualite(fiche)
    return (*row, fiche["structure_id"], fiche["date_maj"], judged.somme, judged.criteres, int(judged.compte_l_age))


def _where(criteres: Criteres) -> _Where:
    where = _Where()
    for name, column in _COLUMNS.items():
        _one_of(where, f"{column} {_IN}", getattr(criteres, name))
    for name in _LISTS:
        held = f"EXISTS (SELECT 1 FROM json_each(f.donnees, '$.{name}') held WHERE held.value {_IN})"  # noqa: S608
        _one_of(where, held, getattr(criteres, name))
    if criteres.score_minimum is not None:
        where.also(f"{_SCORE} >= ?", criteres.score_minimum)
    return where


def _one_of(where: _Where, condition: str, codes: Codes) -> None:
    if codes is not None:
        where.also(condition, json.dumps(codes))


def _service(row: Sequence[Any]) -> Service:
    fiche, score, structure = row
    return Service(json.loads(fiche), score, json.loads(structure))


def _structure(row: Sequence[Any]) -> Structure:
    fiche, score = row
    return Structure(json.loads(fiche), round(score, 2))
