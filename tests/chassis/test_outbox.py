"""From facts to the stream: every fact once, in order, also after the stream was deleted or lost messages."""

import asyncio
from uuid import uuid4

import pytest

from chassis.bus import StreamMissing
from chassis.depots import Engine
from chassis.outbox import Outbox
from tests.chassis.counter import BRIQUE, NOM, deposit
from tests.engines import Bench, delete_stream

pytestmark = pytest.mark.anyio


class Setup:
    """An engine, its outbox and the connection that leads it."""

    def __init__(self, banc: Bench) -> None:
        self.banc = banc

    async def open(self) -> "Setup":
        process = await self.banc.process(NOM, NOM)
        self.pool = process.pool
        self.outbox = Outbox(NOM, "PARCOURS", process.pool, process.bus)
        self.engine = Engine(BRIQUE, process.pool, on_facts=self.outbox.wake)
        return self

    async def facts(self, number: int) -> list[str]:
        agregat = uuid4()
        reponses = await self.engine.decide([deposit(agregat, 1) for _ in range(number)])
        return [str(fait.id) for reponse in reponses for fait in reponse.faits]

    async def stored(self) -> set[str]:
        return set((await self.banc.bus.stored("PARCOURS", ["parcours.>"], "essai")).values())


@pytest.fixture
async def setup(banc: Bench) -> Setup:
    return await Setup(banc).open()


async def test_facts_are_published_once_in_their_order(setup: Setup) -> None:
    ids = await setup.facts(20)

    async with setup.pool.acquire() as conn:
        published = [await setup.outbox.relay(conn), await setup.outbox.relay(conn)]

    assert published == [20, 0]
    assert await setup.stored() == set(ids)
    rows = await setup.pool.fetch("SELECT id FROM faits ORDER BY publie_seq")
    assert [str(row["id"]) for row in rows] == ids


async def test_a_deleted_stream_is_made_again_and_filled(setup: Setup) -> None:
    ids = await setup.facts(10)
    async with setup.pool.acquire() as conn:
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        await delete_stream(setup.banc.bus, "PARCOURS")

        republished = await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)

    assert republished == 10
    assert await setup.stored() == set(ids)


async def test_a_message_lost_in_the_middle_is_published_again(setup: Setup) -> None:
    ids = await setup.facts(5)
    async with setup.pool.acquire() as conn:
        await setup.outbox.relay(conn)
        await setup.outbox.reconcile(conn)
        lost = await conn.fetchval("SELECT publie_seq FROM faits WHERE sequence = 3")
        await setup.banc.bus.delete("PARCOURS", lost)

        republished = await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)

    assert republished == 1
    assert await setup.stored() == set(ids)


async def test_what_could_not_be_published_stays_and_goes_out_later(setup: Setup) -> None:
    await setup.facts(3)
    await delete_stream(setup.banc.bus, "PARCOURS")

    async with setup.pool.acquire() as conn:
        with pytest.raises(StreamMissing):
            await setup.outbox.relay(conn)
        await setup.outbox.reconcile(conn)
        assert await setup.outbox.relay(conn) == 3


async def test_one_replica_leads_and_another_takes_over(setup: Setup) -> None:
    other = Outbox(NOM, "PARCOURS", setup.pool, setup.banc.bus)
    stops = [asyncio.Event(), asyncio.Event()]
    running = [asyncio.create_task(outbox.run(stop)) for outbox, stop in zip((setup.outbox, other), stops, strict=True)]
    first = await setup.facts(2)
    await asyncio.sleep(0.5)

    stops[0].set()
    await running[0]
    second = await setup.facts(2)
    await asyncio.sleep(2.5)

    stops[1].set()
    await running[1]
    assert await setup.stored() == {*first, *second}
    assert await setup.pool.fetchval("SELECT count(*) FROM faits WHERE publie_seq IS NULL") == 0


async def test_a_leader_that_is_interrupted_gives_the_lead_back(setup: Setup) -> None:
    held = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
    leading = asyncio.create_task(setup.outbox.run(asyncio.Event()))
    await asyncio.sleep(0.5)
    before = await setup.pool.fetchval(held)

    leading.cancel()
    await asyncio.wait([leading])

    assert (before, await setup.pool.fetchval(held)) == (1, 0)
