"""What an older release wrote in the clear: sealed in batches while the hub runs, once.

Readers take both: a row that is not sealed yet reads as it always did.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import structlog

from chassis.database import Connection, Pool, Record
from chassis.waiting import wait
from coffre.keys import Vault
from gateway.sealing import ANSWERS, ASIDE, EVENTS, HELD, Body, key_of_answer, prepare, seal_events

_log = structlog.get_logger()
_TOGETHER = 500
_BETWEEN_S = 0.05
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('scellement', 0))"
_IS_DONE = "SELECT EXISTS (SELECT FROM scellements WHERE nom = $1)"
_DONE = "INSERT INTO scellements (nom, acheve_a) VALUES ($1, now())"
_NOTHING = UUID(int=0)

# Of an event in its table, the columns that hold its body and its parcours.
_COLUMNS = {EVENTS: ("corps", "parcours"), HELD: ("entree", "agregat"), ASIDE: ("entree", "agregat")}
_EVENTS = """
SELECT id, type, {parcours} AS parcours, {corps} AS corps FROM {table}
WHERE id > $1 AND scelle IS NULL AND {corps} ? 'data' ORDER BY id LIMIT $2
"""
_SEAL_EVENTS = """
UPDATE {table} t SET {corps} = n.corps, scelle = n.scelle
FROM unnest($1::uuid[], $2::jsonb[], $3::bytea[]) AS n(id, corps, scelle) WHERE t.id = n.id
"""
_DEPOSITS = """
SELECT id, type, parcours, reponse FROM depots
WHERE id > $1 AND (reponse IS NOT NULL OR (corps IS NOT NULL AND etat IN ('accepte', 'refuse', 'ecarte')))
ORDER BY id LIMIT $2
"""
_SEAL_DEPOSITS = """
UPDATE depots d SET corps = NULL, reponse = NULL, reponse_scellee = coalesce(n.scellee, d.reponse_scellee)
FROM unnest($1::uuid[], $2::bytea[]) AS n(id, scellee) WHERE d.id = n.id
"""


def _names(table: str) -> dict[str, Any]:
    corps, parcours = _COLUMNS[table]
    return {"table": table, "corps": corps, "parcours": parcours}


def _events(rows: Sequence[Record]) -> list[Body]:
    return [(row["id"], row["type"], row["parcours"], row["corps"]) for row in rows]


class Sealing:
    def __init__(self, pool: Pool, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    async def run(self, stop: asyncio.Event) -> None:
        for table in (ANSWERS, *_COLUMNS):
            after: UUID | None = _NOTHING
            while after is not None and not stop.is_set():
                after = await self.turn(table, after)
                await wait(stop, _BETWEEN_S)

    async def turn(self, table: str, after: UUID) -> UUID | None:
        """Seal the next rows; the last of them, or None when there is nothing more to do here."""
        if await self._pool.fetchval(_IS_DONE, table):
            return None
        read = _DEPOSITS if table == ANSWERS else _EVENTS.format(**_names(table))
        await self._prepare(table, await self._pool.fetch(read, after, _TOGETHER))
        async with self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchval(_LOCK):
                return None
            rows = await conn.fetch(f"{read} FOR UPDATE", after, _TOGETHER)
            sealed = await (self._answers(conn, rows) if table == ANSWERS else self._events(conn, table, rows))
            if not sealed:
                await conn.execute(_DONE, table)
                return None
        _log.info("sealing.turn", table=table, rows=len(sealed))
        return sealed[-1]

    async def _prepare(self, table: str, rows: Sequence[Record]) -> None:
        """Rows only leave what is to be sealed: of those that come in their place, the next turn makes the keys."""
        if table == ANSWERS:
            await self._vault.ensure({key_of_answer(row["type"], row["parcours"]) for row in rows})
        else:
            await prepare(self._vault, _events(rows))

    async def _answers(self, conn: Connection, rows: Sequence[Record]) -> list[UUID]:
        keyring = await self._vault.of(conn, [key_of_answer(row["type"], row["parcours"]) for row in rows])

        def sealed(row: Record) -> bytes | None:
            if row["reponse"] is None:
                return None
            key = key_of_answer(row["type"], row["parcours"])
            return keyring.seal(key, ANSWERS, row["id"], orjson.dumps(row["reponse"]))

        ids: list[UUID] = [row["id"] for row in rows]
        await conn.execute(_SEAL_DEPOSITS, ids, [sealed(row) for row in rows])
        return ids

    async def _events(self, conn: Connection, table: str, rows: Sequence[Record]) -> list[UUID]:
        contents = await seal_events(conn, self._vault, table, _events(rows))
        ids: list[UUID] = [row["id"] for row in rows]
        columns = ([clear for clear, _ in contents], [cell for _, cell in contents])
        await conn.execute(_SEAL_EVENTS.format(**_names(table)), ids, *columns)
        return ids
