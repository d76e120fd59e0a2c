"""The bodies of deposits that wait: sealed as they come in, opened when they are tried again, gone once settled.

A parcours may not be known yet, so that a body is under the key of its hour. That key goes once nothing waits under it.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.database import Connection, Pool, Record
from chassis.waiting import wait
from coffre.keys import Keyring, Vault, hour, passage
from gateway.sealing import BODIES

_EVERY_S = 300.0
_NONCE_BYTES = 12
# A key seals for its hour, and for as long as `_EVERY_S` says after it.
_DROP = """
DELETE FROM coffre.cles c WHERE c.passage < $1::timestamptz - interval '3 hours' AND NOT EXISTS (
    SELECT FROM depots d WHERE d.etat IN ('en-attente', 'rebut')
    AND d.recu_a >= c.passage AND d.recu_a < c.passage + interval '3 hours'
)
"""


class Cabinet:
    """`await ready(now)` before the first body, and `run` from then on. `former` opens what 0.2.0 left waiting."""

    _key: UUID
    _keyring: Keyring

    def __init__(self, vault: Vault, former: bytes) -> None:
        self._vault = vault
        self._former = AESGCM(former)

    async def ready(self, now: datetime) -> None:
        """Seal under the key of this hour from now on."""
        key = passage(now)
        self._keyring, self._key = await self._vault.ensure([key], hour(now)), key

    async def run(self, pool: Pool, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await wait(stop, _EVERY_S)
            now = datetime.now(UTC)
            await self.ready(now)
            async with pool.acquire() as conn:
                await drop(conn, now)

    def seal(self, depot: UUID, corps: bytes) -> bytes:
        return self._keyring.seal(self._key, BODIES, depot, corps)

    async def open(self, conn: Connection, rows: Sequence[Record]) -> list[bytes]:
        """The bodies of these deposits (`id`, `corps`)."""
        keyring = await self._vault.of_cells(conn, [row["corps"] for row in rows])
        return [keyring.open(BODIES, row["id"], row["corps"]) or self._opened_as_before(row) for row in rows]

    def _opened_as_before(self, row: Record) -> bytes:
        corps: bytes = row["corps"]
        return self._former.decrypt(corps[:_NONCE_BYTES], corps[_NONCE_BYTES:], row["id"].bytes)


async def drop(conn: Connection, now: datetime) -> None:
    """Destroy the keys of the hours under which nothing waits any more."""
    await conn.execute(_DROP, now)
