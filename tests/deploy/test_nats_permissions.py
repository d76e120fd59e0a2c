"""What each component may and may not do on the bus, asked of the real server under its own nkey."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import AckPolicy, ConsumerConfig

from deploy.components import COMPONENTS
from deploy.datadir import DataDir

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class User:
    """A connection and the violations that the server told it."""

    client: Client
    violations: list[str] = field(default_factory=list)

    async def settle(self) -> None:
        """The server answers a flush after any violation of what went before it; the callback then takes its turn."""
        await self.client.flush()
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def connected(data: DataDir, name: str) -> AsyncIterator[User]:
    violations: list[str] = []

    async def note(error: Exception) -> None:
        violations.append(str(error))

    client = await nats.connect(
        f"nats://127.0.0.1:{data.known_ports().nats}",
        nkeys_seed=str(data.nkey_file(name)),
        inbox_prefix=f"_INBOX_{name}",
        error_cb=note,
        allow_reconnect=False,
    )
    try:
        yield User(client, violations)
    finally:
        await client.close()


@pytest.fixture
async def stream(started: DataDir) -> AsyncIterator[str]:
    async with connected(started, "admin") as admin:
        jetstream = admin.client.jetstream()
        await jetstream.add_stream(name="PARCOURS", subjects=["parcours.>"])
        await jetstream.publish("parcours.59.usagers.signale.00", b"{}")
        yield "PARCOURS"
        await jetstream.delete_stream("PARCOURS")


@pytest.mark.parametrize(
    ("user", "subject"),
    [
        ("orientation", "parcours.59.usagers.signale.00"),
        ("orientation", "depot.usagers"),
        ("orientation", "lecture.usagers.champs"),
        ("orientation", "offres.service.publie"),
        ("usagers", "administration.passerelle.partenaire-suspendre"),
        ("entrant", "administration.passerelle.partenaire-suspendre"),
        ("orientation", "_INBOX_entrant.x"),
        ("usagers", "parcours.59.orientation.decidee.00"),
        ("entrant", "parcours.59.usagers.signale.00"),
        ("sortant", "depot.usagers"),
        ("sortant", "lecture.orientation.parcours"),
        ("orientation", "$JS.API.STREAM.DELETE.PARCOURS"),
        ("orientation", "$JS.API.STREAM.PURGE.PARCOURS"),
        ("usagers", "$JS.API.STREAM.UPDATE.PARCOURS"),
        ("usagers", "$JS.API.STREAM.CREATE.AUTRE"),
        ("orientation", "$JS.API.STREAM.MSG.DELETE.OFFRES"),
        ("sortant", "$JS.API.STREAM.MSG.DELETE.PARCOURS"),
        ("orientation", "$JS.API.STREAM.MSG.GET.PARCOURS"),
        ("orientation", "$JS.API.CONSUMER.CREATE.PARCOURS"),
        ("orientation", "$JS.API.CONSUMER.CREATE.PARCOURS.sortant"),
        ("orientation", "$JS.API.CONSUMER.MSG.NEXT.PARCOURS.usagers"),
        ("orientation", "$JS.API.CONSUMER.DELETE.PARCOURS.orientation"),
        ("entrant", "$JS.API.STREAM.INFO.PARCOURS"),
        ("sortant", "$SYS.REQ.SERVER.PING"),
        ("connecteurs", "depot.usagers"),
        ("connecteurs", "parcours.59.usagers.signale.00"),
        ("connecteurs", "$JS.API.INFO"),
    ],
)
async def test_a_component_cannot_publish_outside_its_row(started: DataDir, user: str, subject: str) -> None:
    async with connected(started, user) as sender:
        await sender.client.publish(subject, b"{}")
        await sender.settle()

        assert len(sender.violations) == 1
        assert "permissions violation" in sender.violations[0].lower()


@pytest.mark.parametrize(
    ("user", "subject", "queue"),
    [
        ("orientation", ">", ""),
        ("orientation", "depot.usagers", "orientation"),
        ("orientation", "_INBOX_entrant.>", ""),
        ("orientation", "parcours.>", ""),
        ("entrant", "depot.*", ""),
        ("sortant", "lecture.usagers.champs", ""),
        # Outside its queue group a second listener would see every deposit.
        ("orientation", "depot.orientation", ""),
        ("orientation", "depot.orientation", "espion"),
        ("connecteurs", "parcours.>", ""),
    ],
)
async def test_a_component_cannot_listen_outside_its_row(started: DataDir, user: str, subject: str, queue: str) -> None:
    async with connected(started, user) as listener:
        await listener.client.subscribe(subject, queue=queue)
        await listener.settle()

        assert len(listener.violations) == 1
        assert "permissions violation" in listener.violations[0].lower()


async def test_a_deposit_is_answered_by_the_service_that_owns_it(started: DataDir) -> None:
    async with connected(started, "orientation") as service, connected(started, "entrant") as gateway:

        async def answer(message: Msg) -> None:
            await message.respond(b"decided: " + message.data)

        await service.client.subscribe("depot.orientation", queue="orientation", cb=answer)
        await service.settle()
        decision = await gateway.client.request("depot.orientation", b"x", timeout=2)

        assert decision.data == b"decided: x"


@pytest.mark.usefixtures("stream")
@pytest.mark.parametrize("name", [component.name for component in COMPONENTS if component.durable])
async def test_a_component_consumes_the_stream_with_its_durable(started: DataDir, name: str) -> None:
    async with connected(started, name) as reader:
        jetstream = reader.client.jetstream()
        config = ConsumerConfig(name=name, durable_name=name, filter_subjects=["parcours.*.usagers.>", "parcours.75.>"])
        await jetstream.add_consumer("PARCOURS", config)
        subscription = await jetstream.pull_subscribe_bind(name, stream="PARCOURS")
        [message] = await subscription.fetch(1, timeout=2)
        await message.ack_sync(timeout=2)

        assert message.subject == "parcours.59.usagers.signale.00"
        assert reader.violations == []


@pytest.mark.usefixtures("stream")
async def test_a_service_reads_headers_back_with_its_verification_consumer(started: DataDir) -> None:
    async with connected(started, "orientation") as reader:
        jetstream = reader.client.jetstream()
        config = ConsumerConfig(
            name="verif-orientation",
            filter_subject="parcours.*.usagers.>",
            ack_policy=AckPolicy.NONE,
            headers_only=True,
            mem_storage=True,
        )
        await jetstream.add_consumer("PARCOURS", config)
        subscription = await jetstream.pull_subscribe_bind(consumer="verif-orientation", stream="PARCOURS")
        [message] = await subscription.fetch(1, timeout=2)
        await jetstream.delete_consumer("PARCOURS", "verif-orientation")

        assert message.data == b""
        assert reader.violations == []


@pytest.mark.usefixtures("stream")
async def test_a_service_erases_one_message_and_a_gateway_cannot(started: DataDir) -> None:
    async with connected(started, "orientation") as eraser, connected(started, "sortant") as other:
        with pytest.raises(NatsTimeoutError):
            await other.client.request("$JS.API.STREAM.MSG.DELETE.PARCOURS", b'{"seq": 1}', timeout=0.5)
        kept = (await eraser.client.jetstream().stream_info("PARCOURS")).state.messages
        erased = await eraser.client.jetstream().delete_msg("PARCOURS", 1)

        assert kept == 1
        assert erased


async def test_a_missing_stream_can_be_made_again_by_a_service(started: DataDir) -> None:
    async with connected(started, "orientation") as service, connected(started, "admin") as admin:
        made = await service.client.jetstream().add_stream(name="PARCOURS", subjects=["parcours.>"])
        published = await service.client.jetstream().publish("parcours.59.orientation.decidee.00", b"{}")
        await admin.client.jetstream().delete_stream("PARCOURS")

        assert made.config.name == "PARCOURS"
        assert published.seq == 1


async def test_a_stranger_is_refused(started: DataDir) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", started.known_ports().nats)
    greeting = await reader.readline()
    writer.write(b'CONNECT {"verbose": false}\r\nPING\r\n')
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()

    assert greeting.startswith(b"INFO ")
    assert answer == b"-ERR 'Authorization Violation'\r\n"
