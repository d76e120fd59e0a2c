"""The streams are sealed on disk, also those that a hub wrote before it had a cipher."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import pytest
from nats.js import JetStreamContext

from deploy import nats_config
from deploy.datadir import HOST, DataDir, free_port
from deploy.keys import ADMIN, ensure_secrets

pytestmark = pytest.mark.anyio
CANARY = b"zqcanariduflux"
INCLUDED = '  include "flux.conf"\n'


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    folder = DataDir(tmp_path / "relais")
    folder.create()
    ensure_secrets(folder)
    return folder


def started(data: DataDir) -> subprocess.Popen[bytes]:
    return subprocess.Popen(nats_config.command(data), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@asynccontextmanager
async def server(data: DataDir, *, as_before: bool = False) -> AsyncIterator[JetStreamContext]:
    port = free_port()
    nats_config.write(data, port)
    if as_before:
        text = data.nats_conf.read_text()
        assert INCLUDED in text
        data.nats_conf.write_text(text.replace(INCLUDED, ""))
    process = started(data)
    try:
        seed = data.nkey_file(ADMIN)
        client = await nats.connect(
            f"nats://{HOST}:{port}", nkeys_seed=str(seed), max_reconnect_attempts=50, reconnect_time_wait=0.1
        )
        yield client.jetstream()
        await client.close()
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


def holding(data: DataDir) -> list[Path]:
    """The files of the streams in which the canary can be read."""
    files = [path for path in data.jetstream.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if CANARY in path.read_bytes()]


async def test_what_is_published_is_on_disk_and_cannot_be_read_there(data: DataDir) -> None:
    async with server(data) as streams:
        await streams.add_stream(name="PARCOURS", subjects=["parcours.>"])
        await streams.publish("parcours.x", CANARY)
        during = holding(data)

    assert (during, holding(data)) == ([], [])
    async with server(data) as streams:
        assert (await streams.get_msg("PARCOURS", 1)).data == CANARY


async def test_a_store_from_before_opens_and_is_sealed(data: DataDir) -> None:
    async with server(data, as_before=True) as streams:
        await streams.add_stream(name="PARCOURS", subjects=["parcours.>"])
        for number in range(3):
            await streams.publish(f"parcours.{number}", CANARY)
        reader = await streams.pull_subscribe("parcours.>", durable="lecteur", stream="PARCOURS")
        [first] = await reader.fetch(1)
        await first.ack_sync()
    assert holding(data)

    async with server(data) as streams:
        reader = await streams.pull_subscribe("parcours.>", durable="lecteur", stream="PARCOURS")
        [second] = await reader.fetch(1)
        assert (second.data, second.metadata.sequence.stream) == (CANARY, 2)

    assert holding(data) == []
