"""The batch engine: one transaction decides many entries of any nature, and a failing one does not disturb the others.

Inbox, load under lock, decide one by one in order, record facts, states and due dates with set-based SQL, answer.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from chassis import faults, ledger, telemetry
from chassis.database import CONFLICT, Connection, Pool, Record
from chassis.decision import Attente, Echeance, Refus
from chassis.facts import Entree, Fait, FaitEnregistre, Sceaux

_log = structlog.get_logger()
_CONFLICT_TRIES = 3
_Verdict = Refus | Attente | None
_ETATS = {Refus: "refuse", Attente: "attente", NoneType: "accepte"}

M = TypeVar("M")
S = TypeVar("S")
F = TypeVar("F")


class Dossiers(Protocol):
    """The states loaded for one batch. `appliquer` folds a fact in, so that the next message of the batch sees it."""

    def de(self, message: Any) -> Any: ...

    def appliquer(self, fait: Any) -> None: ...

    def echeances(self) -> Iterable[tuple[UUID, str, Sequence[Echeance]]]:
        """Per aggregate touched: its id, its partition and all that falls due for it from now on."""


D = TypeVar("D", bound=Dossiers)


@dataclass(frozen=True, slots=True)
class Brique(Generic[M, S, F, D]):
    """The functions that a service gives to the engine: read, load, decide, save, publish."""

    nom: str
    lire: Callable[[Entree], M | Refus | None]
    """Entry → message of the domain; None for an event that does not concern this service."""
    charger: Callable[[Connection, Sequence[M]], Awaitable[D]]
    """Loads, and locks until commit, every aggregate that the messages concern."""
    decider: Callable[[S, M, datetime], Sequence[F] | Refus | Attente]
    traduire: Callable[[F], Fait | None]
    """Fact of the domain → fact to record and tell; None for one that only changes the state kept here."""
    enregistrer: Callable[[Connection, D, Sequence[tuple[Fait, FaitEnregistre]]], Awaitable[None]]
    sceaux: Sceaux
    entend: frozenset[str] = frozenset()
    """The types of the events of siblings that it follows."""


@dataclass(frozen=True, slots=True)
class Reponse:
    """The outcome of an entry: `accepte`, `refuse`, `attente` (with the answer if nothing is missing), or `rebut`."""

    id: UUID
    etat: str
    faits: Sequence[FaitEnregistre] = ()
    refus: Refus | None = None

    def en_json(self) -> dict[str, Any]:
        faits = {"faits": [fait.evenement() for fait in self.faits]} if self.faits else {}
        refus = {"refus": self.refus.en_json()} if self.refus else {}
        return {"id": self.id, "etat": self.etat, **faits, **refus}


class Engine(Generic[M, S, F, D]):
    """Decides on batches of entries. `on_facts` is called after each commit that recorded facts (wakes the outbox)."""

    def __init__(
        self,
        brique: Brique[M, S, F, D],
        pool: Pool,
        *,
        on_facts: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._brique, self._pool, self._on_facts, self._clock = brique, pool, on_facts, clock
        self.sceaux, self.entend = brique.sceaux, brique.entend

    async def decide(self, entrees: Sequence[Entree]) -> Sequence[Reponse]:
        """Return one answer per entry, in order. `attente`: the caller asks again, also when the database is away."""
        for _ in range(_CONFLICT_TRIES):
            try:
                return await self._decide_together(entrees)
            except CONFLICT:  # another replica decided one of them, or opened the same aggregate, meanwhile
                await asyncio.sleep(0.01)
            except Exception:  # whose fault it is shows when each is tried alone
                _log.exception("depots.batch_failed", entries=len(entrees))
                break
        alone = await faults.one_by_one(self._pool, entrees, self._decide_alone, self._park, lambda e: e.agregat)
        return [reponse or Reponse(entree.id, "attente") for entree, reponse in zip(entrees, alone, strict=True)]

    async def _decide_alone(self, entree: Entree) -> Reponse | None:
        reponse = (await self._decide_together([entree]))[0]
        return reponse if reponse.etat != "attente" else None

    async def _decide_together(self, entrees: Sequence[Entree]) -> Sequence[Reponse]:
        now = self._clock()
        sceaux, nommes = self.sceaux, {entree.agregat for entree in entrees if entree.agregat}
        await sceaux.preparer(nommes)
        async with self._pool.acquire() as conn, conn.transaction():
            parked = await ledger.parked(conn, nommes, [entree.id for entree in entrees])
            reached = await ledger.positions(conn, [e.position for e in entrees if e.position], held=True)
            read = [e.id for e in entrees if e.position and (e.sequence or 0) <= reached.get(e.position, 0)]
            reponses = {id_: Reponse(id_, "accepte") for id_ in read}
            reponses |= {row["id"]: Reponse(row["id"], "rebut") for row in parked if row["etat"] == "parque"}
            reponses |= {reponse.id: reponse for reponse in await self._already_decided(conn, entrees)}
            nouvelles = list({e.id: e for e in entrees if e.id not in reponses}.values())
            lues = {entree.id: self._brique.lire(entree) for entree in nouvelles}
            messages = [lu for lu in lues.values() if lu is not None and not isinstance(lu, Refus)]
            dossiers = await self._brique.charger(conn, messages)
            recorder = _Recorder(self._brique.nom, now, await ledger.sequences(conn, nommes), parked)
            decisions = {e.id: self._decide_one(e, lues[e.id], dossiers, recorder) for e in nouvelles}
            faits = await recorder.number(conn)
            decided = [(e, v) for e in nouvelles if not isinstance(v := decisions[e.id], Attente)]
            await ledger.insert_decisions(conn, sceaux, [one for one in decided if not one[0].position], now)
            await ledger.insert_facts(conn, sceaux, [enregistre for _, enregistre in faits], now)
            await self._brique.enregistrer(conn, dossiers, faits)
            # A due date that was decided, now or before, is not to fire again.
            set_aside = {id_ for id_, reponse in reponses.items() if reponse.etat == "rebut"}
            handled = [e for e in entrees if e.id not in set_aside and not isinstance(decisions.get(e.id), Attente)]
            await ledger.remove_due_dates(conn, [e for e in handled if e.nature == "echeance"])
            await ledger.advance(conn, {e.position: e.sequence or 0 for e, _ in decided if e.position}, held=reached)
            if again := {e.id for e in handled} & {row["id"] for row in parked}:
                await ledger.unpark(conn, again, now)
            await ledger.replace_due_dates(conn, list(dossiers.echeances()))
        par_cause = ledger.by_cause(enregistre for _, enregistre in faits)
        reponses |= {id_: _reponse(id_, verdict, par_cause) for id_, verdict in decisions.items()}
        if faits:
            self._on_facts()
        return [reponses[entree.id] for entree in entrees]

    async def _already_decided(self, conn: Connection, entrees: Sequence[Entree]) -> list[Reponse]:
        brique, sceaux = self._brique.nom, self.sceaux
        decided = await ledger.decided(conn, sceaux, [entree.id for entree in entrees if not entree.position])
        faits = await ledger.facts_of(conn, sceaux, brique, [id_ for id_, refus in decided.items() if refus is None])
        return [_reponse(id_, refus, faits) for id_, refus in decided.items()]

    def _decide_one(self, entree: Entree, lu: M | Refus | None, dossiers: D, recorder: "_Recorder") -> _Verdict:
        """Decide, and fold the facts into the states; None is an acceptance, whose facts the recorder holds."""
        started_ns = time.time_ns()
        verdict, told = self._verdict(entree, lu, dossiers, recorder)
        if isinstance(verdict, Attente):
            recorder.waiting.add(entree.agregat)
        # An event that was only noted leaves no span: every service notes every parcours.
        if entree.nature != "evenement" or verdict or told:
            with telemetry.span(
                f"decider {entree.type}",
                parent=entree.trace,
                started_ns=started_ns,
                relais_id=str(entree.id),
                relais_brique=self._brique.nom,
                relais_etat=_ETATS[type(verdict)],
            ):
                recorder.add(entree, told, telemetry.traceparent())
        return verdict

    def _verdict(
        self, entree: Entree, lu: M | Refus | None, dossiers: D, recorder: "_Recorder"
    ) -> tuple[_Verdict, Sequence[Fait]]:
        if lu is None or isinstance(lu, Refus):
            return lu, ()
        if unseen := recorder.held_back(entree) or recorder.stale(entree):
            return unseen, ()
        decision = self._brique.decider(dossiers.de(lu), lu, recorder.now)
        if isinstance(decision, Refus | Attente):
            return decision, ()
        for fait in decision:
            dossiers.appliquer(fait)
        return None, [told for fait in decision if (told := self._brique.traduire(fait))]

    async def _park(self, entree: Entree, error: Exception) -> Reponse:
        """Set a poison entry aside with the name of the error, without its text, which may quote the data.

        A deposit without its data: the gateway's journal holds them, encrypted, and will offer them again.
        """
        kept = replace(entree, donnees={}) if entree.nature == "depot" else entree
        async with self._pool.acquire() as conn, conn.transaction():
            await ledger.park_entry(conn, self.sceaux, kept, type(error).__name__, self._clock())
            if entree.nature == "echeance":
                await ledger.remove_due_dates(conn, [entree])
        return Reponse(entree.id, "rebut")


def _reponse(id_: UUID, verdict: _Verdict, faits: dict[UUID, list[FaitEnregistre]]) -> Reponse:
    refus = verdict.sinon if isinstance(verdict, Attente) else verdict
    return Reponse(id_, _ETATS[type(verdict)], faits.get(id_, ()), refus)


class _Recorder:
    """Collects the facts of one batch, then numbers them per aggregate."""

    def __init__(self, brique: str, now: datetime, sequences: dict[UUID, int], parked: Sequence[Record]) -> None:
        self.now = now
        self._brique = brique
        self._sequences = sequences
        self._added: list[tuple[Entree, Fait, str | None]] = []
        self.waiting: set[UUID | None] = set()
        self._parked = parked

    def held_back(self, entree: Entree) -> Attente | None:
        """Return the entries that must wait: they follow an undecided or a parked entry of their aggregate."""
        aside = any(row["agregat"] == entree.agregat and row["id"] != entree.id for row in self._parked)
        waits = entree.agregat is not None and (aside or entree.agregat in self.waiting)
        return Attente("follows an undecided entry") if waits else None

    def stale(self, entree: Entree) -> Refus | None:
        """The emitter decided on an older state than the one it would change (`versionattendue`)."""
        if entree.sequence_attendue is None or entree.agregat is None:
            return None
        added = sum(fait.agregat == entree.agregat for _, fait, _ in self._added)
        current = self._sequences.get(entree.agregat, 0) + added
        is_known = entree.sequence_attendue >= current
        return None if is_known else Refus("version-perimee", "/versionattendue", {"sequence": current})

    def add(self, entree: Entree, faits: Sequence[Fait], trace: str | None) -> None:
        self._added += [(entree, fait, trace) for fait in faits]

    async def number(self, conn: Connection) -> list[tuple[Fait, FaitEnregistre]]:
        """Aggregates that only the facts name (a parcours matched, or absorbed) are looked up here."""
        unknown = {fait.agregat for _, fait, _ in self._added} - self._sequences.keys()
        self._sequences |= await ledger.sequences(conn, unknown)
        return [(fait, self._numbered(entree, fait, trace)) for entree, fait, trace in self._added]

    def _numbered(self, entree: Entree, fait: Fait, trace: str | None) -> FaitEnregistre:
        """A fact that repeats the deposit keeps its emitter and its agent; the service is the source of any other."""
        sequence = self._sequences.get(fait.agregat, 0) + 1
        self._sequences[fait.agregat] = sequence
        repeats = entree.nature == "depot" and fait.type == entree.type
        return FaitEnregistre(
            id=uuid7(),
            brique=self._brique,
            sequence=sequence,
            source=entree.emetteur if repeats else f"/services/{self._brique}",
            survenu_a=entree.survenu_a if repeats else self.now,
            cause=entree.id,
            correlation=entree.correlation,
            trace=trace,
            agent=entree.agent if repeats else None,
            **{nom: getattr(fait, nom) for nom in Fait.__slots__ if nom != "protege"},
        )
