"""A new master key: envelopes are wrapped again in batches, beside processes that go on sealing and opening."""

from chassis.database import Connection
from coffre.keys import unwrap, wrap
from coffre.masters import Masters

EVERYDAY, ARCHIVE = "coffre.cles", "coffre.archives"
"""The tables of keys, each under a file of masters of its own."""
_COUNT = "SELECT count(*) FROM {table} WHERE maitre <> $1"
_TAKE = """
SELECT id, enveloppe, maitre FROM {table} WHERE maitre <> $1 ORDER BY id LIMIT $2 FOR UPDATE
"""
_REWRAP = """
UPDATE {table} c SET enveloppe = n.enveloppe, maitre = $3
FROM unnest($1::uuid[], $2::bytea[]) AS n(id, enveloppe) WHERE c.id = n.id
"""


async def left(conn: Connection, version: int, table: str = EVERYDAY) -> int:
    """How many keys are wrapped by another master than this one."""
    count: int = await conn.fetchval(_COUNT.format(table=table), version)
    return count


async def rewrap(conn: Connection, masters: Masters, limit: int, table: str = EVERYDAY) -> int:
    """Wrap the next keys by the newest master; return how many. Their cells do not change."""
    version, newest = masters.newest()
    async with conn.transaction():
        rows = await conn.fetch(_TAKE.format(table=table), version, limit)
        secrets = [unwrap(masters.of(row["maitre"]), row["maitre"], row["id"], row["enveloppe"]) for row in rows]
        envelopes = [wrap(newest, version, row["id"], secret) for row, secret in zip(rows, secrets, strict=True)]
        await conn.execute(_REWRAP.format(table=table), [row["id"] for row in rows], envelopes, version)
    return len(rows)
