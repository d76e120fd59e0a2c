"""Where a connector keeps its small state: PostgreSQL at the hub, one SQLite file where it runs alone.

Both run the same statements, numbered `$1`, over the same tables; rows are mappings, instants are aware datetimes.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

SCHEMA = Path(__file__).parent / "schema"
Row = Mapping[str, Any]


class Database(Protocol):
    async def fetch(self, statement: str, *values: Any) -> Sequence[Row]:
        """The rows that one statement returns; it is a transaction by itself."""
        ...

    async def many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """The same statement for each row, all or none."""
        ...


class PostgreSQL:
    """Over the pool of the process."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def fetch(self, statement: str, *values: Any) -> Sequence[Row]:
        rows: Sequence[Row] = await self._pool.fetch(statement, *values)
        return rows

    async def many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        await self._pool.executemany(statement, rows)


class SQLite:
    """One file, written through to the disk before a statement returns."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        path.chmod(0o600)
        self._conn.row_factory = sqlite3.Row
        self._conn.execute("PRAGMA journal_mode = WAL")
        self._conn.execute("PRAGMA synchronous = FULL")
        self._migrate()

    def _migrate(self) -> None:
        [done] = self._conn.execute("PRAGMA user_version").fetchone()
        for number, path in enumerate(sorted(SCHEMA.glob("*.sql")), 1):
            if number > done:
                applied = path.read_text(encoding="utf-8").split("-- migrate: apply")[1].split("-- migrate: rollback")
                self._conn.executescript(f"BEGIN; {applied[0]} PRAGMA user_version = {number}; COMMIT;")

    async def fetch(self, statement: str, *values: Any) -> Sequence[Row]:
        return await asyncio.to_thread(self._fetch, statement, values)

    def _fetch(self, statement: str, values: Sequence[Any]) -> Sequence[Row]:
        with self._lock:
            rows = self._conn.execute(statement, _named(values)).fetchall()
        return [{name: _read(name, row[name]) for name in row.keys()} for row in rows]  # noqa: SIM118  a Row iterates values

    async def many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        await asyncio.to_thread(self._many, statement, rows)

    def _many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._lock, self._conn:
            self._conn.execute("BEGIN")
            self._conn.executemany(statement, [_named(row) for row in rows])

    def close(self) -> None:
        self._conn.close()


def _named(values: Sequence[Any]) -> dict[str, Any]:
    return {str(place): _stored(value) for place, value in enumerate(values, 1)}


def _stored(value: Any) -> Any:
    """Instants as UTC texts of one length, so that they compare as they follow each other."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def _read(name: str, value: Any) -> Any:
    """Names of instants end in `_a`, here and in PostgreSQL."""
    return datetime.fromisoformat(value) if name.endswith("_a") and isinstance(value, str) else value
