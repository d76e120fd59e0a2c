"""Which keys belong in the archive, and the two moves: out of `coffre.cles`, and back. Each is one transaction, so that
there is exactly one key at any instant.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog

from chassis.database import Pool, Record, write
from chassis.waiting import wait
from coffre.keys import unwrap, wrap
from coffre.masters import Masters

_log = structlog.get_logger()
_TOGETHER = 500
_LOOK_EVERY_S, _PUT_AWAY_EVERY_S = 0.25, 60.0
MOST_IN_AN_HOUR = 2_000
"""What the processes of every day get back in an hour, however much they ask for: the rest waits for the next one."""

# What the gateway put away, its absorbed parcours with it, unless it is open to somebody.
_PUT_AWAY = """
WITH ranges AS (
    SELECT parcours FROM passerelle.archives r WHERE NOT EXISTS (
        SELECT FROM passerelle.archives_ouvertes v WHERE v.parcours = r.parcours AND v.jusqua > now())),
noms AS (
    SELECT parcours AS id FROM ranges
    UNION SELECT a.absorbe FROM passerelle.alias a JOIN ranges r ON r.parcours = a.survivant)
"""
# A key that came back stays for an hour: what asked for it uses it, and speaks of the person, or does not.
_TO_PUT_AWAY = f"""
{_PUT_AWAY}
SELECT c.id, c.enveloppe, c.maitre FROM coffre.cles c JOIN noms USING (id)
WHERE c.enveloppe IS NOT NULL AND NOT EXISTS (
    SELECT FROM coffre.retours t
    WHERE t.id = c.id AND (t.rendu_a IS NULL OR t.rendu_a > now() - interval '1 hour'))
ORDER BY 1 LIMIT $1 FOR UPDATE OF c SKIP LOCKED
"""  # noqa: S608  constants only
_IS_ASKED = "SELECT EXISTS (SELECT FROM coffre.retours WHERE rendu_a IS NULL)"
_ASKED = "SELECT id FROM coffre.retours WHERE rendu_a IS NULL ORDER BY demande_a LIMIT $1 FOR UPDATE SKIP LOCKED"
# What no request brought back, and does not belong there any more.
_FREED = f"""
{_PUT_AWAY}
INSERT INTO coffre.retours (id)
SELECT a.id FROM coffre.archives a WHERE a.id NOT IN (SELECT id FROM noms) ON CONFLICT DO NOTHING
"""  # noqa: S608  constants only
_LEFT_IN_THE_HOUR = "SELECT $1 - count(*) FROM coffre.retours WHERE rendu_a > now() - interval '1 hour'"
_TO_GIVE_BACK = """
SELECT a.id, a.enveloppe, a.maitre FROM coffre.cles c JOIN coffre.archives a USING (id)
WHERE id = ANY($1) AND c.est_archivee ORDER BY 1 FOR UPDATE OF c
"""
_INTO_ARCHIVE = """
INSERT INTO coffre.archives (id, enveloppe, maitre) SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::int[])
"""
_OUT_OF_EVERYDAY = "UPDATE coffre.cles SET enveloppe = NULL, maitre = NULL, est_archivee = true WHERE id = ANY($1)"
_OUT_OF_ARCHIVE = "DELETE FROM coffre.archives WHERE id = ANY($1)"
_INTO_EVERYDAY = """
UPDATE coffre.cles c SET enveloppe = n.enveloppe, maitre = n.maitre, est_archivee = false
FROM unnest($1::uuid[], $2::bytea[], $3::int[]) AS n(id, enveloppe, maitre) WHERE c.id = n.id
"""
_GIVEN = "UPDATE coffre.retours SET rendu_a = now() WHERE id = ANY($1) AND rendu_a IS NULL"
# Twelve months, like the access journal.
_FORGET = "DELETE FROM coffre.retours WHERE rendu_a < now() - interval '12 months'"
_HEALTH = """
SELECT count(*) AS retours_attendus, min(demande_a) AS retours_attendus_depuis FROM coffre.retours WHERE rendu_a IS NULL
"""


class Keeper:
    """`everyday` and `archive` are the masters of the two tables."""

    def __init__(self, pool: Pool, everyday: Masters, archive: Masters, most_in_an_hour: int = MOST_IN_AN_HOUR) -> None:
        self._pool = pool
        self._everyday = everyday
        self._archive = archive
        self._most_in_an_hour = most_in_an_hour

    async def keep_giving_back(self, stop: asyncio.Event) -> None:
        """What is asked back comes at once."""
        while not stop.is_set():
            if not await self.give_back():
                await wait(stop, _LOOK_EVERY_S)

    async def keep_putting_away(self, stop: asyncio.Event) -> None:
        """What is to be put away, or belongs there no more, is seen within a minute."""
        while not stop.is_set():
            await self.put_away()
            await wait(stop, _PUT_AWAY_EVERY_S)

    async def put_away(self) -> int:
        """Move what the gateway archived, and ask back what it did not; how many keys were put away."""
        async with self._pool.acquire() as conn:
            await conn.execute(_FREED)
            await conn.execute(_FORGET)
        total = 0
        while moved := await self._put_some_away():
            total += moved
        if total:
            _log.info("archive.put_away", keys=total)
        return total

    async def _put_some_away(self) -> int:
        async with self._pool.acquire() as conn, conn.transaction():
            rows = await conn.fetch(_TO_PUT_AWAY, _TOGETHER)
            if rows:
                await write(conn, _INTO_ARCHIVE, _rewrapped(rows, self._everyday, self._archive))
                await conn.execute(_OUT_OF_EVERYDAY, _ids(rows))
        return len(rows)

    async def give_back(self) -> int:
        """Move back the next keys that were asked for, the oldest request first; how many requests were answered."""
        if not await self._pool.fetchval(_IS_ASKED):
            return 0
        async with self._pool.acquire() as conn, conn.transaction():
            left = min(_TOGETHER, await conn.fetchval(_LEFT_IN_THE_HOUR, self._most_in_an_hour))
            asked = await conn.fetch(_ASKED, left) if left > 0 else []
            if asked:
                rows = await conn.fetch(_TO_GIVE_BACK, _ids(asked))
                await write(conn, _INTO_EVERYDAY, _rewrapped(rows, self._archive, self._everyday))
                await conn.execute(_OUT_OF_ARCHIVE, _ids(rows))
                await conn.execute(_GIVEN, _ids(asked))
                _log.info("archive.given_back", keys=len(rows))
        return len(asked)

    async def health(self) -> dict[str, Any]:
        """How many keys are asked back, and since when."""
        async with self._pool.acquire(timeout=2) as conn:
            return dict(await conn.fetchrow(_HEALTH) or {})


def _rewrapped(rows: Sequence[Record], former: Masters, new: Masters) -> list[tuple[UUID, bytes, int]]:
    version, master = new.newest()
    secrets = [unwrap(former.of(row["maitre"]), row["maitre"], row["id"], row["enveloppe"]) for row in rows]
    return [(row["id"], wrap(master, version, row["id"], one), version) for row, one in zip(rows, secrets, strict=True)]


def _ids(rows: Sequence[Record]) -> list[UUID]:
    return [row["id"] for row in rows]
