"""The batch engine on PostgreSQL: decisions in order, poison that disturbs no neighbour, no effect twice."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest

from chassis import ledger, service
from chassis.database import Pool
from chassis.decision import Refus
from chassis.depots import Engine
from tests.chassis.counter import BRIQUE, LIMIT, NOM, NOW, CounterEngine, deposit
from tests.engines import Bench

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
    parked = await pool.fetch("SELECT id, raison, entree -> 'donnees' AS donnees FROM rebut")
    assert [tuple(row) for row in parked] == [(poison.id, "ZeroDivisionError", {})]


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
    assert await pool.fetchval("SELECT sum((donnees ->> 'plus')::int) FROM faits") == 20


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

    assert await process.pool.fetchval("SELECT sum((donnees ->> 'plus')::int) FROM faits") == 51


async def test_an_answer_crosses_the_bus_as_json(engine: CounterEngine) -> None:
    agregat = uuid4()

    reponse = (await engine.decide([deposit(agregat, 1)]))[0]
    evenement = orjson.loads(orjson.dumps(reponse.en_json()))["faits"][0]

    assert evenement["type"] == "fr.insertion.compteur.augmente.v1"
    assert (evenement["subject"], evenement["sequence"], evenement["source"]) == (str(agregat), 1, "/partenaires/cd-59")
