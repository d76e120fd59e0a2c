"""Two senders on one database: one is killed, the other sends what it held; a slow receiver is no dead sender."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from starlette.responses import Response

from deploy.components import COMPONENTS, ROOT
from deploy.launcher import component_environment
from gateway.outbound.leases import Leases
from tests.passerelle.outgoing import DROITS, Sortant, until
from tests.passerelle.receiver import Received, Receiver

pytestmark = pytest.mark.anyio
Start = Callable[[], Awaitable[asyncio.subprocess.Process]]
# Shorter than the lease of a sender that lives, longer than a loaded machine takes to look once a second.
_BEFORE_THE_LEASE_ENDS_S = 20


@pytest.fixture
async def start(sortant: Sortant) -> AsyncIterator[Start]:
    """Start the outgoing half as a process of its own, and wait until it is there for the other senders."""
    async with _started(sortant) as launch:
        yield launch


@asynccontextmanager
async def _started(sortant: Sortant) -> AsyncIterator[Start]:
    engines = sortant.banc.engines
    component = next(one for one in COMPONENTS if one.name == "sortant")
    environment = component_environment(engines.data, engines.ports, component)
    server = environment["RELAIS_DATABASE_URL"].rpartition("/")[0]
    environment["RELAIS_DATABASE_URL"] = f"{server}/{sortant.banc.database}"
    environment |= {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}"}
    del environment["RELAIS_OTLP_URL"]
    started: list[asyncio.subprocess.Process] = []

    async def launch() -> asyncio.subprocess.Process:
        there = await sortant.field("SELECT count(*) FROM expediteurs")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", component.module, cwd=ROOT, env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        started.append(process)
        await until(lambda: sortant.field_is(f"SELECT count(*) > {there} FROM expediteurs"), timeout_s=30)
        return process

    try:
        yield launch
    finally:
        for process in started:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def test_the_queues_of_a_killed_sender_are_taken_over_each_in_its_order(
    sortant: Sortant, endpoint: Receiver, start: Start
) -> None:
    released, told = asyncio.Event(), [uuid4() for _ in range(6)]

    async def slow(_: Received) -> Response:
        await released.wait()
        return Response(status_code=204)

    endpoint.answer = slow
    await sortant.subscribe("cd-59", endpoint.url, "droits.modifies", signature="v1a")
    killed = await start()
    for parcours in told:
        await sortant.signale(parcours)
        for _ in range(3):
            await sortant.tell("droits.modifies", parcours, DROITS)
    await until(lambda: endpoint.busy == len(told), timeout_s=20)
    held = {one.headers["webhook-id"] for one in endpoint.received}
    await start()

    killed.send_signal(signal.SIGKILL)
    await until(lambda: len(endpoint.received) >= 2 * len(told), timeout_s=_BEFORE_THE_LEASE_ENDS_S)
    released.set()
    await until(lambda: sortant.field_is("SELECT count(*) = 18 FROM envois WHERE etat = 'livre'"), timeout_s=20)

    again = Counter(one.headers["webhook-id"] for one in endpoint.received)
    assert {id_ for id_, count in again.items() if count > 1} == held
    assert len(again) == 18
    assert {event["relaisnumero"] for event in endpoint.events} == set(range(1, 19))
    assert sorted(_sequences(endpoint).values()) == [[2, 2, 3, 4]] * len(told)
    assert await sortant.field("SELECT count(*) FROM expediteurs") == 1


async def test_a_slow_receiver_keeps_its_sender(sortant: Sortant, endpoint: Receiver, start: Start) -> None:
    async def slow(_: Received) -> Response:
        await asyncio.sleep(3)  # the other sender looks twice meanwhile
        return Response(status_code=204)

    endpoint.answer = slow
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale", signature="v1a")
    await asyncio.gather(start(), start())

    await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT count(*) = 1 FROM envois WHERE etat = 'livre'"), timeout_s=20)

    assert len(endpoint.received) == 1


async def test_a_sender_that_lost_its_session_takes_nothing_until_it_has_another(sortant: Sortant) -> None:
    leases, stop = Leases(sortant.process.pool, lambda: None), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(leases.run(stop))
        await until(lambda: leases.cle is not None)
        first = leases.cle
        admin = await sortant.banc.admin()
        await admin.execute(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND d.datname = $1 AND l.objid = $2",
            sortant.banc.database,
            first,
        )
        await until(lambda: leases.cle not in (None, first), timeout_s=10)
        stop.set()

    assert await sortant.field("SELECT count(*) FROM expediteurs") == 0


def _sequences(endpoint: Receiver) -> dict[str, list[int]]:
    """By subject, in the order of arrival."""
    sequences: dict[str, list[int]] = {}
    for event in endpoint.events:
        sequences.setdefault(event["subject"], []).append(event["sequence"])
    return sequences
