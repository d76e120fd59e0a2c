"""The loops of a process: one that fails begins again, one that is done does not."""

import asyncio
from unittest.mock import Mock

import pytest

from chassis.process import Process

pytestmark = pytest.mark.anyio


async def test_a_loop_that_fails_begins_again_and_one_that_is_done_does_not() -> None:
    stop, failing, done = asyncio.Event(), 0, 0

    async def fail_once(_: asyncio.Event) -> None:
        nonlocal failing
        failing += 1
        if failing == 1:
            raise OSError

    async def seal_once(_: asyncio.Event) -> None:
        nonlocal done
        done += 1

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        process = Process(Mock(), Mock(), tasks, stop)
        process.loop("fails", fail_once)
        process.loop("done", seal_once)

    assert (failing, done) == (2, 1)
