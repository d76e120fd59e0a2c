"""The journal: a 2xx means that the message is here, on disk. Deposits enter and are settled in micro-batches."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from chassis.database import CONFLICT, Connection, Pool
from chassis.microbatch import MicroBatch
from coffre.keys import SANS_PARCOURS, Keyring, Vault
from gateway import accesses, archives, fusions, moves, objets, participations, prescriptions, sealing
from gateway.accesses import Access, AccessChain
from gateway.inbound.deposit import store
from gateway.inbound.deposit.store import NewDeposit, RefusedDeposit
from gateway.objets import Nomme
from gateway.participations import Lieu, Participation, Roles
from gateway.prescriptions import Cle, Suivie, roles_dans
from gateway.pseudonyms import Pseudonyms
from gateway.receipts import Chains
from gateway.single_use import reserver_lot
from relais_contrats.catalogue import CATALOGUE, EMETTEUR_PRESCRIPTION, STRUCTURE_SERVICE
from relais_contrats.droits import RESOUDRE, Demandeur, Role, dit_pourquoi, peut_emettre
from relais_contrats.oauth.usages import UsageUnique
from relais_contrats.partenaires import Partenaire

# A deposit being tried by the process that received it is left alone that long; then any replica takes it up.
IN_FLIGHT = timedelta(seconds=6)
_CONFLICT_TRIES = 3
_SUITES = frozenset({STRUCTURE_SERVICE, EMETTEUR_PRESCRIPTION})

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
    phrase: str | None = None
    """In French, where there is more to say than what the code means."""


@dataclass(frozen=True, slots=True)
class Replayed:
    pass


Reception = New | Known | Different | Refused | Replayed


@dataclass(slots=True)
class Annule:
    """What a deposit cancels, as its emitter names it: its own deposit, or an event that it received."""

    texte: str
    evenement: UUID | None
    depot: UUID | None = None
    """Set by the journal."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A deposit that was read and is in its partner's purposes; `departement` is what its envelope says.

    `objets` are the keys of objects that it names, `principal` the one that it is about. `seal` makes its row, once the
    parcours that it names are known to be visible and resolved to their survivors, and the objects to internal keys.
    """

    demandeur: Demandeur
    message: str
    empreinte: bytes
    type: str
    departement: str
    subject: UUID | None
    references: frozenset[UUID]
    usages: Sequence[UsageUnique]
    seal: Callable[[Mapping[UUID, UUID], Mapping[Nomme, str]], NewDeposit]
    objets: frozenset[Nomme] = frozenset()
    principal: Nomme | None = None
    annule: Annule | None = None
    versionattendue: int | None = None
    est_par_lien: bool = False
    """Its right is a link that the hub signed, not the roles of its emitter."""

    @property
    def partenaire(self) -> Partenaire:
        return self.demandeur.partenaire

    @property
    def key(self) -> tuple[str, str]:
        return (self.partenaire.code, self.message)

    @property
    def named(self) -> frozenset[UUID]:
        return self.references | {self.subject} if self.subject else self.references


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


class Journal:
    """The three writes of the door, each gathered over its callers: entries, settlements, accesses."""

    def __init__(
        self, pool: Pool, chains: Chains, access_chain: AccessChain, pseudonyms: Pseudonyms, vault: Vault
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._chains = chains
        self._access_chain = access_chain
        self._pseudonyms = pseudonyms
        self._settling = asyncio.Lock()
        """Who signs receipts of the chains, one write at a time."""
        self._settled: dict[UUID, list[asyncio.Future[None]]] = {}
        self.receptions = MicroBatch(self.receive_all)
        self.settlements = MicroBatch(self.settle_all)
        self.accesses = MicroBatch(self._record_accesses)

    async def receive(self, incoming: Incoming) -> Reception:
        return await self.receptions.submit(incoming)

    async def settle(self, settlement: Settlement) -> Mapping[str, Any]:
        return await self.settlements.submit(settlement)

    async def record_access(
        self, access: Access, usages: Sequence[UsageUnique] = (), refused: Sequence[RefusedDeposit] = ()
    ) -> bool:
        """Write the access and what was refused of its deposit, and spend the proof with it; False when the proof was
        spent before: give no answer then."""
        return await self.accesses.submit((access, usages, refused))

    async def receive_all(self, batch: Sequence[Incoming]) -> list[Reception]:
        """One transaction for deposits of any number of partners; one reception each, in order."""
        for _ in range(_CONFLICT_TRIES):
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
            await self._check_rights(conn, batch, receptions, survivors, keys)
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

    async def _check_rights(
        self,
        conn: Connection,
        batch: Sequence[Incoming],
        receptions: list[Reception | None],
        survivors: Mapping[UUID, UUID],
        keys: Mapping[Nomme, str],
    ) -> None:
        pairs = [(survivors.get(p, p), i.partenaire.code) for i in batch for p in i.named]
        roles = await participations.of_pairs(conn, pairs, archived=True) if pairs else {}
        pairs_named = {(i.subject, i.partenaire.code) for i in batch if i.subject}
        signalled = await participations.signalled_as(conn, pairs_named) if pairs_named else set()
        cles = {
            (survivors.get(i.subject, i.subject), keys[i.principal])
            for i in batch
            if i.subject and i.principal and _suit_une_prescription(i)
        }
        suivies = await prescriptions.suivies(conn, cles)
        subjects = {survivors.get(i.subject, i.subject) for i in batch if i.subject}
        lieux = await participations.territories(conn, subjects) if subjects else {}
        for rank, incoming in enumerate(batch):
            if receptions[rank] is None and not incoming.est_par_lien:
                receptions[rank] = _refusal(incoming, roles, survivors, suivies, signalled, keys, lieux)
        await _say_what_moves(conn, batch, receptions, survivors, lieux)

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
        for _ in range(_CONFLICT_TRIES):
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


_AILLEURS = "Le parcours ne relève pas, ou plus, de ce département : `GET /v1/parcours/{prc}` donne le sien."


def _named(batch: Iterable[Incoming]) -> set[UUID]:
    return {parcours for incoming in batch for parcours in incoming.named}


def _refusal(
    incoming: Incoming,
    roles: Roles,
    survivors: Mapping[UUID, UUID],
    suivies: Mapping[Cle, Suivie],
    signalled: Collection[tuple[UUID, str]],
    keys: Mapping[Nomme, str],
    lieux: Mapping[UUID, str],
) -> Refused | None:
    """A parcours that the partner does not see is unknown, whether or not it exists.

    So is another one that the message would change, where it may not emit the message.
    """
    code, message = incoming.partenaire.code, CATALOGUE[incoming.type]
    for parcours in incoming.references:
        others = roles.get((survivors.get(parcours, parcours), code))
        if not others or not peut_emettre(message, incoming.demandeur, others):
            return Refused("parcours-inconnu", "/data")
    held: frozenset[Role] = frozenset()
    if incoming.subject:
        parcours = survivors.get(incoming.subject, incoming.subject)
        held = roles.get((parcours, code), held)
        if not held and (incoming.subject, code) in signalled:
            held = frozenset({Role.SIGNALANT})
        if not held:
            return Refused("parcours-inconnu", "/subject")
        if held == {Role.SIGNALANT} and incoming.versionattendue is not None:
            return Refused("version-perimee", "/versionattendue")  # it was told of none; how many there are is not told
        if held != {Role.SIGNALANT} and lieux.get(parcours) != incoming.departement:
            return Refused("hors-territoire", "/departement", _AILLEURS)
        if incoming.principal and _suit_une_prescription(incoming):
            # Who emitted it is known to the service at once, and here once it was told: whoever takes part may say so.
            suivie = suivies.get((parcours, keys[incoming.principal]))
            held = roles_dans(suivie, code, held) | {Role.PRESCRIPTEUR}
    if not peut_emettre(message, incoming.demandeur, held):
        return Refused("non-autorise", "/type", dit_pourquoi(message, incoming.demandeur, held))
    if incoming.principal and not objets.peut_dire(incoming.type, incoming.partenaire, held, keys[incoming.principal]):
        return Refused("non-autorise", "/data")
    if incoming.principal and objets.est_un_nom_pour_cle(incoming.type, keys[incoming.principal]):
        return Refused("identifiant-invalide", "/data")
    return None


async def _say_what_moves(
    conn: Connection,
    batch: Sequence[Incoming],
    receptions: list[Reception | None],
    survivors: Mapping[UUID, UUID],
    lieux: Mapping[UUID, str],
) -> None:
    """Of what is refused, say what waits for a transfer, to those who were told that the person may have come."""
    refused = {
        rank: survivors.get(incoming.subject, incoming.subject)
        for rank, incoming in enumerate(batch)
        if incoming.subject and isinstance(receptions[rank], Refused) and _reconnait_ici(incoming)
    }
    pending = await moves.pending(conn, set(refused.values()))
    for rank, parcours in refused.items():
        ici = batch[rank].departement
        if (parcours, ici) in pending and lieux.get(parcours) != ici:
            receptions[rank] = Refused("transfert-a-confirmer", "/subject")


def _reconnait_ici(incoming: Incoming) -> bool:
    """Whether its emitter may be told who is who in the territory of its envelope (decision 0035)."""
    return incoming.departement in incoming.partenaire.departements and RESOUDRE in incoming.demandeur.portees


def _suit_une_prescription(incoming: Incoming) -> bool:
    return not _SUITES.isdisjoint(CATALOGUE[incoming.type].roles_emetteurs)
