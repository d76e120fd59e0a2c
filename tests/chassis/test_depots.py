"""The batch engine on PostgreSQL: decisions in order, poison that disturbs no neighbour, no effect twice."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from structlog.testing import capture_logs

from chassis import ledger
from chassis.bus import Message, Unavailable
from chassis.database import Connection, Pool
from chassis.decision import Refus
from chassis.depots import Engine
from chassis.facts import FaitEnregistre
from chassis.ordering import RETRY_S, Event
from services import service
from tests.chassis import counter
from tests.chassis.counter import BRIQUE, LIMIT, NOM, NOW, SCEAUX, CounterEngine, deposit
from tests.engines import Bench
from tests.services.ouvert import dits

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    return await banc.pool("orientation")


@pytest.fixture
def engine(pool: Pool) -> CounterEngine:
    return Engine(BRIQUE, pool, on_facts=lambda: None, clock=lambda: NOW)


async def test_messages_of_one_aggregate_are_decided_in_their_order(engine: CounterEngine, pool: Pool) -> None:
    agregat = uuid4()

    reponses = await engine.decide([deposit(agregat, 60), deposit(agregat, 60), deposit(agregat, 40)])

    assert [r.etat for r in reponses] == ["accepte", "refuse", "accepte"]
    assert [f.sequence for r in reponses for f in r.faits] == [1, 2]


async def test_a_refusal_explains_itself_and_is_recorded(engine: CounterEngine, pool: Pool) -> None:
    entree = deposit(uuid4(), LIMIT + 1)

    first = (await engine.decide([entree]))[0]
    again = (await engine.decide([entree]))[0]

    assert first.refus == Refus("etat-interdit", "/data/plus", {"total": 0})
    assert again.refus == first.refus


async def test_the_same_entry_again_gets_the_same_facts_and_no_effect(engine: CounterEngine, pool: Pool) -> None:
    entree = deposit(uuid4(), 10)

    first = (await engine.decide([entree]))[0]
    again = await engine.decide([entree, entree])

    assert [r.faits[0].id for r in again] == [first.faits[0].id] * 2
    assert await pool.fetchval("SELECT count(*) FROM faits") == 1


async def test_poison_is_parked_alone_without_its_content(engine: CounterEngine, pool: Pool) -> None:
    poison = deposit(uuid4(), 66)

    reponses = await engine.decide([deposit(uuid4(), 1), poison, deposit(uuid4(), 2)])

    assert [r.etat for r in reponses] == ["accepte", "rebut", "accepte"]
    parked = await pool.fetch("SELECT id, raison, entree FROM rebut")
    assert [tuple(row) for row in parked] == [(poison.id, "ZeroDivisionError", {"brique": None, "sequence": None})]
    await pool.execute("UPDATE rebut SET etat = 'a-reprendre', nature = 'evenement'")
    async with pool.acquire() as conn:
        assert [entree.donnees for entree in await ledger.redriven(conn, SCEAUX, 9)] == [{}]


async def test_what_is_parked_holds_its_aggregate_and_no_other(engine: CounterEngine, pool: Pool) -> None:
    agregat = uuid4()
    first, poison, second, third = (deposit(agregat, plus) for plus in (1, 66, 2, 3))

    together = await engine.decide([first, poison, second, deposit(uuid4(), 1)])
    later = await engine.decide([second, third, deposit(uuid4(), 1)])

    assert [r.etat for r in together] == ["accepte", "rebut", "attente", "accepte"]
    assert [r.etat for r in later] == ["attente", "attente", "accepte"]


async def test_what_is_parked_is_not_tried_again_before_somebody_asks(engine: CounterEngine, pool: Pool) -> None:
    poison = deposit(uuid4(), 66)
    await engine.decide([poison])

    again = await engine.decide([poison, deposit(uuid4(), 1)])

    assert [r.etat for r in again] == ["rebut", "accepte"]
    assert await pool.fetchval("SELECT echecs FROM rebut") == 1


async def test_what_is_tried_again_is_decided_in_its_place_then_what_it_held(
    engine: CounterEngine, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    agregat = uuid4()
    poison, held = deposit(agregat, 66), deposit(agregat, 1)
    await engine.decide([poison, held])
    await pool.execute("UPDATE rebut SET etat = 'a-reprendre'")

    still_sick = await engine.decide([poison, held])
    await pool.execute("UPDATE rebut SET etat = 'a-reprendre'")
    monkeypatch.setattr(counter, "POISON", 67)
    cured = [*await engine.decide([poison]), *await engine.decide([held])]

    assert [r.etat for r in still_sick] == ["rebut", "attente"]
    assert [r.etat for r in cured] == ["accepte", "accepte"]
    assert [f.donnees["plus"] for r in cured for f in r.faits] == [66, 1]
    assert [tuple(r) for r in await pool.fetch("SELECT etat, echecs, entree FROM rebut")] == [("repris", 2, {})]


async def test_an_event_set_aside_keeps_its_place_and_is_taken_up_when_asked(
    banc: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await banc.process(NOM, NOM)
    engine = Engine(BRIQUE, process.pool, on_facts=lambda: None, clock=lambda: NOW)
    listener, due = service.Listener(engine, process, lambda: NOW), service.DueDates(engine, process, lambda: NOW)
    agregat = uuid4()
    poison, follower = (told(agregat, sequence, plus) for sequence, plus in ((1, 66), (2, 1)))

    first = await listener.handle([poison, follower])
    monkeypatch.setattr(counter, "POISON", 67)
    held = await listener.handle([follower])
    await process.pool.execute("UPDATE rebut SET etat = 'a-reprendre'")
    fired = await due.fire()
    freed = await listener.handle([follower])

    assert (first, held, fired, freed) == ([None, RETRY_S], [RETRY_S], 1, [None])
    assert [donnees["plus"] for donnees in await dits(process.pool, SCEAUX)] == [66, 1]
    assert await process.pool.fetchval("SELECT sequence FROM positions") == 2


async def test_a_reader_notes_its_place_with_what_it_did_and_nothing_else(banc: Bench) -> None:
    """What comes again (no acknowledgement arrived, a stream was published again) changes nothing."""
    listener, pool = await listening(banc)
    agregat = uuid4()
    messages = [told(agregat, sequence, 1) for sequence in (1, 2, 3)]

    first = await listener.handle(messages)
    again = await listener.handle([*messages, told(agregat, 4, 1)])

    assert (first, again) == ([None] * 3, [None] * 4)
    assert [row["sequence"] for row in await pool.fetch("SELECT sequence FROM positions")] == [4]
    assert await pool.fetchval("SELECT count(*) FROM faits") == 4
    assert await pool.fetchval("SELECT count(*) FROM entrees") == 0


async def test_two_replicas_that_read_the_same_events_have_one_effect(banc: Bench) -> None:
    """Both believe that they are the first: a parcours that neither has read, then one that both have."""
    process = await banc.process(NOM, NOM)
    here, there = (Engine(BRIQUE, process.pool, on_facts=lambda: None, clock=lambda: NOW) for _ in range(2))
    agregats = [uuid4() for _ in range(10)]
    listener = service.Listener(here, process, lambda: NOW)
    for since in (1, 4):
        entrees = [
            listener._entree(event)
            for agregat in agregats
            for sequence in range(since, since + 3)
            for event in [Event.read(told(agregat, sequence, 1))]
        ]
        await asyncio.gather(
            here.decide(entrees), there.decide(list(entrees)), there.decide([e for e in entrees if e.sequence == since])
        )

    total = sum(donnees["plus"] for donnees in await dits(process.pool, SCEAUX))
    assert total == len(agregats) * 6
    assert await process.pool.fetchval("SELECT min(sequence) FROM positions") == 6


async def test_what_is_parked_of_an_erased_aggregate_goes_with_it(engine: CounterEngine, pool: Pool) -> None:
    erased, other = deposit(uuid4(), 66), deposit(uuid4(), 66)
    await engine.decide([erased, other])

    async with pool.acquire() as conn:
        await ledger.forget(conn, {erased.agregat or uuid4(): None})

    assert [row["id"] for row in await pool.fetch("SELECT id FROM rebut")] == [other.id]


async def test_due_dates_that_are_held_hide_no_other(engine: CounterEngine, pool: Pool) -> None:
    sick, well = uuid4(), uuid4()
    await engine.decide([deposit(sick, 50), deposit(well, 50), deposit(sick, 66)])

    async with pool.acquire() as conn:
        due = await conn.fetch(ledger.DUE, NOW + timedelta(hours=1), 1)

    assert [row["agregat"] for row in due] == [well]


GARBAGE = [
    b"",
    b"{",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"12",
    b'"text"',
    b"{}",
    b'{"id": 3}',
    b'{"id": "a", "type": [], "brique": {}, "subject": "b", "sequence": "c"}',
]
TWISTS: list[dict[str, Any]] = [
    {"data": []},
    {"data": None},
    {"sequence": "1"},
    {"sequence": 0},
    {"sequence": True},
    {"sequence": 2**40},
    {"sequence": 1.0},
    {"brique": "orientation"},
    {"subject": "01890000-0000-7000-8000-0000000000ff"},
    {"departement": 59},
    {"departement": "62"},
    {"type": "fr.insertion.autre.v1"},
    {"time": "hier"},
    {"time": None},
    {"source": None},
    {"id": "x"},
]


@pytest.mark.parametrize("body", GARBAGE)
async def test_a_message_that_is_no_event_stops_nothing(banc: Bench, body: bytes) -> None:
    listener, pool = await listening(banc)
    garbage = Message("parcours.59.usagers.x.y", body, 7, 1)

    verdicts = await listener.handle([garbage, told(uuid4(), 1, 1), garbage])

    assert verdicts == [None, None, None]
    assert await pool.fetchval("SELECT count(*) FROM faits") == 1
    rows = await pool.fetch("SELECT nature, agregat, entree FROM rebut")
    where = {"sujet": garbage.subject, "place": 7, "octets": len(body)}
    assert [tuple(row) for row in rows] == [("illisible", None, where)]


async def test_what_a_decision_led_to_is_read_under_one_subject(banc: Bench) -> None:
    listener, pool = await listening(banc)
    agregat = uuid4()
    first, second = told(agregat, 1, 1), told(agregat, 2, 1)
    subject = first.subject.replace("augmente", "augmente+autre")

    verdicts = await listener.handle([replace(one, subject=subject) for one in (first, second)])

    assert verdicts == [None, None]
    assert await pool.fetchval("SELECT count(*) FROM faits") == 2


@pytest.mark.parametrize("twist", TWISTS, ids=str)
async def test_an_event_that_says_two_things_stops_nothing(banc: Bench, twist: dict[str, Any]) -> None:
    listener, pool = await listening(banc)
    good = told(uuid4(), 1, 1)
    twisted = replace(good, body=orjson.dumps(orjson.loads(good.body) | {"id": str(uuid4())} | twist))

    verdicts = await listener.handle([twisted, good])

    assert verdicts == [None, None]
    assert await pool.fetchval("SELECT count(*) FROM faits") == 1
    assert await pool.fetchval("SELECT nature FROM rebut") == "illisible"


@pytest.mark.parametrize("subject", ["depot.orientation", "lecture.orientation.total"])
async def test_a_request_that_cannot_be_read_is_answered_at_once(banc: Bench, subject: str) -> None:
    async def total(conn: Connection, asked: Any) -> Any:
        return asked["agregat"]

    process = await banc.process(NOM, NOM)
    await service.connect(service.Service(BRIQUE, lectures={"total": total}), process)
    await banc.reach(subject)
    broken = [body for body in GARBAGE if body != b"[]"] + [b'[{"id": "x"}]', b"[[]]", b'[{"id": "", "type": 4}]']

    with capture_logs():  # the console of tests draws each traceback in the loop that answers: seconds
        for body in broken:
            with pytest.raises(Unavailable, match="Error"):
                await banc.bus.request(subject, body, timeout_s=2)


async def test_a_service_says_how_far_it_is_with_each_parcours(banc: Bench) -> None:
    process, known, unknown = await banc.process(NOM, NOM), uuid4(), uuid4()
    engine = await service.connect(service.Service(BRIQUE), process)
    await banc.reach(f"lecture.{NOM}.avancement")
    await service.Listener(engine, process, lambda: NOW).handle([told(known, 1, 1), told(known, 2, 1)])
    await engine.decide([deposit(known, 1)])

    asked = orjson.dumps({"parcours": [str(known), str(unknown)]})
    answer = orjson.loads(await banc.bus.request(f"lecture.{NOM}.avancement", asked, timeout_s=5))

    heard = {known: {"usagers": 2}, unknown: {"usagers": 0}}
    assert {UUID(one): told["entendu"] for one, told in answer.items()} == heard
    assert [answer[str(one)]["dit"] for one in heard] == [3, 0]


async def test_a_service_says_where_its_facts_are_and_how_far_it_has_read(banc: Bench) -> None:
    process, known = await banc.process(NOM, NOM), uuid4()
    engine = await service.connect(service.Service(BRIQUE), process)
    await banc.reach(f"lecture.{NOM}.avancement")
    await engine.decide([deposit(known, 1)])
    read = await banc.bus.publish("PARCOURS", told(known, 1, 1).subject, "un", told(known, 1, 1).body)
    asked = orjson.dumps({"parcours": [str(known)]})

    async with asyncio.timeout(10):
        while True:
            answer = orjson.loads(await banc.bus.request(f"lecture.{NOM}.avancement", asked, timeout_s=5))[str(known)]
            if answer["entendu"] == {"usagers": 1} and answer["place"] and answer["lu"] >= read:
                break
            await asyncio.sleep(0.05)

    assert answer["place"] == await process.pool.fetchval("SELECT max(publie_seq) FROM faits")


async def listening(banc: Bench) -> tuple[service.Listener, Pool]:
    process = await banc.process(NOM, NOM)
    engine = Engine(BRIQUE, process.pool, on_facts=lambda: None, clock=lambda: NOW)
    return service.Listener(engine, process, lambda: NOW), process.pool


def told(agregat: UUID, sequence: int, plus: int) -> Message:
    fait = FaitEnregistre(
        id=uuid4(),
        brique="usagers",
        type="usager.corrige",
        agregat=agregat,
        sequence=sequence,
        partition="59",
        donnees={"plus": plus},
        source="/services/usagers",
        survenu_a=NOW,
        cause=uuid4(),
        correlation=None,
        trace=None,
    )
    return Message(fait.sujet, orjson.dumps(fait.evenement()), sequence, 1)


async def test_what_follows_an_undecided_entry_waits_with_it(engine: CounterEngine) -> None:
    agregat = uuid4()

    reponses = await engine.decide([deposit(agregat, 13), deposit(agregat, 1), deposit(uuid4(), 1)])

    assert [r.etat for r in reponses] == ["attente", "attente", "accepte"]


async def test_a_stale_expected_version_is_refused(engine: CounterEngine) -> None:
    agregat = uuid4()
    await engine.decide([deposit(agregat, 1), deposit(agregat, 1)])

    stale, current = await engine.decide(
        [deposit(agregat, 1, sequence_attendue=1), deposit(agregat, 1, sequence_attendue=2)]
    )

    assert stale.refus == Refus("version-perimee", "/versionattendue", {"sequence": 2})
    assert current.etat == "accepte"


async def test_two_replicas_given_the_same_entries_have_one_effect(engine: CounterEngine, pool: Pool) -> None:
    other = Engine(BRIQUE, pool, on_facts=lambda: None, clock=lambda: NOW)
    agregat = uuid4()
    entrees = [deposit(agregat, 1) for _ in range(20)]

    here, there = await asyncio.gather(engine.decide(entrees), other.decide(list(reversed(entrees))))

    assert {r.etat for r in [*here, *there]} == {"accepte"}
    assert sum(donnees["plus"] for donnees in await dits(pool, SCEAUX)) == 20


async def test_due_dates_follow_the_state(engine: CounterEngine, pool: Pool) -> None:
    agregat = uuid4()

    await engine.decide([deposit(agregat, 50)])
    async with pool.acquire() as conn:
        at_fifty = await conn.fetch(ledger.DUE, NOW + timedelta(hours=1), 10)
    await engine.decide([deposit(agregat, 1)])

    assert [(row["agregat"], row["nature"]) for row in at_fifty] == [(agregat, "rappel")]
    assert await pool.fetchval("SELECT count(*) FROM echeances") == 0


async def test_what_waited_for_the_process_comes_before_what_time_does(
    banc: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_CATCH_UP_S", 1.0)
    process = await banc.process(NOM, NOM)
    engine = Engine(BRIQUE, process.pool, on_facts=lambda: None, clock=lambda: NOW)
    agregat, stop = uuid4(), asyncio.Event()
    await engine.decide([deposit(agregat, 50)])

    starting = asyncio.create_task(service.DueDates(engine, process, lambda: NOW + timedelta(hours=2)).run(stop))
    await asyncio.sleep(0.4)
    await engine.decide([deposit(agregat, 1)])  # 51 is not reminded of
    await asyncio.sleep(1)
    stop.set()
    await starting

    assert sum(donnees["plus"] for donnees in await dits(process.pool, SCEAUX)) == 51


async def test_an_answer_crosses_the_bus_as_json(engine: CounterEngine) -> None:
    agregat = uuid4()

    reponse = (await engine.decide([deposit(agregat, 1)]))[0]
    evenement = orjson.loads(orjson.dumps(reponse.en_json()))["faits"][0]

    assert evenement["type"] == "fr.insertion.compteur.augmente.v1"
    assert (evenement["subject"], evenement["sequence"], evenement["source"]) == (str(agregat), 1, "/partenaires/cd-59")
