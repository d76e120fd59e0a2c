"""What the services decided is written with its receipt, once, and told to those who wait for it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.database import CONFLICT, Connection, Pool
from coffre.keys import SANS_PARCOURS, Keyring, Vault
from gateway import archives, fusions, moves, objets, participations, sealing
from gateway.inbound.deposit import store
from gateway.participations import Lieu, Participation
from gateway.receipts import Chains

CONFLICT_TRIES = 3


@dataclass(frozen=True, slots=True)
class Settlement:
    """A decision to write: `etat` is accepte, refuse or rebut; `receipt` what the receipt of `emetteur` must say."""

    depot: UUID
    emetteur: str
    etat: str
    answer: dict[str, Any]
    receipt: Mapping[str, Any]
    parcours: UUID | None = None
    entered: Sequence[Participation] = ()
    created: Sequence[tuple[str, str]] = ()
    """Objects, by nature and internal key."""
    absorbed: tuple[UUID, Sequence[UUID]] | None = None
    named: tuple[UUID, Sequence[UUID]] | None = None
    """A parcours, and the name of its own that the emitter has for the person."""
    separated: tuple[UUID, UUID, Sequence[UUID]] | None = None
    """The deposit of a merge that is undone, its survivor, those that it had absorbed."""
    promised: Sequence[tuple[UUID, UUID, str]] = ()
    """Its facts about persons (id, parcours, brique), that the fan-out owes its receivers from now on."""
    placed: Sequence[Lieu] = ()
    moving: Sequence[tuple[UUID, str]] = ()
    """Parcours that may be to move there: see `gateway.moves`."""
    key: UUID = SANS_PARCOURS
    """Under which its answer is sealed."""


class _AlreadySettled(Exception):
    """Another process was faster."""


class Settlements:
    """The second write of a deposit. `chains` are those of its receipts alone."""

    def __init__(self, pool: Pool, chains: Chains, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault
        self._chains = chains
        self._settling = asyncio.Lock()
        """Who signs receipts of the chains, one write at a time."""
        self._settled: dict[UUID, list[asyncio.Future[None]]] = {}

    async def settle_all(self, batch: Sequence[Settlement]) -> list[Mapping[str, Any]]:
        """Write decisions with their receipts; the answers, those of another process where it was faster."""
        distinct = sorted({s.depot: s for s in batch}.values(), key=lambda settlement: settlement.depot)
        async with self._settling:
            answers = await self._settle_distinct(distinct)
        for settlement in batch:
            for future in self._settled.pop(settlement.depot, ()):
                if not future.done():
                    future.set_result(None)
        return [answers[s.depot] for s in batch]

    async def _settle_distinct(self, distinct: Sequence[Settlement]) -> Mapping[UUID, Mapping[str, Any]]:
        for _ in range(CONFLICT_TRIES):
            with suppress(*CONFLICT):  # another process settles some of them, or lets the same partners in
                return await self._settle_once(distinct)
        return await self._settle_once(distinct)

    async def _settle_once(self, distinct: Sequence[Settlement]) -> Mapping[UUID, Mapping[str, Any]]:
        try:
            answers = await self._settle(distinct)
            return answers if answers is not None else await self._settle_the_rest(distinct)
        except BaseException:
            self._chains.restart()  # what was signed was not written
            raise

    async def _settle(self, distinct: Sequence[Settlement]) -> Mapping[UUID, Mapping[str, Any]] | None:
        """The answers; None, and nothing is written, when another process has settled one of them."""
        keyring = await self._vault.ensure({s.key for s in distinct})
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                return await self._write(conn, distinct, datetime.now(UTC), keyring)
        except _AlreadySettled:
            self._chains.restart()  # what was signed was not written
            return None

    async def _settle_the_rest(self, distinct: Sequence[Settlement]) -> Mapping[UUID, Mapping[str, Any]]:
        ids = [s.depot for s in distinct]
        keyring = await self._vault.ensure({s.key for s in distinct})
        async with self._pool.acquire() as conn, conn.transaction():
            mine = await store.lock_unsettled(conn, ids)
            if own := [s for s in distinct if s.depot in mine]:
                await self._write(conn, own, datetime.now(UTC), keyring)
            return {row["id"]: row["reponse"] or {} for row in await self._answers(conn, ids)}

    async def _write(
        self, conn: Connection, own: Sequence[Settlement], now: datetime, keyring: Keyring
    ) -> Mapping[UUID, Mapping[str, Any]]:
        decided = [s for s in own if s.etat != "rebut"]
        receipts = [(s.depot, self._chains.next(s.emetteur, s.receipt, now)) for s in decided]
        signed = {depot: receipt.jws for depot, receipt in receipts}
        answers = {s.depot: {**s.answer, "recu": signed[s.depot]} for s in decided}
        rows = [(s.depot, s.etat, _sealed(keyring, s, answers.get(s.depot)), s.parcours, _code(s)) for s in own]
        if await store.settle(conn, rows, now) < len(rows):
            raise _AlreadySettled
        if receipts:
            await store.insert_receipts(conn, receipts)
        await store.promise(conn, [(*fait, s.depot) for s in own for fait in s.promised])
        await participations.enter(conn, list({p for s in own for p in s.entered}), now)
        await participations.place(conn, [lieu for s in own for lieu in s.placed])
        await moves.note(conn, [move for s in own for move in s.moving])
        await participations.absorb(conn, [s.named for s in own if s.named], sont_des_noms=True)
        await participations.absorb(conn, [s.absorbed for s in own if s.absorbed])
        for depot, survivant, absorbes in [s.separated for s in own if s.separated]:
            await fusions.undo(conn, depot, survivant, absorbes, now)
        await objets.noter(conn, [objet for s in own for objet in s.created])
        await archives.spoken_of(conn, [s.parcours for s in own if s.parcours and s.etat == "accepte"])
        return {s.depot: answers.get(s.depot, {}) for s in own}

    async def settled(self, depot: UUID, timeout_s: float) -> Mapping[str, Any] | None:
        """Wait until this deposit is settled, by whichever process; its answer, or None after `timeout_s`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            answer = await self.answer(depot)
            remaining = deadline - loop.time()
            if answer is not None or remaining <= 0:
                return answer
            await self._signal(depot, min(remaining, 0.25))

    async def answer(self, depot: UUID) -> Mapping[str, Any] | None:
        async with self._pool.acquire() as conn:
            [row] = await self._answers(conn, [depot])
            answer: Mapping[str, Any] | None = row["reponse"]
            return answer

    async def _answers(self, conn: Connection, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        return await sealing.open_answers(self._vault, conn, await store.answers(conn, ids), asks=True)

    async def _signal(self, depot: UUID, timeout_s: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiters = self._settled.setdefault(depot, [])
        waiters.append(future)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            waiters.remove(future)
            if not waiters:
                self._settled.pop(depot, None)


def _sealed(keyring: Keyring, settlement: Settlement, answer: Mapping[str, Any] | None) -> bytes | None:
    return keyring.seal(settlement.key, sealing.ANSWERS, settlement.depot, orjson.dumps(answer)) if answer else None


def _code(settlement: Settlement) -> str | None:
    """Of a refusal: the answer is sealed, and operators look for messages by it."""
    refus: Mapping[str, str] | None = settlement.answer.get("refus")
    return refus["code"] if refus else None
