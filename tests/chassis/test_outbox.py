"""From facts to the stream: every fact once, in order, also after the stream was deleted or lost messages."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest

from chassis import outbox
from chassis.bus import Message, StreamMissing
from chassis.bus_nats import NatsBus
from chassis.depots import Engine
from chassis.ordering import Event
from chassis.outbox import Outbox, next_window
from tests.chassis.counter import BRIQUE, NOM, SCEAUX, deposit
from tests.engines import Bench, delete_stream, purge_stream

pytestmark = pytest.mark.anyio


class Setup:
    """An engine, its outbox and the connection that leads it."""

    def __init__(self, banc: Bench) -> None:
        self.banc = banc

    async def open(self) -> "Setup":
        process = await self.banc.process(NOM, NOM)
        self.pool = process.pool
        self.outbox = Outbox(NOM, "PARCOURS", process.pool, process.bus, SCEAUX)
        self.engine = Engine(BRIQUE, process.pool, on_facts=self.outbox.wake)
        in_two = replace(BRIQUE, decider=lambda total, plus, now: [plus, plus])
        self.of_two = Engine(in_two, process.pool, on_facts=self.outbox.wake)
        return self

    async def facts(self, number: int) -> list[str]:
        agregat = uuid4()
        reponses = await self.engine.decide([deposit(agregat, 1) for _ in range(number)])
        return [str(fait.id) for reponse in reponses for fait in reponse.faits]

    async def stored(self) -> set[str]:
        return {id_ for ids in await self.messages() for id_ in ids.split(",")}

    async def messages(self) -> list[str]:
        """The ids that each message of the stream holds, in its order."""
        return list((await self.banc.bus.stored("PARCOURS", ["parcours.>"], "essai")).values())


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


async def test_the_facts_of_one_decision_are_one_message(setup: Setup) -> None:
    agregat = uuid4()
    both = (await setup.of_two.decide([deposit(agregat, 1)]))[0].faits
    [alone] = await setup.facts(1)

    async with setup.pool.acquire() as conn:
        published = await setup.outbox.relay(conn)

    assert published == 3
    assert await setup.messages() == [",".join(str(fait.id) for fait in both), alone]
    received = await read(setup, 2)
    assert [(event.id, event.sequence) for event in received] == [(fait.id, fait.sequence) for fait in both]
    assert [event.body.get("precedents") for event in received] == [None, "compteur.augmente=1"]


async def test_a_decision_is_not_cut_by_the_end_of_a_window(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_WINDOW", 1)
    relay = Outbox(NOM, "PARCOURS", setup.pool, setup.banc.bus, SCEAUX)
    await setup.of_two.decide([deposit(uuid4(), 1), deposit(uuid4(), 1)])

    async with setup.pool.acquire() as conn:
        published = await relay.relay(conn)

    assert published == 2
    assert [len(ids.split(",")) for ids in await setup.messages()] == [2]


async def test_a_decision_that_an_older_release_published_in_part_goes_on(setup: Setup) -> None:
    first, second = (await setup.of_two.decide([deposit(uuid4(), 1)]))[0].faits
    place = await setup.banc.bus.publish("PARCOURS", first.sujet, str(first.id), orjson.dumps(first.evenement()))
    async with setup.pool.acquire() as conn:
        await conn.execute("UPDATE faits SET publie_seq = $1 WHERE id = $2", place, first.id)
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        await setup.outbox.reconcile(conn)

    assert await setup.messages() == [str(first.id), str(second.id)]
    assert [event.id for event in await read(setup, 2)] == [first.id, second.id]


async def test_decisions_of_several_facts_are_compared_without_being_read_back(setup: Setup) -> None:
    await setup.of_two.decide([deposit(uuid4(), 1) for _ in range(5)])
    async with setup.pool.acquire() as conn:
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        await setup.outbox.reconcile(conn)
        whole = await conn.fetchval("SELECT surplus FROM transport")
        await conn.execute("UPDATE faits SET publie_seq = NULL WHERE publie_seq = (SELECT max(publie_seq) FROM faits)")
        noted = await setup.outbox.reconcile(conn)
        left = await setup.outbox.relay(conn)
        await setup.banc.bus.delete("PARCOURS", await conn.fetchval("SELECT min(publie_seq) FROM faits"))
        lost = await setup.outbox.reconcile(conn)

    assert (whole, noted, left, lost) == (0, 0, 0, 2)


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
    other = Outbox(NOM, "PARCOURS", setup.pool, setup.banc.bus, SCEAUX)
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


async def test_a_purge_is_noticed_at_the_next_look_and_repaired_in_order(setup: Setup) -> None:
    ids = await setup.facts(30)
    async with setup.pool.acquire() as conn:
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        await setup.outbox.reconcile(conn)
        await purge_stream(setup.banc.bus, "PARCOURS")

        republished = await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)

    assert republished == 30
    rows = await setup.pool.fetch("SELECT id FROM faits ORDER BY publie_seq")
    assert [str(row["id"]) for row in rows] == ids


@pytest.mark.parametrize("kept", [1, 7, 29])
async def test_a_purge_of_the_older_part_is_noticed(setup: Setup, kept: int) -> None:
    ids = await setup.facts(30)
    async with setup.pool.acquire() as conn:
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        await setup.outbox.reconcile(conn)
        await purge_stream(setup.banc.bus, "PARCOURS", keep=kept)

        republished = await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)

    assert republished == 30 - kept
    assert await setup.stored() == set(ids)


async def test_a_lost_tail_is_noticed_although_another_brique_published_since(setup: Setup) -> None:
    """What a store brought back from an older copy looks like: the same stream, without its end."""
    ids = await setup.facts(6)
    async with setup.pool.acquire() as conn:
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        await setup.outbox.reconcile(conn)
        await conn.execute("UPDATE faits SET publie_seq = publie_seq + 3")
        for number in range(9):
            await setup.banc.bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", str(number), b"")
        await purge_stream(setup.banc.bus, "PARCOURS", subject="parcours.59.orientation.>", keep=3)
        await conn.execute("UPDATE transport SET supprimes = 3")

        republished = await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)

    assert republished == 3
    assert set(ids) <= await setup.stored()


async def test_a_deletion_hidden_by_a_message_stored_twice_is_noticed(setup: Setup) -> None:
    ids = await setup.facts(5)
    async with setup.pool.acquire() as conn:
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        again = await conn.fetchval("SELECT id FROM faits WHERE sequence = 1")
        await setup.banc.bus.publish("PARCOURS", "parcours.59.orientation.x.a", str(again), b"{}")
        await conn.execute("UPDATE transport SET verifie_a = verifie_a - interval '2 hours'")
        await setup.outbox.reconcile(conn)
        await setup.banc.bus.delete("PARCOURS", await conn.fetchval("SELECT publie_seq FROM faits WHERE sequence = 3"))

        republished = await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)

    assert republished == 1
    assert set(ids) <= await setup.stored()


async def test_what_was_stored_without_an_answer_is_not_published_again(setup: Setup) -> None:
    first, second, third = await setup.facts(3)
    async with setup.pool.acquire() as conn:
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        await conn.execute("UPDATE faits SET publie_seq = NULL WHERE sequence > 1")

        republished = await setup.outbox.reconcile(conn)

        assert (republished, await setup.outbox.relay(conn)) == (0, 0)
    assert await setup.stored() == {first, second, third}


async def test_garbage_in_the_stream_stops_no_comparison(setup: Setup) -> None:
    ids = await setup.facts(3)
    async with setup.pool.acquire() as conn:
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        await setup.banc.bus._client.publish("parcours.59.orientation.x.a", b"garbage")
        await setup.banc.bus._client.flush()
        await setup.banc.bus.delete("PARCOURS", await conn.fetchval("SELECT max(publie_seq) FROM faits"))

        republished = await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)

    assert republished == 1
    assert await setup.stored() == {*ids, ""}


async def test_what_is_whole_is_not_read_back(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    await setup.facts(30)
    await setup.of_two.decide([deposit(uuid4(), 1) for _ in range(3)])
    starts: list[int] = []
    stored = NatsBus.stored

    async def watched(bus: NatsBus, stream: str, filters: Sequence[str], name: str, start: int = 1) -> dict[int, str]:
        starts.append(start)
        return await stored(bus, stream, filters, name, start)

    async with setup.pool.acquire() as conn:
        await setup.outbox.reconcile(conn)
        await setup.outbox.relay(conn)
        last = await conn.fetchval("SELECT max(publie_seq) FROM faits")
        monkeypatch.setattr(NatsBus, "stored", watched)
        for _ in range(2):
            other = await setup.banc.bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "other", b"")
            await setup.banc.bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "other", b"")
            await setup.banc.bus.delete("PARCOURS", other)
            await setup.outbox.reconcile(conn)
        await conn.execute("UPDATE transport SET verifie_a = verifie_a - interval '2 hours'")
        await setup.outbox.reconcile(conn)

    assert starts == [last] * 3


async def test_a_connection_that_came_back_is_compared_before_more_is_published(setup: Setup) -> None:
    stop = asyncio.Event()
    ids = await setup.facts(2)
    running = asyncio.create_task(setup.outbox.run(stop))
    await until(lambda: published(setup, 2))
    await delete_stream(setup.banc.bus, "PARCOURS")
    await setup.banc.bus.ensure_stream("PARCOURS")

    setup.outbox._bus.connections += 1
    ids += await setup.facts(1)
    await until(lambda: published(setup, 3), timeout_s=5)
    stop.set()
    await running

    assert await setup.stored() == set(ids)
    rows = await setup.pool.fetch("SELECT id FROM faits ORDER BY publie_seq")
    assert [str(row["id"]) for row in rows] == ids


@pytest.mark.parametrize(
    ("window", "published_facts", "took_s", "failed", "following"),
    [
        (64, 64, 0.1, False, 128),
        (500, 500, 0.1, False, 500),
        (64, 10, 0.1, False, 64),
        (64, 64, 0.5, False, 64),
        (64, 64, 1.5, False, 16),
        (64, 64, 0.1, True, 16),
        (1, 1, 7.0, True, 1),
    ],
)
def test_what_is_published_at_once_follows_the_pace_of_the_disk(
    window: int, published_facts: int, took_s: float, failed: bool, following: int
) -> None:
    assert next_window(window, published_facts, took_s, failed=failed) == following


async def test_a_disk_of_half_a_second_a_message_takes_them_all(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """One deadline shared by a whole turn was never kept, and the turn began again."""
    monkeypatch.setattr(outbox, "_WINDOW", 16)
    disk, stored = asyncio.Lock(), list[str]()

    async def slow(bus: NatsBus, stream: str, subject: str, message_id: str, body: bytes) -> int:
        async with asyncio.timeout(0.5), disk:
            await asyncio.sleep(0.05)
            stored.append(message_id)
            return len(stored)

    monkeypatch.setattr(NatsBus, "publish", slow)
    ids = await setup.facts(40)
    relay = Outbox(NOM, "PARCOURS", setup.pool, setup.outbox._bus, SCEAUX)
    async with setup.pool.acquire() as conn:
        for _ in range(30):
            with suppress(TimeoutError):
                await relay.relay(conn)

    assert list(dict.fromkeys(stored)) == ids
    assert await setup.pool.fetchval("SELECT count(*) FROM faits WHERE publie_seq IS NULL") == 0


async def read(setup: Setup, number: int) -> list[Event]:
    """The first events of the stream, as a reader receives them."""
    received, stop = list[Event](), asyncio.Event()

    async def handle(messages: Sequence[Message]) -> list[float | None]:
        received.extend(map(Event.read, messages))
        if len(received) >= number:
            stop.set()
        return [None] * len(messages)

    async with asyncio.timeout(10):
        await setup.banc.bus.consume("PARCOURS", "usagers", ["parcours.>"], handle, stop)
    return received[:number]


async def published(setup: Setup, number: int) -> bool:
    return bool(await setup.pool.fetchval("SELECT count(*) = $1 FROM faits WHERE publie_seq IS NOT NULL", number))


async def until(holds: Callable[[], Awaitable[bool]], timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while not await holds():
            await asyncio.sleep(0.05)
