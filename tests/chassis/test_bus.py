"""What the components rely on in the bus."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from chassis import bus_nats
from chassis.bus import Message, StreamMissing, Unavailable
from chassis.bus_nats import NatsBus
from tests.engines import Bench, delete_stream

pytestmark = pytest.mark.anyio


@pytest.fixture
def bus(banc: Bench) -> NatsBus:
    return banc.bus


async def collect(bus: NatsBus, expected: int, verdicts: Sequence[float | None] = ()) -> list[Message]:
    """Consume until `expected` messages were handed out; `verdicts` are given to the first ones, then all are taken."""
    received: list[Message] = []
    stop = asyncio.Event()
    planned = list(verdicts)

    async def handle(messages: Sequence[Message]) -> list[float | None]:
        received.extend(messages)
        if len(received) >= expected:
            stop.set()
        return [planned.pop(0) if planned else None for _ in messages]

    async with asyncio.timeout(10):
        await bus.consume("PARCOURS", "orientation", ["parcours.*.usagers.>"], handle, stop)
    return received


async def test_a_request_is_answered_by_who_listens(bus: NatsBus) -> None:
    async def double(body: bytes) -> bytes:
        return body * 2

    await bus.respond("lecture.usagers.*", "usagers", double)

    assert await bus.request("lecture.usagers.champs", b"ab", timeout_s=1) == b"abab"


async def test_a_request_that_nobody_answers_is_unavailable(bus: NatsBus) -> None:
    with pytest.raises(Unavailable):
        await bus.request("depot.personne", b"", timeout_s=0.5)


async def test_a_request_answered_too_late_is_unavailable(bus: NatsBus) -> None:
    async def sleepy(body: bytes) -> bytes:
        await asyncio.sleep(0.4)
        return body

    await bus.respond("depot.lent", "lent", sleepy)

    with pytest.raises(Unavailable):
        await bus.request("depot.lent", b"", timeout_s=0.1)


async def test_a_stream_numbers_what_it_stores(bus: NatsBus) -> None:
    first = await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "un", b"1")
    second = await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "deux", b"2")

    assert second == first + 1
    assert (await bus.stream_state("PARCOURS")).last_sequence == second


async def test_a_consumer_receives_in_order_only_what_it_filters(bus: NatsBus) -> None:
    await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "un", b"1")
    await bus.publish("PARCOURS", "parcours.59.orientation.decidee.a", "deux", b"2")
    await bus.publish("PARCOURS", "parcours.62.usagers.ouvert.b", "trois", b"3")

    received = await collect(bus, 2)

    assert [message.body for message in received] == [b"1", b"3"]


async def test_a_reader_that_asks_for_less_reads_what_it_had_asked_for_first(bus: NatsBus) -> None:
    received, stop, asks = list[bytes](), asyncio.Event(), ["parcours.*.usagers.b.*"]

    async def handle(messages: Sequence[Message]) -> list[None]:
        received.extend(message.body for message in messages)
        if b"b" in received:
            stop.set()
        return [None] * len(messages)

    async def publish(*kinds: str) -> None:
        for kind in kinds:
            await bus.publish("PARCOURS", f"parcours.59.usagers.{kind}.x", kind, kind.encode())

    await bus._ensure_consumer("PARCOURS", "orientation", ["parcours.*.usagers.>"])
    await publish("a")
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(bus.consume("PARCOURS", "orientation", asks, handle, stop))
        while (await bus._jetstream.consumer_info("PARCOURS", "orientation")).config.filter_subjects != asks:
            await asyncio.sleep(0.1)
        await publish("a", "b")

    assert received == [b"a", b"b"]


async def test_what_was_refused_comes_again_after_its_delay(bus: NatsBus) -> None:
    await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "un", b"1")

    received = await collect(bus, 2, verdicts=[0.1])

    assert [(message.body, message.deliveries) for message in received] == [(b"1", 1), (b"1", 2)]


async def test_a_message_comes_again_whole_as_long_as_one_of_its_lines_has_to(bus: NatsBus) -> None:
    await bus.publish("PARCOURS", "parcours.59.usagers.ouvert+signale.a", "un,deux", b"1\n2")
    await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "trois", b"3")

    received = await collect(bus, 5, verdicts=[None, 0.1, None])

    assert [message.body for message in received] == [b"1", b"2", b"3", b"1", b"2"]


async def test_what_was_acknowledged_does_not_come_again(bus: NatsBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for an acknowledgement is over before the second reading: what had none would come again then."""
    monkeypatch.setattr(bus_nats, "_ACK_WAIT_S", 0.2)
    await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "un", b"1")
    await collect(bus, 1)
    await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "deux", b"2")
    await asyncio.sleep(0.5)

    received = await collect(bus, 2, verdicts=[0.5])

    assert [(message.body, message.deliveries) for message in received] == [(b"2", 1), (b"2", 2)]


async def test_what_could_not_be_handled_comes_again_and_stops_nothing(bus: NatsBus) -> None:
    await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "un", b"1")
    received: list[int] = []
    stop = asyncio.Event()

    async def handle(messages: Sequence[Message]) -> list[float | None]:
        received.append(messages[0].deliveries)
        if len(received) == 1:
            raise ValueError
        stop.set()
        return [None]

    async with asyncio.timeout(10):
        await bus.consume("PARCOURS", "orientation", ["parcours.*.usagers.>"], handle, stop)

    assert received == [1, 2]


async def test_a_reader_tells_how_far_it_is(bus: NatsBus) -> None:
    for number in range(5):
        await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", str(number), b"")
    await collect(bus, 5)
    await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "plus", b"")

    told = await bus.reader("PARCOURS", "orientation")

    assert (told["a_lire"] + told["en_cours"], told["place"]) in ((1, 5), (1, 6))


async def test_each_component_answers_the_requests_of_nats_micro(banc: Bench) -> None:
    async def answer(body: bytes) -> bytes:
        return body

    process = await banc.process("orientation", "orientation")
    await process.bus.respond("depot.orientation", "orientation", answer)
    await banc.reach("depot.orientation")

    ping, info, stats = [
        json.loads(await banc.bus.request(f"$SRV.{verb}.orientation", b"", timeout_s=1))
        for verb in ("PING", "INFO", "STATS")
    ]

    assert (ping["name"], ping["type"]) == ("orientation", "io.nats.micro.v1.ping_response")
    assert [(e["subject"], e["queue_group"]) for e in info["endpoints"]] == [("depot.orientation", "orientation")]
    assert stats["endpoints"][0]["num_requests"] == 1


async def test_stored_lists_what_the_stream_holds_under_filters_and_where(bus: NatsBus) -> None:
    first = await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "un", b"1")
    deleted = await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "deux", b"2")
    await bus.publish("PARCOURS", "parcours.59.orientation.decidee.a", "trois", b"3")
    again = await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "un", b"1")
    other = await bus.publish("PARCOURS", "parcours.62.usagers.ouvert.b", "quatre", b"4")
    await bus.delete("PARCOURS", deleted)

    one = await bus.stored("PARCOURS", ["parcours.*.usagers.*.a"], "usagers")
    both = await bus.stored("PARCOURS", ["parcours.*.usagers.*.a", "parcours.*.usagers.*.b"], "usagers")

    assert one == {first: "un", again: "un"}
    assert both == {**one, other: "quatre"}


async def test_a_deleted_stream_is_told_and_can_be_made_again(bus: NatsBus) -> None:
    await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "un", b"1")
    await delete_stream(bus, "PARCOURS")

    with pytest.raises(StreamMissing):
        await bus.publish("PARCOURS", "parcours.59.usagers.ouvert.a", "deux", b"2")
    await bus.ensure_stream("PARCOURS")
    assert await bus.stored("PARCOURS", ["parcours.>"], "usagers") == {}
