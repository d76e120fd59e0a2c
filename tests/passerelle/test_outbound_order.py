"""Whatever order the briques' events come in, whatever was lost and came again: the same receivers. Pure."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.ordering import Event, Key
from gateway.outbound.distribution import Distribution
from gateway.outbound.effects import concernes, effets
from gateway.outbound.order import (
    EFFACEMENT,
    LONGEST_WAIT,
    OUVREUR,
    Attend,
    Cause,
    Ordre,
    Promis,
)
from gateway.outbound.told import Roles, SansDestinataire
from gateway.quiescence import BRIQUES, Avancement
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.droits import Role
from relais_contrats.exemples import exemple_valide
from relais_contrats.partenaires import Partenaire
from tests.passerelle.outgoing import DECISION, DROITS, SIGNALE, SIRET
from tests.passerelle.test_outbound_effects import Known

P, Q = UUID(int=1 << 64), UUID(int=2 << 64)
T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = T0 + timedelta(days=1)
ASSO = {"systeme": "local", "valeur": "asso", "nom": "Association"}
ELSEWHERE = {"systeme": "local", "valeur": "ailleurs", "nom": "Ailleurs"}
REFERENT = {"referent": {}, "date_debut": "2026-03-09"}
FIN = {"date_fin": "2026-04-01", "motif": "Fin."}

# What partners may deposit: brique, type, data. Each changes who takes part, or is told to those who do.
STEPS: Sequence[tuple[str, str, dict[str, Any]]] = (
    ("orientation", "orientation.decidee", DECISION),
    ("orientation", "orientation.decidee", DECISION | {"structure": ASSO, "organisme": "association"}),
    ("orientation", "orientation.close", FIN),
    ("orientation", "orientation.notifiee", {"date_notification": "2026-03-10"}),
    ("referents", "referent.designe", REFERENT | {"structure": SIRET}),
    ("referents", "referent.designe", REFERENT | {"structure": ASSO}),
    ("referents", "referent.termine", FIN),
    ("engagements", "contrat.clos", {"date": "2026-03-02", "motif": "Fin."}),
    ("feuille_de_route", "objectif.clos", {"objectif_id": "o", "statut": "atteint"}),
    ("usagers", "droits.modifies", DROITS),
    ("usagers", "parcours.transfere", {"departement_nouveau": "62", "date_effet": "2026-03-02"}),
    ("usagers", "usager.oppose", {"motif": "Demande."}),
    ("usagers", "usager.efface", {"motif": "Demande."}),
)
EMITTERS = ("cd-59", "ml-lille", "asso-mobilite", "ft-hdf")


@dataclass
class History:
    """What the services decided, in the order in which they did, with the journal of the door."""

    events: list[Event] = field(default_factory=list)
    causes: dict[UUID, Cause] = field(default_factory=dict)
    promis: dict[UUID, Promis] = field(default_factory=dict)
    sequences: dict[Key, int] = field(default_factory=dict)

    def deposit(self, parcours: UUID, brique: str, type_: str, data: dict[str, Any], emitter: str) -> Event:
        """Received, decided and answered before the next one comes in."""
        rank = len(self.causes) + 1
        id_, received = _id(2 * rank + 10_000), T0 + timedelta(seconds=10 * rank)
        self.causes[id_] = Cause(emitter, f"m{rank}", rank, received, nomme_son_parcours=type_ != "usager.signale")
        event = self.tell(parcours, brique, type_, data, f"/partenaires/{emitter}", id_, "2020-01-01T00:00:00Z")
        regle_a = received + timedelta(seconds=1)
        self.promis[event.id] = Promis(event.id, parcours, brique, self.causes[id_], regle_a)
        return event

    def follow(self, event: Event, brique: str, type_: str, data: dict[str, Any]) -> Event:
        """What a service says because of another brique's event."""
        instant = T0 + timedelta(seconds=10 * len(self.causes) + 2)
        return self.tell(event.agregat, brique, type_, data, f"/services/{brique}", event.id, instant.isoformat())

    def fall_due(self, parcours: UUID, brique: str, type_: str, data: dict[str, Any]) -> Event:
        instant = T0 + timedelta(seconds=10 * len(self.causes) + 3)
        return self.tell(
            parcours, brique, type_, data, f"/services/{brique}", uuid5(parcours, type_), instant.isoformat()
        )

    def avancements(self) -> dict[Key, Avancement]:
        """Each service has heard all that the others said."""
        parcours = {event.agregat for event in self.events}
        return {
            (brique, one): Avancement(
                self.sequences.get((brique, one), 0),
                {sibling: self.sequences.get((sibling, one), 0) for sibling in BRIQUES if sibling != brique},
            )
            for brique in BRIQUES
            for one in parcours
        }

    def tell(
        self, parcours: UUID, brique: str, type_: str, data: dict[str, Any], source: str, cause: UUID, time: str
    ) -> Event:
        key = (brique, parcours)
        self.sequences[key] = sequence = self.sequences.get(key, 0) + 1
        body = {"source": source, "departement": "59", "time": time, "data": data, "causeid": str(cause)}
        event = Event(_id(len(self.events) + 1), type_, brique, parcours, sequence, body, 1)
        self.events.append(event)
        return event


@dataclass
class Books:
    """What the fan-out keeps, in memory: batch after batch, as `fanout` writes it."""

    history: History
    participants: dict[UUID, Roles] = field(default_factory=dict)
    positions: dict[Key, int] = field(default_factory=dict)
    told: set[UUID] = field(default_factory=set)
    held: dict[UUID, tuple[Event, Attend]] = field(default_factory=dict)
    opposed: set[UUID] = field(default_factory=set)
    territoires: dict[UUID, str] = field(default_factory=dict)
    forgotten: set[UUID] = field(default_factory=set)
    received: list[tuple[str, UUID, str, frozenset[str]]] = field(default_factory=list)
    nobody: dict[UUID, SansDestinataire] = field(default_factory=dict)
    services_answer: bool = True

    def take(self, batch: Sequence[Event]) -> None:
        named = {one for event in batch for one in concernes(event)}
        known = [*batch, *(event for event, _ in self.held.values() if not named.isdisjoint(concernes(event)))]
        promis = [p for id_, p in self.history.promis.items() if id_ not in self.told]
        ordre = Ordre(
            self.positions,
            self.history.causes,
            promis,
            self.told,
            oublies=frozenset(self.forgotten),
            avancements=self.history.avancements() if self.services_answer else {},
        )
        taken, later = ordre.tour(known, LATER)
        distribution = Distribution(
            Known(),
            self.participants,
            [],
            {},
            forgotten=frozenset(self.forgotten),
            opposed=self.opposed,
            territoires=self.territoires,
        )
        for event in taken:
            distribution.take(event)
        self.forgotten |= distribution.effaces.keys()
        self.received += [(d.partenaire, d.evenement, d.type, frozenset(d.roles)) for d in distribution.livraisons]
        self.nobody |= {one.evenement: one.motif for one in distribution.sans_destinataire}
        for event in known:
            self.held.pop(event.id, None)
        self.held |= {event.id: (event, attend) for event, attend in later}

    def accounted(self) -> set[UUID]:
        return {evenement for _, evenement, _, _ in self.received} | self.nobody.keys()

    def of_deposits(self) -> tuple[list[Any], dict[UUID, SansDestinataire]]:
        """Who received what partners deposited, and what is told of it to those who enter. When the hub says something
        by itself is known to nobody but the service that says it: whoever enters or leaves then may or may not hear."""
        own = {event.id for event in self.history.events if event.body["source"].startswith("/services/")}
        received = sorted(one for one in self.received if one[1] not in own)
        return received, {id_: motif for id_, motif in self.nobody.items() if id_ not in own}


def _id(number: int) -> UUID:
    """In the order of the numbers, like the ids of the hub, and of their version."""
    return UUID(int=number << 90 | 7 << 76 | 2 << 62)


@st.composite
def histories(draw: st.DrawFn) -> History:
    history = History()
    for parcours in (P, Q):
        history.deposit(parcours, OUVREUR, "usager.signale", SIGNALE, "caf-59")
    living = [P, Q]
    for _ in range(draw(st.integers(1, 12))):
        parcours, (brique, type_, data) = draw(st.sampled_from(living)), draw(st.sampled_from(STEPS))
        if type_ == EFFACEMENT and len(living) == 2:  # nothing more is accepted of it
            living.remove(parcours)
        elif type_ == EFFACEMENT:
            continue
        event = history.deposit(parcours, brique, type_, data, draw(st.sampled_from(EMITTERS)))
        if draw(st.booleans()):
            history.follow(event, "engagements", "contrat.a-resigner", {"cause": "reorientation"})
        if draw(st.integers(0, 4)) == 0:
            history.fall_due(parcours, "engagements", "engagement.retard", {"date_echeance": "2026-04-01"})
    if len(living) == 2 and draw(st.booleans()):
        history.deposit(P, OUVREUR, "usager.fusionne", {"conserve": str(P), "absorbes": [str(Q)]}, "cd-59")
    return history


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_any_interleaving_of_the_briques_gives_the_same_receivers(history: History, data: st.DataObject) -> None:
    expected = Books(history)
    for event in history.events:
        expected.take([event])
    again = data.draw(st.lists(st.sampled_from(history.events), max_size=5))
    shuffled = data.draw(st.permutations([*history.events, *again]))
    books, rest = Books(history), list(shuffled)

    while rest:
        size = data.draw(st.integers(1, len(rest)))
        books.services_answer = data.draw(st.booleans())
        books.take(rest[:size])
        rest = rest[size:]
    books.services_answer = True
    books.take([event for event, _ in books.held.values()])

    assert not books.held
    assert books.participants == expected.participants
    assert books.of_deposits() == expected.of_deposits()
    assert books.accounted() >= {event.id for event in history.events if event.agregat not in books.forgotten}


@given(histories())
def test_every_event_has_receivers_or_says_why_not(history: History) -> None:
    books = Books(history)

    books.take(history.events)

    assert books.accounted() >= {event.id for event in history.events if event.agregat not in books.forgotten}


def opened() -> tuple[History, Ordre]:
    history = History()
    signale = history.deposit(P, OUVREUR, "usager.signale", SIGNALE, "caf-59")
    return history, Ordre({(OUVREUR, P): 1}, history.causes, dits={signale.id})


def waits(ordre: Ordre, event: Event, now: datetime = LATER) -> Attend | None:
    taken, later = ordre.tour([event], now)
    assert bool(taken) != bool(later)
    return later[0][1] if later else None


def test_an_event_waits_for_what_its_brique_told_before_it() -> None:
    history, ordre = opened()
    decidee = history.deposit(P, "orientation", "orientation.decidee", DECISION, "cd-59")
    close = history.deposit(P, "orientation", "orientation.close", FIN, "cd-59")

    assert waits(replace(ordre), close) is Attend.SUITE
    assert waits(replace(ordre, positions={**ordre.positions, decidee.key: 1}), close) is None


def test_an_event_waits_for_what_opens_its_parcours() -> None:
    history, _ = opened()
    demandee = history.follow(history.events[0], "orientation", "orientation.demandee", {})

    assert waits(Ordre(), demandee) is Attend.OUVERTURE
    assert waits(Ordre({(OUVREUR, P): 1}, dits={history.events[0].id}), demandee) is None


def test_an_event_waits_for_the_one_that_led_to_it_and_not_for_ever() -> None:
    history, ordre = opened()
    decidee = history.deposit(P, "orientation", "orientation.decidee", DECISION, "cd-59")
    resigner = history.follow(decidee, "engagements", "contrat.a-resigner", {})
    long_held = {resigner.id: LATER - LONGEST_WAIT}

    assert waits(replace(ordre), resigner) is Attend.CAUSE
    assert waits(replace(ordre, retenus_depuis=long_held), resigner) is None


@pytest.mark.parametrize(("is_together", "expected"), [(False, Attend.PRECEDENT), (True, Attend.PRECEDENT)])
def test_an_event_waits_for_what_was_accepted_before_its_deposit(is_together: bool, expected: Attend) -> None:
    """Also when both were received in one batch, of which the second waited for the first."""
    history, ordre = opened()
    designe = history.deposit(P, "referents", "referent.designe", REFERENT | {"structure": SIRET}, "cd-59")
    contrat = history.deposit(P, "engagements", "contrat.clos", {"date": "2026-03-02", "motif": "x"}, "cd-59")
    promis = history.promis[designe.id]
    if is_together:
        promis = replace(promis, regle_a=LATER)

    ordre.promis = [promis]

    assert waits(ordre, contrat) is expected


def test_what_fell_due_waits_for_what_was_settled_before_it_and_for_nothing_later() -> None:
    history, ordre = opened()
    designe = history.deposit(P, "referents", "referent.designe", REFERENT | {"structure": SIRET}, "cd-59")
    dessaisie = history.fall_due(P, "orientation", "orientation.dessaisie", {})
    ordre = replace(ordre, positions={**ordre.positions, designe.key: 1}, avancements=history.avancements())
    told_at, settled = datetime.fromisoformat(dessaisie.body["time"]), history.promis[designe.id]
    before, after = [replace(settled, regle_a=told_at + timedelta(seconds=apart)) for apart in (-1, 1)]

    assert waits(replace(ordre, promis=[before]), dessaisie) is Attend.PRECEDENT
    assert waits(replace(ordre, promis=[after]), dessaisie) is None


def rung() -> tuple[Event, Event, Event, Ordre]:
    """A decision that was told, the end of the référent to which it led, and what a clock says because of it."""
    history, ordre = opened()
    decidee = history.deposit(P, "orientation", "orientation.decidee", DECISION, "cd-59")
    termine = history.follow(decidee, "referents", "referent.termine", FIN)
    due = history.fall_due(P, "engagements", "reexamen.du", {})
    ordre = replace(
        ordre,
        positions={**ordre.positions, decidee.key: 1},
        dits={*ordre.dits, decidee.id},
        avancements=history.avancements(),
    )
    return decidee, termine, due, ordre


def said(ordre: Ordre, brique: str, dit: int, **entendu: int) -> Ordre:
    """The same, where this service is elsewhere."""
    heard = ordre.avancements[brique, P].entendu
    return replace(ordre, avancements={**ordre.avancements, (brique, P): Avancement(dit, {**heard, **entendu})})


@pytest.mark.parametrize("brique", BRIQUES)
def test_what_a_clock_says_waits_for_the_answer_of_each_other_service(brique: str) -> None:
    _, termine, due, ordre = rung()
    silent = {key: one for key, one in ordre.avancements.items() if key[0] != brique}

    taken, _ = replace(ordre, avancements=silent).tour([due, termine], LATER)

    assert taken == ([termine, due] if brique == due.brique else [termine])


def test_what_a_clock_says_waits_until_each_service_has_heard_what_led_to_it() -> None:
    decidee, _, due, ordre = rung()

    assert waits(said(ordre, "referents", 0, **{decidee.brique: 0}), due) is Attend.REPOS
    assert waits(said(ordre, "referents", 0), due) is None


def test_what_a_clock_says_waits_until_what_followed_is_told() -> None:
    _, termine, due, ordre = rung()

    assert waits(ordre, due) is Attend.REPOS
    assert waits(replace(ordre, positions={**ordre.positions, termine.key: 1}), due) is None
    assert ordre.tour([due, termine], LATER) == ([termine, due], [])


def test_what_a_clock_says_does_not_wait_for_what_waits_for_it() -> None:
    """What another service concluded from it; and what another clock says, which waits as well."""
    history, ordre = opened()
    due = history.fall_due(P, "engagements", "reexamen.du", {})
    concluded = history.follow(due, "orientation", "orientation.close", FIN)
    other = history.fall_due(P, "referents", "suivi.effectif", {"structure": None, "accompagnants": []})
    ordre = replace(ordre, avancements=history.avancements())

    assert replace(ordre).tour([concluded, other, due], LATER) == ([due, concluded, other], [])


def test_what_a_clock_says_passes_over_what_an_operator_discarded() -> None:
    _, termine, due, ordre = rung()

    assert waits(replace(ordre, ecartes={(termine.key, termine.sequence)}), due) is None


def test_what_a_clock_says_does_not_wait_for_ever_for_a_service_that_is_gone() -> None:
    _, _, due, ordre = rung()
    gone = replace(ordre, avancements={})
    held_for = [{due.id: LATER - LONGEST_WAIT + timedelta(seconds=apart)} for apart in (1, 0)]

    assert waits(replace(gone, retenus_depuis=held_for[0]), due) is Attend.REPOS
    assert waits(replace(gone, retenus_depuis=held_for[1]), due) is None


class Everywhere(Known):
    """Each partner is of each territory and structure."""

    def du_territoire(self, departement: str, types: Iterable[str]) -> list[Partenaire]:
        return super().du_territoire("59", types)

    def de_la_structure(self, systeme: str, valeur: str) -> list[Partenaire]:
        return super().de_la_structure(SIRET["systeme"], SIRET["valeur"])


@pytest.mark.parametrize("nom", [nom for nom, message in CATALOGUE.items() if message.brique not in BRIQUES])
def test_a_service_that_is_not_asked_lets_nobody_in_or_out(nom: str) -> None:
    body = {"data": exemple_valide(nom)["data"], "departement": "59", "source": "/partenaires/cd-59"}
    event = Event(UUID(int=1), nom, CATALOGUE[nom].brique, P, 1, body, 1)
    inside = {P: {"ml-lille": frozenset(Role), "cd-59": frozenset(Role)}}

    assert effets(event, Everywhere(), inside, signalants=frozenset({"caf-59"})) == []


def test_what_is_set_aside_holds_all_of_its_parcours_and_nothing_else() -> None:
    history, ordre = opened()
    parked = history.deposit(P, "orientation", "orientation.decidee", DECISION, "cd-59")
    same_brique = history.deposit(P, "orientation", "orientation.close", FIN, "cd-59")
    other_brique = history.deposit(P, "referents", "referent.termine", FIN, "cd-59")
    elsewhere = history.deposit(Q, OUVREUR, "usager.signale", SIGNALE, "caf-59")
    ordre.parques = {P: {parked.id}}

    taken, later = ordre.tour([same_brique, other_brique, elsewhere], LATER)

    assert taken == [elsewhere]
    assert later == [(same_brique, Attend.REBUT), (other_brique, Attend.REBUT)]
    assert waits(ordre, parked) is None


def test_what_an_operator_discarded_is_passed_over() -> None:
    history, ordre = opened()
    discarded = history.deposit(P, "orientation", "orientation.decidee", DECISION, "cd-59")
    following = history.deposit(P, "orientation", "orientation.close", FIN, "cd-59")

    assert waits(replace(ordre), following) is Attend.SUITE
    assert waits(replace(ordre, ecartes={(discarded.key, discarded.sequence)}), following) is None


def test_an_erasure_waits_for_nothing_that_was_set_aside() -> None:
    history, ordre = opened()
    parked = history.deposit(P, OUVREUR, "droits.modifies", DROITS, "cd-59")
    efface = history.deposit(P, OUVREUR, "usager.efface", {"motif": "Demande."}, "cd-59")
    late = history.deposit(P, "orientation", "orientation.close", FIN, "cd-59")
    ordre.parques = {P: {parked.id}}

    taken, later = ordre.tour([efface, late], LATER)

    assert taken == [efface, late]
    assert later == []


@pytest.mark.parametrize("batches", [[3], [2, 1]])
def test_what_follows_an_erasure_brings_nobody_in(batches: list[int]) -> None:
    """In its batch, and in a later one."""
    history = History()
    history.deposit(P, OUVREUR, "usager.signale", SIGNALE, "caf-59")
    history.deposit(P, OUVREUR, "usager.efface", {"motif": "Demande."}, "cd-59")
    late = history.deposit(P, "orientation", "orientation.decidee", DECISION, "cd-59")
    books, events = Books(history), iter(history.events)

    for size in batches:
        books.take(list(itertools.islice(events, size)))

    assert books.nobody[late.id] is SansDestinataire.EFFACEMENT
    assert "ml-lille" not in {partenaire for partenaire, _, _, _ in books.received}
    assert books.participants[P] == {}
