"""The keys: made, wrapped, looked up and destroyed; and the cells that they seal.

A cell is `1 ‖ id of its key ‖ nonce ‖ AES-256-GCM`. Its associated data are its table, its row and its key, so that it
opens nowhere else. A cell names its key.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from os import urandom
from uuid import NAMESPACE_OID, UUID, uuid5

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.database import Connection, Pool
from chassis.waiting import wait
from coffre.masters import KEY_BYTES, Masters

SANS_PARCOURS = UUID(int=1)
"""The key of what is of no parcours, or must outlive it: the answer to a deposit that opened none, an erasure."""
_FORMAT = b"\x01"
_NONCE_BYTES = 12
_HEAD_BYTES = 1 + 16
# An erasure must hold everywhere at once: no process remembers a key for longer.
_REMEMBERED_S = 5.0
_MOST_REMEMBERED = 20_000
# How long one waits for a key to come back from the archive before the caller has to try again, and after how long a
# key that did not come is asked for anew.
_LOOKS, _LOOK_EVERY_S, _ASKED_AGAIN_S = 40, 0.05, 60.0

# One that this transaction makes is not remembered: it may be rolled back.
_FIND = """
SELECT id, enveloppe, maitre, est_archivee,
    coalesce(xmin = pg_current_xact_id_if_assigned()::xid, false) AS est_de_la_transaction
FROM coffre.cles WHERE id = ANY($1)
"""
# In one order, so that two writers wait for each other instead of deadlocking.
_ADD = """
INSERT INTO coffre.cles (id, enveloppe, maitre, passage)
SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::int[], $4::timestamptz[]) ORDER BY 1 ON CONFLICT DO NOTHING
"""
_DESTROY = "SELECT coffre.detruire($1)"
_ASK = "INSERT INTO coffre.retours (id) SELECT * FROM unnest($1::uuid[]) ORDER BY 1 ON CONFLICT DO NOTHING"
_ARCHIVED = "SELECT id FROM coffre.cles WHERE id = ANY($1) AND est_archivee"


class Archived(TimeoutError):
    """Keys that were asked back from the archive are not there yet: what needs them waits, and is tried again."""


class Keyring:
    """The keys of a batch. `destroyed`: ids of keys that an erasure destroyed; `archived`: of keys in the archive."""

    def __init__(
        self, keys: Mapping[UUID, AESGCM], destroyed: Collection[UUID] = (), archived: Collection[UUID] = ()
    ) -> None:
        self._keys = keys
        self.destroyed, self.archived = frozenset(destroyed), frozenset(archived)

    def seal(self, key: UUID, table: str, row: UUID, clear: bytes) -> bytes:
        """A cell of this row, which opens no more if the key is destroyed. Raises KeyError without the key: see
        `Vault.ensure`."""
        aead = AESGCM(urandom(KEY_BYTES)) if key in self.destroyed else self._keys[key]
        nonce = urandom(_NONCE_BYTES)
        return _FORMAT + key.bytes + nonce + aead.encrypt(nonce, clear, _bound(key, table, row))

    def open(self, table: str, row: UUID, cell: bytes) -> bytes | None:
        """None without its key, destroyed or put away. Raises `cryptography.exceptions.InvalidTag` out of its place."""
        key = key_of(cell)
        aead = self._keys.get(key) if key else None
        if key is None or aead is None:
            return None
        nonce, sealed = cell[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES], cell[_HEAD_BYTES + _NONCE_BYTES :]
        return aead.decrypt(nonce, sealed, _bound(key, table, row))


class Vault:
    """The keys of `coffre.cles`, remembered for seconds. Whoever needs one that is in the archive asks it back, and
    meets `Archived` until it is there."""

    def __init__(self, pool: Pool, masters: Masters, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._masters = masters
        self._clock = clock
        self._remembered: OrderedDict[UUID, tuple[float, AESGCM]] = OrderedDict()
        self._asked: dict[UUID, float] = {}
        self._wanted: set[UUID] = set()

    async def ensure(self, keys: Collection[UUID], passage: datetime | None = None) -> Keyring:
        """Return these keys, and make the missing ones. A destroyed key is not made again.

        It uses its own transaction; call it before the one that seals. A key that is rolled back but stays in memory
        would seal cells that nobody opens. Keys in the archive are asked back and waited for, two seconds at most, with
        those that a transaction of this process missed. Raises Archived when they do not come.
        """
        await self._come_back()
        try:
            return await self._ensured(keys, passage)
        except Archived:
            if not await self._come_back():
                raise
        return await self._ensured(keys, passage)

    async def _ensured(self, keys: Collection[UUID], passage: datetime | None) -> Keyring:
        held, missing = self._recall(keys)
        if not missing:
            return Keyring(held)
        async with self._pool.acquire() as conn:
            return Keyring(held, await self._made(conn, missing, held, passage))

    async def keep_asking(self, stop: asyncio.Event) -> None:
        """The loop of a process: ask for what a transaction missed, which nothing that it wrote can tell."""
        while not stop.is_set():
            await self._come_back()
            await wait(stop, 1.0)

    async def _come_back(self) -> bool:
        """Ask for the keys that were missed, and wait for them; whether they are all there now."""
        wanted = list(self._wanted)
        if not wanted:
            return False
        async with self._pool.acquire() as conn:
            await ask_back(conn, wanted)
        self._wanted.difference_update(wanted)
        for _ in range(_LOOKS):
            await asyncio.sleep(_LOOK_EVERY_S)
            async with self._pool.acquire() as conn:
                if not await archived(conn, wanted):
                    return True
        return False

    async def within(self, conn: Connection, keys: Iterable[UUID]) -> Keyring:
        """Return these keys, and make the missing ones in the transaction of `conn`: they roll back with their cells.

        For parcours that this transaction opens and nobody else knows. `ensure` makes the other keys before.
        """
        held, missing = self._recall(set(keys))
        return Keyring(held, await self._made(conn, missing, held) if missing else ())

    async def _made(
        self, conn: Connection, missing: Collection[UUID], held: dict[UUID, AESGCM], passage: datetime | None = None
    ) -> set[UUID]:
        destroyed, _ = await self._find(conn, missing, held)
        if new := [key for key in missing if key not in held and key not in destroyed]:
            version, master = self._masters.newest()
            envelopes = [wrap(master, version, key, urandom(KEY_BYTES)) for key in new]
            await conn.execute(_ADD, new, envelopes, [version] * len(new), [passage] * len(new))
            destroyed |= (await self._find(conn, new, held))[0]
        return destroyed

    async def of(self, conn: Connection, keys: Iterable[UUID], *, asks: bool = True) -> Keyring:
        """These keys as they are, in one query: no other is made. Raises Archived, unless it `asks` for none back."""
        held, missing = self._recall(set(keys))
        return Keyring(held, *(await self._find(conn, missing, held, asks=asks) if missing else ()))

    async def of_cells(self, conn: Connection, cells: Iterable[bytes | None], *, asks: bool = True) -> Keyring:
        """The keys of these cells, in one query, without the keys that an erasure has destroyed."""
        return await self.of(conn, {key for cell in cells if cell and (key := key_of(cell))}, asks=asks)

    def _recall(self, keys: Collection[UUID]) -> tuple[dict[UUID, AESGCM], list[UUID]]:
        since = self._clock() - _REMEMBERED_S
        held = {}
        for key in keys:
            found = self._remembered.get(key)
            if found and found[0] >= since:
                held[key] = found[1]
        return held, [key for key in keys if key not in held]

    async def _find(
        self, conn: Connection, keys: Collection[UUID], found: dict[UUID, AESGCM], *, asks: bool = True
    ) -> tuple[set[UUID], set[UUID]]:
        """Add the existing keys to `found`; return the ids of the destroyed ones and of the archived ones."""
        destroyed, archived = set[UUID](), set[UUID]()
        now = self._clock()
        for row in await conn.fetch(_FIND, list(keys)):
            key, version = row["id"], row["maitre"]
            if version is None:
                (archived if row["est_archivee"] else destroyed).add(key)
                continue
            self._asked.pop(key, None)
            aead = AESGCM(unwrap(self._masters.of(version), version, key, row["enveloppe"]))
            found[key] = aead
            if not row["est_de_la_transaction"]:
                self._remembered[key] = (now, aead)
                self._remembered.move_to_end(key)
        while len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        if archived and asks:
            new = {key for key in archived if self._asked.get(key, -_ASKED_AGAIN_S) <= now - _ASKED_AGAIN_S}
            self._asked |= dict.fromkeys(new, now)
            self._wanted |= new
            raise Archived(f"{len(archived)} keys are in the archive")
        return destroyed, archived

    def forget(self) -> None:
        """Empty the memory of keys: after an erasure, in the process that erases."""
        self._remembered.clear()


async def destroy(conn: Connection, keys: Collection[UUID]) -> None:
    """Destroy these keys: no cell under them opens again, in any copy, nor one that a process seals later."""
    await conn.execute(_DESTROY, list(keys))


async def archived(conn: Connection, keys: Iterable[UUID]) -> frozenset[UUID]:
    """Those of these keys that are put away; asks for none of them."""
    return frozenset(row["id"] for row in await conn.fetch(_ARCHIVED, list(keys)))


async def ask_back(conn: Connection, keys: Iterable[UUID]) -> None:
    """Ask the archive for these keys, in its book. One that is not there, or was asked for, is there soon enough."""
    await conn.execute(_ASK, list(keys))


def key_of(cell: bytes) -> UUID | None:
    """The id of the key of this cell; None when it is no cell."""
    return UUID(bytes=cell[1:_HEAD_BYTES]) if len(cell) > _HEAD_BYTES and cell[:1] == _FORMAT else None


def passage(now: datetime) -> UUID:
    """Return the key of this hour, for content that belongs to no parcours yet."""
    return uuid5(NAMESPACE_OID, f"passage {hour(now).isoformat()}")


def hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def wrap(master: AESGCM, version: int, key: UUID, secret: bytes) -> bytes:
    nonce = urandom(_NONCE_BYTES)
    return nonce + master.encrypt(nonce, secret, _envelope(version, key))


def unwrap(master: AESGCM, version: int, key: UUID, enveloppe: bytes) -> bytes:
    """Raises `cryptography.exceptions.InvalidTag` for the envelope of another key."""
    return master.decrypt(enveloppe[:_NONCE_BYTES], enveloppe[_NONCE_BYTES:], _envelope(version, key))


def _envelope(version: int, key: UUID) -> bytes:
    return b"cle " + key.bytes + version.to_bytes(4)


def _bound(key: UUID, table: str, row: UUID) -> bytes:
    return key.bytes + row.bytes + table.encode()
