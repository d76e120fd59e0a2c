"""A short campaign of kills, and a stream deleted under a running hub. The long one: `tests.fiabilite.campaign`."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chassis.bus import StreamMissing
from chassis.bus_nats import NatsBus
from deploy.components import COMPONENTS
from deploy.keys import ADMIN
from tests.engines import delete_stream
from tests.fiabilite import campaign
from tests.hub import Hub, free_port
from tests.persons import signalement

pytestmark = [pytest.mark.anyio, pytest.mark.lent, pytest.mark.seul]


TWICE = ",".join(f"{component.name}=2" for component in COMPONENTS if component.shares_work)


@contextmanager
def _started(*options: str) -> Iterator[Hub]:
    with tempfile.TemporaryDirectory(prefix="relais-fiabilite-") as folder:
        started = Hub(Path(folder), free_port())
        started.up(*options)
        yield started
        started.down()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with _started() as hub:
        yield hub


@pytest.fixture
def hub_of_two() -> Iterator[Hub]:
    """Two processes of each component that may have several."""
    with _started("--repliques", TWICE) as hub:
        yield hub


async def test_whatever_is_killed_every_2xx_is_delivered_once_and_in_order(hub_of_two: Hub) -> None:
    """With one process of each: the outside ledger of `.ci/run`."""
    ledger, _ = await campaign.run(hub_of_two, total=900, every_s=2.5)

    assert {"entrant-2", "sortant-2", "usagers-2"} <= set(hub_of_two.processes())
    assert ledger.faults() == []
    assert len(ledger.ids) > 400
    assert sum(ledger.kills.values()) >= 3


async def test_a_deleted_stream_is_repaired_within_a_minute(hub: Hub) -> None:
    ports = hub.data.ports()
    assert ports
    async with asyncio.TaskGroup() as tasks, hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        bus = await NatsBus.connect(f"nats://127.0.0.1:{ports.nats}", hub.data.nkey_file(ADMIN), ADMIN, tasks)
        for _ in range(20):
            await caf.post(caf.message("usager.signale", signalement(), departement="59"))
        await asyncio.sleep(2)
        before = await _stored(bus)

        await delete_stream(bus, "PARCOURS")
        deleted_at = time.monotonic()
        while not before <= await _stored(bus):
            assert time.monotonic() - deleted_at < 60
            await asyncio.sleep(0.5)

        last = caf.message("usager.signale", signalement(), departement="59", agent="Essai dernier")
        await caf.post(last)
        received: set[str] = set()
        while last["agent"] not in received and time.monotonic() - deleted_at < 90:
            page = await departement.events(wait_s=5)
            received |= {event.get("agent", "") for event in page.evenements}
            await departement.acknowledge(page.curseur)
        await bus.close()
    assert len(before) >= 40
    assert last["agent"] in received


async def _stored(bus: NatsBus) -> set[str]:
    try:
        messages = (await bus.stored("PARCOURS", ["parcours.>"], "essai")).values()
        return {id_ for ids in messages for id_ in ids.split(",")}
    except StreamMissing:
        return set()
