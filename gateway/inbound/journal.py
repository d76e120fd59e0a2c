"""The journal: a 2xx means that the message is here, on disk. Deposits enter and are settled in micro-batches."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from os import urandom
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.database import Connection, Pool
from chassis.microbatch import MicroBatch
from gateway import participations, prescriptions
from gateway.inbound import store
from gateway.inbound.store import Access, NewDeposit
from gateway.oauth.single_use import reserver_lot
from gateway.oauth.usages import UsageUnique
from gateway.participations import Participation, Roles
from gateway.partners import Partenaire
from gateway.prescriptions import Cle, Suivie, roles_dans
from gateway.receipts import Chain
from gateway.rights import Role, peut_emettre
from relais_contrats.catalogue import CATALOGUE

# A deposit being tried by the process that received it is left alone that long; then any replica takes it up.
IN_FLIGHT = timedelta(seconds=6)
_NONCE_BYTES = 12

# What the journal says of a deposit that comes in
# ├── New          journalled now; `blocked` when an older one of the same parcours is not settled yet
# ├── Known        the same id and body again: the first answer, or None while it waits
# ├── Different    the same id, another body
# ├── Refused      the partner may not: code of the catalogue
# └── Replayed     the DPoP proof was used before


@dataclass(frozen=True, slots=True)
class New:
    blocked: bool


@dataclass(frozen=True, slots=True)
class Known:
    id: UUID
    answer: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Different:
    recorded: str
    given: str


@dataclass(frozen=True, slots=True)
class Refused:
    code: str
    pointeur: str


@dataclass(frozen=True, slots=True)
class Replayed:
    pass


Reception = New | Known | Different | Refused | Replayed


@dataclass(frozen=True, slots=True)
class Incoming:
    """A deposit that was read and is in its partner's territory and purposes.

    `prescription` is the key of the prescription to which it gives a suite. `seal` makes its row, once the parcours
    that it names are known to be visible and resolved to their survivors.
    """

    partenaire: Partenaire
    message: str
    empreinte: bytes
    type: str
    subject: UUID | None
    prescription: str | None
    references: frozenset[UUID]
    usages: Sequence[UsageUnique]
    seal: Callable[[Mapping[UUID, UUID]], NewDeposit]
    est_par_lien: bool = False
    """Its right is a link that the hub signed, not the roles of its emitter."""

    @property
    def key(self) -> tuple[str, str]:
        return (self.partenaire.code, self.message)

    @property
    def named(self) -> frozenset[UUID]:
        return self.references | {self.subject} if self.subject else self.references


@dataclass(frozen=True, slots=True)
class Settlement:
    """A decision to write: `etat` is accepte, refuse or rebut; `receipt` what the receipt must say."""

    depot: UUID
    etat: str
    answer: dict[str, Any]
    receipt: Mapping[str, Any]
    parcours: UUID | None = None
    entered: Sequence[Participation] = ()
    absorbed: tuple[UUID, Sequence[UUID]] | None = None


class Cabinet:
    """Seals deposited bodies at rest: AES-256-GCM, bound to the id of the deposit."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, depot: UUID, corps: bytes) -> bytes:
        nonce = urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, corps, depot.bytes)

    def open(self, depot: UUID, sealed: bytes) -> bytes:
        return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], depot.bytes)


class Journal:
    """The three writes of the door, each gathered over its callers: entries, settlements, accesses."""

    def __init__(self, pool: Pool, chain: Chain) -> None:
        self._pool = pool
        self._chain = chain
        self._settled: dict[UUID, list[asyncio.Future[None]]] = {}
        self.receptions = MicroBatch(self.receive_all)
        self.settlements = MicroBatch(self.settle_all)
        self.accesses = MicroBatch(self._record_accesses)

    async def receive(self, incoming: Incoming) -> Reception:
        return await self.receptions.submit(incoming)

    async def settle(self, settlement: Settlement) -> Mapping[str, Any]:
        return await self.settlements.submit(settlement)

    async def record_access(self, access: Access, usages: Sequence[UsageUnique] = ()) -> bool:
        """Write the access, and spend the proof with it; False when the proof was spent before: give no answer then."""
        return await self.accesses.submit((access, usages))

    async def receive_all(self, batch: Sequence[Incoming]) -> list[Reception]:
        """One transaction for deposits of any number of partners; one reception each, in order."""
        now = datetime.now(UTC)
        async with self._pool.acquire() as conn, conn.transaction():
            fresh = (
                await reserver_lot(conn, [i.usages for i in batch if i.usages]) if any(i.usages for i in batch) else []
            )
            spent = iter(fresh)
            receptions: list[Reception | None] = [
                Replayed() if incoming.usages and not next(spent) else None for incoming in batch
            ]
            await self._recognise(conn, batch, receptions)
            survivors = await participations.survivors(conn, _named(batch))
            await self._check_rights(conn, batch, receptions, survivors)
            await self._insert(conn, batch, receptions, survivors, now)
        return [reception or Refused("indisponible", "") for reception in receptions]

    async def _recognise(self, conn: Connection, batch: Sequence[Incoming], receptions: list[Reception | None]) -> None:
        known = await store.known(conn, [incoming.key for incoming in batch])
        for rank, incoming in enumerate(batch):
            row = known.get(incoming.key)
            if row is None or receptions[rank]:
                continue
            if row["empreinte"] == incoming.empreinte:
                receptions[rank] = Known(row["id"], row["reponse"])
            else:
                receptions[rank] = Different(row["empreinte"].hex(), incoming.empreinte.hex())

    async def _check_rights(
        self,
        conn: Connection,
        batch: Sequence[Incoming],
        receptions: list[Reception | None],
        survivors: Mapping[UUID, UUID],
    ) -> None:
        pairs = [(survivors.get(p, p), i.partenaire.code) for i in batch for p in i.named]
        roles = await participations.of_pairs(conn, pairs) if pairs else {}
        cles = {(survivors.get(i.subject, i.subject), i.prescription) for i in batch if i.subject and i.prescription}
        suivies = await prescriptions.suivies(conn, cles)
        for rank, incoming in enumerate(batch):
            if receptions[rank] is None and not incoming.est_par_lien:
                receptions[rank] = _refusal(incoming, roles, survivors, suivies)

    async def _insert(
        self,
        conn: Connection,
        batch: Sequence[Incoming],
        receptions: list[Reception | None],
        survivors: Mapping[UUID, UUID],
        now: datetime,
    ) -> None:
        sealed: dict[int, NewDeposit] = {}
        seen: dict[tuple[str, str], int] = {}
        for rank, incoming in enumerate(batch):
            if receptions[rank] is None and seen.setdefault(incoming.key, rank) == rank:
                sealed[rank] = incoming.seal(survivors)
        numbers = await store.insert(conn, list(sealed.values()), now) if sealed else {}
        oldest = await store.oldest_waiting(conn, [d.parcours for d in sealed.values() if d.parcours])
        for rank, deposit in sealed.items():
            if deposit.id in numbers:
                blocked = deposit.parcours is not None and oldest[deposit.parcours] < numbers[deposit.id]
                receptions[rank] = New(blocked)
        waiting = [deposit.id for rank, deposit in sealed.items() if receptions[rank] == New(blocked=True)]
        if waiting:
            await store.release(conn, waiting, now)
        if None in receptions:  # the same id twice in this batch, or journalled by another process meanwhile
            await self._recognise(conn, batch, receptions)

    async def settle_all(self, batch: Sequence[Settlement]) -> list[Mapping[str, Any]]:
        """Write decisions with their receipts; the answers, those of another process where it was faster."""
        now = datetime.now(UTC)
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                mine = await store.lock_unsettled(conn, [s.depot for s in batch])
                own = list({s.depot: s for s in batch if s.depot in mine}.values())
                if own:
                    await self._write(conn, own, now)
                answers = await store.answers(conn, [s.depot for s in batch])
        except BaseException:
            self._chain.restart()
            raise
        for settlement in batch:
            for future in self._settled.pop(settlement.depot, ()):
                if not future.done():
                    future.set_result(None)
        return [answers[s.depot]["reponse"] or {} for s in batch]

    async def _write(self, conn: Connection, own: Sequence[Settlement], now: datetime) -> None:
        decided = [s for s in own if s.etat != "rebut"]
        receipts = [(s.depot, self._chain.next(s.receipt, now)) for s in decided]
        signed = {depot: receipt.jws for depot, receipt in receipts}
        rows = [
            (s.depot, s.etat, {**s.answer, "recu": signed[s.depot]} if s.depot in signed else None, s.parcours)
            for s in own
        ]
        await store.settle(conn, rows, now)
        if receipts:
            await store.insert_receipts(conn, receipts)
        await participations.enter(conn, list({p for s in own for p in s.entered}), now)
        await participations.absorb(conn, dict(s.absorbed for s in own if s.absorbed))

    async def _record_accesses(self, batch: Sequence[tuple[Access, Sequence[UsageUnique]]]) -> list[bool]:
        async with self._pool.acquire() as conn, conn.transaction():
            with_proof = [usages for _, usages in batch if usages]
            spent = iter(await reserver_lot(conn, with_proof) if with_proof else [])
            verdicts = [next(spent) if usages else True for _, usages in batch]
            await store.insert_accesses(conn, [access for access, _ in batch], datetime.now(UTC))
        return verdicts

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
            return (await store.answers(conn, [depot]))[depot]["reponse"]  # type: ignore[no-any-return]

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


def _named(batch: Iterable[Incoming]) -> set[UUID]:
    return {parcours for incoming in batch for parcours in incoming.named}


def _refusal(
    incoming: Incoming, roles: Roles, survivors: Mapping[UUID, UUID], suivies: Mapping[Cle, Suivie]
) -> Refused | None:
    """A parcours that the partner does not see is unknown, whether or not it exists."""
    code = incoming.partenaire.code
    for parcours in incoming.references:
        if (survivors.get(parcours, parcours), code) not in roles:
            return Refused("parcours-inconnu", "/data")
    held: frozenset[Role] = frozenset()
    if incoming.subject:
        parcours = survivors.get(incoming.subject, incoming.subject)
        held = roles.get((parcours, code), held)
        if not held:
            return Refused("parcours-inconnu", "/subject")
        if incoming.prescription:
            # Who emitted it is known to the service at once, and here once it was told: whoever takes part may say so.
            suivie = suivies.get((parcours, incoming.prescription))
            held = roles_dans(suivie, code, held) | {Role.PRESCRIPTEUR}
    if not peut_emettre(CATALOGUE[incoming.type], incoming.partenaire, held):
        return Refused("non-autorise", "/type")
    return None
