"""The journal: a 2xx means that the message is here, on disk. Deposits enter and are settled in micro-batches."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.database import CONFLICT, Connection, Pool
from chassis.microbatch import MicroBatch
from coffre.keys import Vault
from gateway import accesses, objets, participations, sealing
from gateway.accesses import Access, AccessChain
from gateway.inbound.deposit import store
from gateway.inbound.deposit.receptions import Different, Incoming, Known, New, Reception, Refused, Replayed
from gateway.inbound.deposit.rights import check_rights
from gateway.inbound.deposit.settlements import CONFLICT_TRIES, Settlement, Settlements
from gateway.inbound.deposit.store import NewDeposit, RefusedDeposit
from gateway.objets import Nomme
from gateway.pseudonyms import Pseudonyms
from gateway.receipts import Chains
from gateway.single_use import reserver_lot
from relais_contrats.oauth.usages import UsageUnique

# A deposit being tried by the process that received it is left alone that long; then any replica takes it up.
IN_FLIGHT = timedelta(seconds=6)


class Journal:
    """The three writes of the door, each gathered over its callers: entries, settlements, accesses."""

    def __init__(
        self, pool: Pool, chains: Chains, access_chain: AccessChain, pseudonyms: Pseudonyms, vault: Vault
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._access_chain = access_chain
        self._pseudonyms = pseudonyms
        self._settlements = Settlements(pool, chains, vault)
        self.receptions = MicroBatch(self.receive_all)
        self.settlements = MicroBatch(self._settlements.settle_all)
        self.accesses = MicroBatch(self._record_accesses)

    async def receive(self, incoming: Incoming) -> Reception:
        return await self.receptions.submit(incoming)

    async def settle(self, settlement: Settlement) -> Mapping[str, Any]:
        return await self.settlements.submit(settlement)

    async def settle_all(self, batch: Sequence[Settlement]) -> list[Mapping[str, Any]]:
        return await self._settlements.settle_all(batch)

    async def settled(self, depot: UUID, timeout_s: float) -> Mapping[str, Any] | None:
        return await self._settlements.settled(depot, timeout_s)

    async def record_access(
        self, access: Access, usages: Sequence[UsageUnique] = (), refused: Sequence[RefusedDeposit] = ()
    ) -> bool:
        """Write the access and what was refused of its deposit, and spend the proof with it; False when the proof was
        spent before: give no answer then."""
        return await self.accesses.submit((access, usages, refused))

    async def receive_all(self, batch: Sequence[Incoming]) -> list[Reception]:
        """One transaction for deposits of any number of partners; one reception each, in order."""
        for _ in range(CONFLICT_TRIES):
            with suppress(*CONFLICT):  # another process has taken one of the ids meanwhile: it is known now
                return await self._receive_all(batch)
        return await self._receive_all(batch)

    async def _receive_all(self, batch: Sequence[Incoming]) -> list[Reception]:
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
            named = {nomme for incoming in batch for nomme in incoming.objets}
            keys = await objets.resoudre(conn, self._pseudonyms, named, survivors)
            await check_rights(conn, batch, receptions, survivors, keys)
            await self._find_cancelled(conn, batch, receptions)
            await self._insert(conn, batch, receptions, survivors, keys, now)
        return [reception or Refused("indisponible", "") for reception in receptions]

    async def _recognise(self, conn: Connection, batch: Sequence[Incoming], receptions: list[Reception | None]) -> None:
        rows = await sealing.open_answers(
            self._vault, conn, await store.known(conn, [incoming.key for incoming in batch])
        )
        known = {(row["partenaire"], row["message"]): row for row in rows}
        for rank, incoming in enumerate(batch):
            row = known.get(incoming.key)
            if row is None or receptions[rank]:
                continue
            if row["empreinte"] == incoming.empreinte and row["est_close"]:
                receptions[rank] = Refused("parcours-inconnu", "/subject" if incoming.subject else "")
            elif row["empreinte"] == incoming.empreinte:
                receptions[rank] = Known(row["id"], row["reponse"])
            else:
                receptions[rank] = Different(row["empreinte"].hex(), incoming.empreinte.hex())

    async def _find_cancelled(
        self, conn: Connection, batch: Sequence[Incoming], receptions: list[Reception | None]
    ) -> None:
        for rank, incoming in enumerate(batch):
            annule = incoming.annule
            if annule is None or receptions[rank] is not None:
                continue
            annule.depot = await store.cancelled(conn, incoming.partenaire.code, annule.texte, annule.evenement)
            if annule.depot is None:
                receptions[rank] = Refused("annulation-impossible", "/data/annule")

    async def _insert(
        self,
        conn: Connection,
        batch: Sequence[Incoming],
        receptions: list[Reception | None],
        survivors: Mapping[UUID, UUID],
        keys: Mapping[Nomme, str],
        now: datetime,
    ) -> None:
        sealed: dict[int, NewDeposit] = {}
        seen: dict[tuple[str, str], int] = {}
        for rank, incoming in enumerate(batch):
            if receptions[rank] is None and seen.setdefault(incoming.key, rank) == rank:
                sealed[rank] = incoming.seal(survivors, keys)
        numbers = await store.insert(conn, list(sealed.values()), now) if sealed else {}
        oldest = await store.oldest_waiting(conn, [d.parcours for d in sealed.values() if d.parcours])
        for rank, deposit in sealed.items():
            blocked = deposit.parcours is not None and oldest[deposit.parcours] < numbers[deposit.id]
            receptions[rank] = New(blocked)
        waiting = [deposit.id for rank, deposit in sealed.items() if receptions[rank] == New(blocked=True)]
        if waiting:
            await store.hold(conn, waiting, now)
        if None in receptions:  # the same id twice in this batch
            await self._recognise(conn, batch, receptions)

    async def _record_accesses(
        self, batch: Sequence[tuple[Access, Sequence[UsageUnique], Sequence[RefusedDeposit]]]
    ) -> list[bool]:
        now = datetime.now(UTC)
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                with_proof = [usages for _, usages, _ in batch if usages]
                spent = iter(await reserver_lot(conn, with_proof) if with_proof else [])
                verdicts = [next(spent) if usages else True for _, usages, _ in batch]
                await accesses.insert(conn, self._access_chain.chained([access for access, _, _ in batch], now))
                if refused := [one for _, _, several in batch for one in several]:
                    await store.insert_refusals(conn, refused, now)
        except BaseException:
            self._access_chain.restart()
            raise
        return verdicts


def _named(batch: Iterable[Incoming]) -> set[UUID]:
    return {parcours for incoming in batch for parcours in incoming.named}
