"""From the journal to the owning service and back: asks, settles, and takes up what is unsettled, in order."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
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
from coffre.keys import Archived
from gateway import entries, moves, objets, participations, sealing
from gateway.inbound.deposit import store, turns
from gateway.inbound.deposit.cabinet import Cabinet
from gateway.inbound.deposit.journal import IN_FLIGHT, Journal, Settlement
from gateway.inbound.watching import metrics
from gateway.inbound.watching.exploration import Exploration
from gateway.participations import Lieu, Participation, lieu_dit
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from gateway.quiescence import Quiescence
from relais_contrats.briques import BRIQUES
from relais_contrats.catalogue import ABONNES_TERRITOIRE, CATALOGUE
from relais_contrats.droits import DU_SIGNALANT, Role
from relais_contrats.matrice import PAYEURS

_log = structlog.get_logger()
_REQUEST_TIMEOUT_S = 5.0
_CLAIM_LIMIT = 256
_IDLE_S = (0.1, 1.0)  # between two looks, growing while nothing comes
_FOLLOWED_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.2)  # between two looks at whether all services have undone a merge
_PAUSES_S = (0.1, 0.25, 0.5, 1.0, 2.0)

DEFUSION = "usager.defusionne"
SIGNALEMENT_CONSERVE = "signalement.conserve"
"""A fact that `usagers` tells the gateway alone: the emitter's own name of a parcours."""
_REPONDUS = CATALOGUE.keys() | {"droits.conserves"}
"""The facts that an answer counts: what is kept without effect reads like what has one."""
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


def settlement(entree: Entree, reply: Mapping[str, Any], annuaire: Annuaire, pseudonyms: Pseudonyms) -> Settlement:
    """What to write of a service's decision, and what its receipt says; events by the ids that their emitter reads."""
    emetteur = entree.emetteur.rpartition("/")[2]
    told = reply.get("faits", [])
    faits = [fait for fait in told if type_court(fait["type"]) in _REPONDUS]
    message = CATALOGUE[entree.type]
    est_d_un_parcours = message.porte_sur_parcours or message.ouvre_parcours
    parcours = UUID(faits[0]["subject"]) if faits and est_d_un_parcours else entree.agregat
    conserve = next((fait for fait in told if type_court(fait["type"]) == SIGNALEMENT_CONSERVE), None)
    if conserve:
        parcours = UUID(conserve["subject"])  # how its emitter calls the person, whoever she turned out to be
    promis = [fait for fait in faits if type_court(fait["type"]) in CATALOGUE]
    if message.ouvre_parcours:  # its own message: what the hub concluded is told by events, to whom it may be told
        faits = [fait for fait in faits if type_court(fait["type"]) == entree.type]
    # Who only signalled a person has names of its own for her: that of the parcours would join them.
    est_nomme = parcours and not (entree.type in DU_SIGNALANT and entree.role in PAYEURS)
    answer: dict[str, Any] = {"etat": reply["etat"], "parcours": str(parcours) if est_nomme else None}
    receipt = {
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
        names = [str(pseudonyms.event_of(emetteur, UUID(fait["id"]))) for fait in faits]
        answer["evenements"] = receipt["evenements"] = names
    return Settlement(
        depot=entree.id,
        etat=reply["etat"],
        answer=answer,
        emetteur=emetteur,
        receipt=receipt,
        parcours=parcours,
        key=sealing.key_of_answer(entree.type, parcours),
        created=[objet for fait in faits for objet in objets.crees_par(type_court(fait["type"]), fait["data"])],
        entered=_entered(entree, faits, annuaire, parcours),
        absorbed=_absorbed(faits),
        named=_alias(conserve) if conserve else None,
        separated=_separated(faits),
        promised=[(UUID(f["id"]), UUID(f["subject"]), f["brique"]) for f in promis if _is_of_a_person(f)],
        placed=list(_placed(promis, annuaire)),
        moving=[
            move for f in promis if (move := moves.made_known(type_court(f["type"]), UUID(f["subject"]), f["data"]))
        ],
    )


def _is_of_a_person(fait: Mapping[str, Any]) -> bool:
    return ABONNES_TERRITOIRE not in CATALOGUE[type_court(fait["type"])].recepteurs


def _placed(faits: Sequence[Mapping[str, Any]], annuaire: Annuaire) -> Iterator[Lieu]:
    """Where its own 201 says that each parcours is: the next deposit is judged by it."""
    for fait in faits:
        lieu = lieu_dit(type_court(fait["type"]), UUID(fait["subject"]), fait["sequence"], fait)
        if lieu and entries.est_accueilli(lieu.departement, annuaire):
            yield lieu


def _entered(
    entree: Entree, faits: Sequence[Mapping[str, Any]], annuaire: Annuaire, nom: UUID | None
) -> list[Participation]:
    """What its own 201 opens to the emitter at once: the parcours of the person whom it may be told, what it said
    itself under its own `nom` of her otherwise, the acceptance of the référent that it designated in its own structure.
    Every other entry is the fan-out's."""
    emetteur = entree.emetteur.rpartition("/")[2]
    opened: set[tuple[UUID, Role]] = set()
    for fait in faits:
        if CATALOGUE[entree.type].ouvre_parcours and nom:
            role = entries.role_du_signalant(fait["departement"], entree.partitions_ouvertes)
            opened.add((UUID(fait["subject"]) if role is Role.EMETTEUR else nom, role))
        referents = entries.referents(type_court(fait["type"]), fait["data"], annuaire) or ()
        if any(partenaire.code == emetteur for partenaire in referents):
            opened.add((UUID(fait["subject"]), Role.REFERENT))
    return [Participation(parcours, emetteur, role) for parcours, role in opened]


def _alias(conserve: Mapping[str, Any]) -> tuple[UUID, list[UUID]] | None:
    """What its emitter sends under its own name of a person reaches the parcours of that person."""
    vers = UUID(conserve["data"]["parcours"])
    return (vers, [UUID(conserve["subject"])]) if conserve["data"]["est_neuf"] else None


def _separated(faits: Sequence[Mapping[str, Any]]) -> tuple[UUID, UUID, list[UUID]] | None:
    """Undoing a merge redirects from its own answer on as well."""
    for fait in faits:
        if type_court(fait["type"]) == DEFUSION:
            data = fait["data"]
            return UUID(data["annule"]), UUID(fait["subject"]), [UUID(rendu) for rendu in data["rendus"]]
    return None


def _absorbed(faits: Sequence[Mapping[str, Any]]) -> tuple[UUID, list[UUID]] | None:
    """A fusion redirects from its own answer on: the next deposit for an absorbed id already reaches the survivor."""
    for fait in faits:
        if type_court(fait["type"]) == "usager.fusionne":
            return UUID(fait["data"]["conserve"]), [UUID(absorbe) for absorbe in fait["data"]["absorbes"]]
    return None
