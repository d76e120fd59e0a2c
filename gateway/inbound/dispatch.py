"""From the journal to the owning service and back: asks, settles, and takes up what is unsettled, in order."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import structlog

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.database import Pool
from chassis.facts import Entree, type_court
from chassis.microbatch import MicroBatch
from chassis.process import Process, wait
from gateway.inbound import metrics, store
from gateway.inbound.journal import IN_FLIGHT, Cabinet, Journal, Settlement
from gateway.participations import Participation
from gateway.partners import Annuaire
from gateway.rights import Role
from relais_contrats.catalogue import CATALOGUE

_log = structlog.get_logger()
_REQUEST_TIMEOUT_S = 5.0
_CLAIM_LIMIT = 256
_IDLE_S = (0.1, 1.0)  # between two looks, growing while nothing comes
_PAUSES_S = (0.1, 0.25, 0.5, 1.0, 2.0)

BRIQUES = sorted({message.brique for message in CATALOGUE.values()})


class Dispatch:
    """Asks services for decisions. One micro-batch per service, so that what arrives together is decided together."""

    def __init__(self, pool: Pool, bus: NatsBus, journal: Journal, cabinet: Cabinet, annuaire: Annuaire) -> None:
        self._pool = pool
        self._annuaire = annuaire
        self._bus = bus
        self._journal = journal
        self._cabinet = cabinet
        self._work = asyncio.Event()
        self._asks: dict[str, MicroBatch[Entree, Mapping[str, Any]]] = {
            brique: MicroBatch(self._asker(brique)) for brique in BRIQUES
        }

    def start(self, running: Process) -> None:
        for brique, ask in self._asks.items():
            running.loop(f"depots {brique}", ask.run)
        running.loop("reprise", self._take_up)

    async def decide(self, entree: Entree, brique: str) -> Mapping[str, Any] | None:
        """Have the service decide, then settle; the recorded answer, or None when it cannot be had now."""
        try:
            reply = await self._asks[brique].submit(entree)
        except Unavailable:
            reply = {"etat": "attente"}
        if reply["etat"] == "attente":
            await self._postpone([entree.id], 1)
            return None
        answer = await self._journal.settle(settlement(entree, reply, self._annuaire))
        _count(entree, reply)
        return answer

    async def decide_all(self, brique: str, entrees: Sequence[Entree]) -> list[Mapping[str, Any] | None]:
        """Like `decide` for deposits of one service, in one request and one settlement."""
        try:
            replies = await self._asker(brique)(entrees)
        except Unavailable:
            replies = [{"etat": "attente"} for _ in entrees]
        waiting = [e.id for e, r in zip(entrees, replies, strict=True) if r["etat"] == "attente"]
        if waiting:
            await self._postpone(waiting, 1)
        decided = [(e, r) for e, r in zip(entrees, replies, strict=True) if r["etat"] != "attente"]
        answers = (
            await self._journal.settle_all([settlement(e, r, self._annuaire) for e, r in decided]) if decided else []
        )
        for entree, reply in decided:
            _count(entree, reply)
        by_id = {entree.id: answer for (entree, _), answer in zip(decided, answers, strict=True)}
        return [by_id.get(entree.id) or None for entree in entrees]

    def wake(self) -> None:
        """Something was journalled that must wait its turn."""
        self._work.set()

    def _asker(self, brique: str) -> Any:
        async def ask(entrees: Sequence[Entree]) -> Sequence[Mapping[str, Any]]:
            body = orjson.dumps([entree.en_json() for entree in entrees])
            reply = await self._bus.request(f"depot.{brique}", body, timeout_s=_REQUEST_TIMEOUT_S)
            decisions: list[Mapping[str, Any]] = orjson.loads(reply)
            return decisions

        return ask

    async def _postpone(self, ids: Sequence[UUID], tries: int) -> None:
        pause_s = _PAUSES_S[min(tries, len(_PAUSES_S)) - 1]
        async with self._pool.acquire() as conn:
            await store.release(conn, ids, datetime.now(UTC) + timedelta(seconds=pause_s))
        self._work.set()

    async def _take_up(self, stop: asyncio.Event) -> None:
        """Every replica runs this: unsettled deposits are tried again, the oldest of each parcours first."""
        idle_s, longest_s = _IDLE_S
        while not stop.is_set():
            self._work.clear()
            now = datetime.now(UTC)
            async with self._pool.acquire() as conn, conn.transaction():
                rows = await store.claim(conn, now, now + IN_FLIGHT, _CLAIM_LIMIT)
            if not rows:
                await wait(self._work, idle_s)
                idle_s = _IDLE_S[0] if self._work.is_set() else min(idle_s * 2, longest_s)
                continue
            idle_s = _IDLE_S[0]
            by_brique: dict[str, list[tuple[Entree, int]]] = {}
            for row in rows:
                entree = Entree.depuis_json(orjson.loads(self._cabinet.open(row["id"], row["corps"])))
                by_brique.setdefault(row["brique"], []).append((entree, row["essais"]))
            await asyncio.gather(*(self._retry(brique, tried) for brique, tried in by_brique.items()))

    async def _retry(self, brique: str, tried: Sequence[tuple[Entree, int]]) -> None:
        answers = await self.decide_all(brique, [entree for entree, _ in tried])
        stuck = [(entree.id, tries) for (entree, tries), answer in zip(tried, answers, strict=True) if answer is None]
        if stuck:
            await self._postpone([id_ for id_, _ in stuck], max(tries for _, tries in stuck))
            _log.info("dispatch.still_waiting", brique=brique, deposits=len(stuck))


def _count(entree: Entree, reply: Mapping[str, Any]) -> None:
    metrics.MESSAGES.labels(entree.emetteur.rpartition("/")[2], entree.type, reply["etat"]).inc()


def settlement(entree: Entree, reply: Mapping[str, Any], annuaire: Annuaire) -> Settlement:
    """What to write of a service's decision, and what its receipt says."""
    faits = [fait for fait in reply.get("faits", []) if type_court(fait["type"]) in CATALOGUE]
    message = CATALOGUE[entree.type]
    est_d_un_parcours = message.porte_sur_parcours or message.ouvre_parcours
    parcours = UUID(faits[0]["subject"]) if faits and est_d_un_parcours else entree.agregat
    answer: dict[str, Any] = {"etat": reply["etat"], "parcours": str(parcours) if parcours else None}
    receipt = {
        "partenaire": entree.emetteur.rpartition("/")[2],
        "message": entree.message,
        "empreinte": entree.empreinte,
        "type": entree.type,
        "recu_a": entree.recu_a.isoformat(),
        "decision": reply["etat"],
    }
    if reply["etat"] == "refuse":
        answer["refus"] = reply["refus"]
        receipt["code"] = reply["refus"]["code"]
    else:
        answer["evenements"] = receipt["evenements"] = [fait["id"] for fait in faits]
    return Settlement(
        depot=entree.id,
        etat=reply["etat"],
        answer=answer,
        receipt=receipt,
        parcours=parcours,
        entered=_entered(entree, faits, annuaire),
        absorbed=_absorbed(faits),
    )


def _entered(entree: Entree, faits: Sequence[Mapping[str, Any]], annuaire: Annuaire) -> list[Participation]:
    """What its own 201 opens to the emitter at once: the parcours that it opened, the acceptance of the référent that
    it designated in its own structure. Every other entry is the fan-out's."""
    emetteur = entree.emetteur.rpartition("/")[2]
    opened = {(UUID(fait["subject"]), Role.EMETTEUR) for fait in faits if CATALOGUE[entree.type].ouvre_parcours}
    for fait in faits:
        designation = _designation(fait)
        if designation and _owns(annuaire, emetteur, designation["structure"]):
            opened.add((UUID(fait["subject"]), Role.REFERENT))
    return [Participation(parcours, emetteur, role) for parcours, role in opened]


def _designation(fait: Mapping[str, Any]) -> Mapping[str, Any] | None:
    match type_court(fait["type"]):
        case "referent.designe":
            designation: Mapping[str, Any] = fait["data"]
        case "referent.remplace":
            designation = fait["data"]["nouveau"]
        case _:
            return None
    return designation


def _owns(annuaire: Annuaire, code: str, structure: Mapping[str, str]) -> bool:
    return any(p.code == code for p in annuaire.de_la_structure(structure["systeme"], structure["valeur"]))


def _absorbed(faits: Sequence[Mapping[str, Any]]) -> tuple[UUID, list[UUID]] | None:
    """A fusion redirects from its own answer on: the next deposit for an absorbed id already reaches the survivor."""
    for fait in faits:
        if type_court(fait["type"]) == "usager.fusionne":
            return UUID(fait["data"]["conserve"]), [UUID(absorbe) for absorbe in fait["data"]["absorbes"]]
    return None
