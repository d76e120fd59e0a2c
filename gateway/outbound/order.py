"""Which events may be told now, and what each of the others waits for. Pure.

Within a brique the sequence decides. Across briques an event waits for what was accepted, or told, before the decision
that led to it: the stream does not say that order (a process was killed, a stream was published again), and who
receives an event depends on it. Every wait points to an earlier decision, so no two events wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from chassis.ordering import Event, Key
from gateway.outbound.effects import PRISES_D_EFFET, concernes
from gateway.quiescence import BRIQUES, Avancements
from relais_contrats.catalogue import ABONNES_TERRITOIRE, CATALOGUE

OUVREUR = next(message.brique for message in CATALOGUE.values() if message.ouvre_parcours)
"""The brique whose first event on a parcours opens it."""
EFFACEMENT = "usager.efface"
# An event that led to another was told before it, unless it is older than what the hub keeps of it. A service that
# does not come back, or that was removed, keeps no due date from being told.
LONGEST_WAIT = timedelta(hours=24)
_MADE_FROM_TIME = 7  # the version of the ids of deposits and of events
_MADE_FROM_ITS_NAME = 5  # that of a due date, which nobody tells


class Attend(StrEnum):
    """What an event waits for."""

    SUITE = "suite"
    """An earlier event of its brique on this parcours."""
    OUVERTURE = "ouverture"
    """The event that opens its parcours."""
    PRECEDENT = "precedent"
    """What the door accepted, on its parcours, before the deposit that led to it."""
    CAUSE = "cause"
    """The event that led to it."""
    REPOS = "repos"
    """That its parcours is at rest: it is of a clock, and nobody waits for it."""
    REBUT = "rebut"
    """An operator's decision on what was set aside of its parcours."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The deposit that led to an event: whose, the id that its emitter gave it, and its place in the journal.

    `reconnait_dans`: the territories in which that partner may be told who a person is.
    `nomme_son_parcours`: it waited its turn behind the older ones of its parcours; one that opens it cannot.
    """

    partenaire: str
    message: str
    numero: int
    recu_a: datetime
    nomme_son_parcours: bool
    reconnait_dans: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Promis:
    """A fact that the door has answered for. `cause` is its deposit, settled at `regle_a`."""

    evenement: UUID
    parcours: UUID
    brique: str
    cause: Cause
    regle_a: datetime


@dataclass
class Ordre:
    """What is known before a batch; `tour` brings it up to date as it takes events."""

    positions: dict[Key, int] = field(default_factory=dict)
    causes: Mapping[UUID, Cause] = field(default_factory=dict)
    promis: Sequence[Promis] = ()
    """Not told yet."""
    dits: set[UUID] = field(default_factory=set)
    """Events told already, among those that led to one of the batch."""
    parques: Mapping[UUID, set[UUID]] = field(default_factory=dict)
    """Parcours → what was set aside of it."""
    ecartes: Collection[tuple[Key, int]] = ()
    """What an operator discarded: it is passed over."""
    oublies: Collection[UUID] = ()
    retenus_depuis: Mapping[UUID, datetime] = field(default_factory=dict)
    avancements: Avancements = field(default_factory=dict)
    """By brique and parcours, asked after the events of clocks among those to tell were there."""

    def __post_init__(self) -> None:
        self._ici: set[tuple[Key, int]] = set()
        self._promis_de: dict[UUID, list[Promis]] = {}

    def tour(self, events: Iterable[Event], now: datetime) -> tuple[list[Event], list[tuple[Event, Attend]]]:
        """The events to tell, in order, and those that wait; one that was told before is in neither."""
        waiting = sorted({event.id: event for event in events}.values(), key=lambda event: event.id)
        self._ici = {(event.key, event.sequence) for event in waiting}
        self._promis_de = {}
        for promis in self.promis:
            self._promis_de.setdefault(promis.parcours, []).append(promis)
        of_clocks = [event for event in waiting if est_d_une_horloge(event)]
        others = [event for event in waiting if not est_d_une_horloge(event)]
        taken = self._take_all(others, now)
        while event := next((one for one in of_clocks if self._may_go(one, now)), None):
            self._take(event)
            taken += [event, *self._take_all(others, now)]
        waiting = [event for event in waiting if not self._is_told(event)]
        return taken, [(event, attend) for event in waiting if (attend := self._attend(event, now))]

    def _take_all(self, events: Sequence[Event], now: datetime) -> list[Event]:
        """Those that may go, and those that may once these have."""
        taken: list[Event] = []
        is_moving = True
        while is_moving:
            is_moving = False
            for event in events:
                if self._may_go(event, now):
                    self._take(event)
                    taken.append(event)
                    is_moving = True
        return taken

    def _may_go(self, event: Event, now: datetime) -> bool:
        return not self._is_told(event) and self._attend(event, now) is None

    def _is_told(self, event: Event) -> bool:
        return event.sequence <= self.positions.get(event.key, 0)

    def _take(self, event: Event) -> None:
        self.positions[event.key] = event.sequence
        self.dits.add(event.id)
        self.parques.get(event.agregat, set()).discard(event.id)
        if event.type == EFFACEMENT:
            self.oublies = {*self.oublies, event.agregat}

    def _attend(self, event: Event, now: datetime) -> Attend | None:
        parcours = concernes(event)
        if event.agregat in self.oublies:  # it comes too late for everybody, and what is missing never comes
            return None
        if any(self.parques.get(one, set()) - {event.id} for one in parcours):
            return None if event.type == EFFACEMENT else Attend.REBUT
        if event.sequence > self._next(event.key):
            return Attend.SUITE
        if not _is_of_a_person(event):
            return None
        if event.brique != OUVREUR and (OUVREUR, event.agregat) not in self.positions:
            return Attend.OUVERTURE
        precede = self._attend_ce_qui_precede(event, parcours, now)
        if precede or not est_d_une_horloge(event) or self._waited_long(event, now):
            return precede
        return None if all(self._is_at_rest(b, event) for b in BRIQUES if b != event.brique) else Attend.REPOS

    def _is_at_rest(self, brique: str, event: Event) -> bool:
        """Whether this brique has heard all that the others said of the parcours, and what it said itself is told; what
        is here and not told waits for the event."""
        key = (brique, event.agregat)
        if (avancement := self.avancements.get(key)) is None:
            return False
        for sibling, heard in avancement.entendu.items():
            told = self.avancements.get((sibling, event.agregat))
            followed = avancement.entend.get(sibling) if sibling == event.brique else None
            said = avancement.suit(sibling, told) if told else 0
            if heard < (event.previous(followed) if sibling == event.brique else said):
                return False
        coming = ((key, sequence) for sequence in range(self._next(key), avancement.dit + 1))
        return all(one in self._ici or one in self.ecartes for one in coming)

    def _attend_ce_qui_precede(self, event: Event, parcours: set[UUID], now: datetime) -> Attend | None:
        cause = _id_of_cause(event)
        depot = self.causes.get(cause) if cause else None
        instant = depot.recu_a if depot else datetime.fromisoformat(event.body["time"])
        living = parcours.difference(self.oublies)
        others = (p for one in living for p in self._promis_de.get(one, ()) if (p.brique, p.parcours) != event.key)
        if any(_precede(promis, depot, instant) for promis in others if promis.evenement not in self.dits):
            return Attend.PRECEDENT
        if cause is None or depot or cause.version != _MADE_FROM_TIME or cause in self.dits:
            return None
        return None if self._waited_long(event, now) else Attend.CAUSE

    def _waited_long(self, event: Event, now: datetime) -> bool:
        return now - self.retenus_depuis.get(event.id, now) >= LONGEST_WAIT

    def _next(self, key: Key) -> int:
        sequence = self.positions.get(key, 0) + 1
        while (key, sequence) in self.ecartes:
            sequence += 1
        return sequence


def _precede(promis: Promis, depot: Cause | None, instant: datetime) -> bool:
    """Whether it was decided before what came in, or was told, at this instant."""
    if promis.regle_a < instant:
        return True
    queued = depot is not None and promis.cause.nomme_son_parcours and depot.nomme_son_parcours
    return depot is not None and queued and promis.cause.numero < depot.numero


def est_d_une_horloge(event: Event) -> bool:
    """Whether a due date of a service led to it, and no deposit or event."""
    cause = _id_of_cause(event)
    return cause is not None and cause.version == _MADE_FROM_ITS_NAME and _is_of_a_person(event)


def _is_of_a_person(event: Event) -> bool:
    message = CATALOGUE.get(event.type)
    return event.type in PRISES_D_EFFET or (message is not None and ABONNES_TERRITOIRE not in message.recepteurs)


def _id_of_cause(event: Event) -> UUID | None:
    cause: Any = event.body.get("causeid")
    return UUID(cause) if cause else None
