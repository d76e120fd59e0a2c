"""From the journal to the owning service and back: asks, settles, and takes up what is unsettled, in order."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.database import Pool
from chassis.facts import Entree
from chassis.microbatch import MicroBatch
from chassis.process import Process, wait
from coffre.keys import Archived
from gateway import participations
from gateway.inbound.deposit import store, turns
from gateway.inbound.deposit.cabinet import Cabinet
from gateway.inbound.deposit.conclusions import DEFUSION, settlement
from gateway.inbound.deposit.journal import IN_FLIGHT, Journal
from gateway.inbound.deposit.settlements import Settlement
from gateway.inbound.watching import metrics
from gateway.inbound.watching.exploration import Exploration
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from gateway.quiescence import Quiescence
from relais_contrats.briques import BRIQUES
from relais_contrats.catalogue import CATALOGUE

_log = structlog.get_logger()
_REQUEST_TIMEOUT_S = 5.0
_CLAIM_LIMIT = 256
_IDLE_S = (0.1, 1.0)  # between two looks, growing while nothing comes
_FOLLOWED_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.2)  # between two looks at whether all services have undone a merge
_PAUSES_S = (0.1, 0.25, 0.5, 1.0, 2.0)

_SUIVENT = [brique.nom for brique in BRIQUES if brique.nom != CATALOGUE[DEFUSION].brique]
"""They follow a merge, and its undoing; what another one builds on comes first."""


class Dispatch:
    """Asks services for decisions. One micro-batch per service, so that what arrives together is decided together."""

    def __init__(
        self,
        pool: Pool,
        bus: NatsBus,
        journal: Journal,
        cabinet: Cabinet,
        annuaire: Annuaire,
        pseudonyms: Pseudonyms,
        exploration: Exploration,
    ) -> None:
        self._exploration = exploration
        self._pool = pool
        self._annuaire = annuaire
        self._pseudonyms = pseudonyms
        self._bus = bus
        self._journal = journal
        self._cabinet = cabinet
        self._work = asyncio.Event()
        self._quiescence = Quiescence(bus)
        self._asks: dict[str, MicroBatch[Entree, Mapping[str, Any]]] = {
            brique.nom: MicroBatch(self._asker(brique.nom)) for brique in BRIQUES
        }

    def start(self, running: Process) -> None:
        for brique, ask in self._asks.items():
            running.loop(f"depots {brique}", ask.run)
        running.loop("reprise", self._take_up)

    async def decide(self, entree: Entree, brique: str) -> Mapping[str, Any] | None:
        """Have the service decide, then settle; the recorded answer, or None when it cannot be had now."""
        attend = "suite"
        try:
            [reply] = await self._conclude(brique, [entree], [await self._asks[brique].submit(entree)])
        except Unavailable:
            reply, attend = {"etat": "attente"}, "service"
        if reply["etat"] == "attente" or not await self._is_followed(entree, reply):
            await self._postpone([entree.id], 1, attend)
            return None
        try:
            answer = await self._journal.settle(self._settlement(entree, reply))
        except Archived:
            await self._postpone([entree.id], 1)
            return None
        self._learn(entree, reply)
        return answer

    async def decide_all(self, brique: str, entrees: Sequence[Entree]) -> list[Mapping[str, Any] | None]:
        """Like `decide` for deposits of one service, in one request and one settlement."""
        attend = "suite"
        try:
            replies = await self._conclude(brique, entrees, await self._asker(brique)(entrees))
        except Unavailable:
            replies, attend = [{"etat": "attente"} for _ in entrees], "service"
        pairs = zip(entrees, replies, strict=True)
        replies = [r if await self._is_followed(e, r) else {"etat": "attente"} for e, r in pairs]
        waiting = [e.id for e, r in zip(entrees, replies, strict=True) if r["etat"] == "attente"]
        if waiting:
            await self._postpone(waiting, 1, attend)
        decided = [(e, r) for e, r in zip(entrees, replies, strict=True) if r["etat"] != "attente"]
        try:
            answers = await self._journal.settle_all([self._settlement(e, r) for e, r in decided]) if decided else []
        except Archived:
            await self._postpone([entree.id for entree, _ in decided], 1)
            return [None] * len(entrees)
        for entree, reply in decided:
            self._learn(entree, reply)
        by_id = {entree.id: answer for (entree, _), answer in zip(decided, answers, strict=True)}
        return [by_id.get(entree.id) or None for entree in entrees]

    def _learn(self, entree: Entree, reply: Mapping[str, Any]) -> None:
        _count(entree, reply)
        self._exploration.learn_decision(entree, reply)

    async def _conclude(
        self, brique: str, entrees: Sequence[Entree], replies: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """A service does not refuse for what it may not have heard yet: once it has, it is asked again, and does."""
        lacking = {e.id: e for e, reply in zip(entrees, replies, strict=True) if e.agregat and _lacks(reply)}
        if not lacking:
            return replies
        parcours = {entree.agregat for entree in lacking.values() if entree.agregat}
        async with self._pool.acquire() as conn:
            absorbed = await participations.absorbed(conn, parcours)
        families = {one: {one, *absorbed.get(one, ())} for one in parcours}
        informed = await self._quiescence.informed(brique, families)
        heard = [replace(entree, au_repos=True) for entree in lacking.values() if entree.agregat in informed]
        again = {reply["id"]: reply for reply in await self._asker(brique)(heard)} if heard else {}
        return [again.get(reply["id"], reply) for reply in replies]

    def _settlement(self, entree: Entree, reply: Mapping[str, Any]) -> Settlement:
        return settlement(entree, reply, self._annuaire, self._pseudonyms)

    def wake(self) -> None:
        """Something was journalled that must wait its turn."""
        self._work.set()

    def _asker(self, brique: str) -> Any:
        async def ask(entrees: Sequence[Entree]) -> Sequence[Mapping[str, Any]]:
            body = orjson.dumps([(await self._completed(entree)).en_json() for entree in entrees])
            reply = await self._bus.request(f"depot.{brique}", body, timeout_s=_REQUEST_TIMEOUT_S)
            decisions: list[Mapping[str, Any]] = orjson.loads(reply)
            return decisions

        return ask

    async def _completed(self, entree: Entree) -> Entree:
        """What undoes a merge is refused by `usagers` when something stands on it elsewhere: the others are asked."""
        if entree.type != DEFUSION:
            return entree
        dites = [await self._ask_about(brique, entree) for brique in _SUIVENT]
        depend = next((dite["depend"] for dite in dites if "depend" in dite), None)
        return replace(entree, donnees={**entree.donnees, "repose": depend}) if depend else entree

    async def _is_followed(self, entree: Entree, reply: Mapping[str, Any]) -> bool:
        """A merge is undone for its emitter once it is in every service: no message is decided in between."""
        if entree.type != DEFUSION or reply["etat"] != "accepte":
            return True
        for pause_s in _FOLLOWED_S:
            await asyncio.sleep(pause_s)
            try:
                dites = [await self._ask_about(brique, entree) for brique in _SUIVENT]
            except Unavailable:
                return False
            if all(dite["etat"] != "connue" for dite in dites):
                return True
        return False

    async def _ask_about(self, brique: str, entree: Entree) -> Mapping[str, Any]:
        request = orjson.dumps({"depot": entree.donnees["annule"]})
        answer = await self._bus.request(f"lecture.{brique}.defusion", request, timeout_s=_REQUEST_TIMEOUT_S)
        dite: Mapping[str, Any] = orjson.loads(answer)
        return dite

    async def _postpone(self, ids: Sequence[UUID], tries: int, attend: str | None = None) -> None:
        pause_s = _PAUSES_S[min(tries, len(_PAUSES_S)) - 1]
        async with self._pool.acquire() as conn:
            await store.release(conn, ids, datetime.now(UTC) + timedelta(seconds=pause_s), attend)
        self._work.set()

    async def _take_up(self, stop: asyncio.Event) -> None:
        """Every replica runs this: unsettled deposits are tried again, the oldest of each parcours first."""
        idle_s, longest_s = _IDLE_S
        while not stop.is_set():
            self._work.clear()
            now = datetime.now(UTC)
            async with self._pool.acquire() as conn, conn.transaction():
                rows = await store.claim(conn, now, now + IN_FLIGHT, _CLAIM_LIMIT)
                bodies = await self._cabinet.open(conn, rows)
            if not rows:
                await wait(self._work, idle_s)
                idle_s = _IDLE_S[0] if self._work.is_set() else min(idle_s * 2, longest_s)
                continue
            idle_s = _IDLE_S[0]
            opened = [(row, Entree.depuis_json(orjson.loads(body))) for row, body in zip(rows, bodies, strict=True)]
            refused = await self._refuse([entree for row, entree in opened if row["a_rejuger"]])
            by_brique: dict[str, list[tuple[Entree, int]]] = {}
            for row, entree in opened:
                if entree.id not in refused:
                    by_brique.setdefault(row["brique"], []).append((entree, row["essais"]))
            await asyncio.gather(*(self._retry(brique, tried) for brique, tried in by_brique.items()))

    async def _refuse(self, entrees: Sequence[Entree]) -> Collection[UUID]:
        """Settle those that their emitters may not send any more, now that their turn has come."""
        if not entrees:
            return ()
        async with self._pool.acquire() as conn:
            refused = await turns.refusals(conn, self._annuaire, entrees)
        settled = [(entree, refused[entree.id]) for entree in entrees if entree.id in refused]
        if settled:
            await self._journal.settle_all([self._settlement(*one) for one in settled])
            for one in settled:
                _count(*one)
        return refused.keys()

    async def _retry(self, brique: str, tried: Sequence[tuple[Entree, int]]) -> None:
        answers = await self.decide_all(brique, [entree for entree, _ in tried])
        stuck = [(entree.id, tries) for (entree, tries), answer in zip(tried, answers, strict=True) if answer is None]
        if stuck:
            await self._postpone([id_ for id_, _ in stuck], max(tries for _, tries in stuck))
            _log.info("dispatch.still_waiting", brique=brique, deposits=len(stuck))


def _lacks(reply: Mapping[str, Any]) -> bool:
    """Whether the service would refuse, unless something is still on its way to it."""
    return reply["etat"] == "attente" and "refus" in reply


def _count(entree: Entree, reply: Mapping[str, Any]) -> None:
    metrics.MESSAGES.labels(entree.emetteur.rpartition("/")[2], entree.type, reply["etat"]).inc()
