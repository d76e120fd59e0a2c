"""The revoked tokens in PostgreSQL, and the copy of them that each process of the door keeps."""

import asyncio
from datetime import UTC, datetime

import asyncpg

from chassis.database import TRANSIENT, Connection, Pool
from chassis.process import wait
from relais_contrats.oauth.errors import ReservationIndisponible
from relais_contrats.oauth.revocation import JetonRevoque
from relais_contrats.partenaires import CLIENT_PREFIX

RELOAD_EVERY_S = 1.0

_INSERT = "INSERT INTO jetons_revoques (jti, partenaire, expire_le) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_ALL = "SELECT jti FROM jetons_revoques WHERE expire_le > $1"
_FORGET = "DELETE FROM jetons_revoques WHERE expire_le < $1"


class Revoked:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._known: frozenset[str] = frozenset()

    def __contains__(self, jti: object) -> bool:
        return jti in self._known

    async def revoquer(self, jeton: JetonRevoque) -> None:
        """Known here at once, elsewhere within a second or two."""
        end = datetime.fromtimestamp(jeton.exp, UTC)
        try:
            async with self._pool.acquire() as conn:
                await conn.execute(_INSERT, jeton.jti, jeton.client_id.removeprefix(CLIENT_PREFIX), end)
        except (asyncpg.PostgresError, *TRANSIENT) as error:
            raise ReservationIndisponible from error
        self._known |= {jeton.jti}

    async def keep_fresh(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.reload()
            await wait(stop, RELOAD_EVERY_S)

    async def reload(self) -> None:
        async with self._pool.acquire() as conn:
            self._known = frozenset(row["jti"] for row in await conn.fetch(_ALL, datetime.now(UTC)))


async def forget(conn: Connection, now: datetime) -> None:
    await conn.execute(_FORGET, now)
