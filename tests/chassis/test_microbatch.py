"""The micro-batch: one call for what arrives together, in order; it ends when the process does, and not before."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from chassis.microbatch import MicroBatch

pytestmark = pytest.mark.anyio


class Executed:
    """Remembers the batches; doubles each number, and fails on a batch with a negative one."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def __call__(self, batch: Sequence[int]) -> list[int]:
        self.batches.append(list(batch))
        await asyncio.sleep(0)
        if min(batch) < 0:
            raise ValueError("negative")
        return [2 * number for number in batch]


@asynccontextmanager
async def running(batch: MicroBatch[int, int], stop: asyncio.Event) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(batch.run(stop))
        yield
        stop.set()


async def test_what_arrives_together_is_one_batch_in_order() -> None:
    executed = Executed()
    batch = MicroBatch(executed, max_items=10)

    async with running(batch, asyncio.Event()):
        results = await asyncio.gather(*(batch.submit(number) for number in range(25)))

    assert results == [2 * number for number in range(25)]
    assert [number for one in executed.batches for number in one] == list(range(25))
    assert [len(one) for one in executed.batches] == [10, 10, 5]


async def test_a_failure_reaches_its_own_batch_only() -> None:
    batch = MicroBatch(Executed(), max_items=1)

    async with running(batch, asyncio.Event()):
        results = await asyncio.gather(*(batch.submit(n) for n in (1, -1, 2)), return_exceptions=True)

    assert [results[0], results[2]] == [2, 4]
    assert isinstance(results[1], ValueError)


async def test_the_end_of_the_process_ends_a_loop_that_waits_for_nothing_else() -> None:
    stop = asyncio.Event()

    async with asyncio.timeout(5), running(MicroBatch(Executed()), stop):
        await asyncio.sleep(0)


async def test_what_waits_when_the_process_ends_is_still_executed() -> None:
    executed, stop = Executed(), asyncio.Event()
    batch = MicroBatch(executed, max_items=2)
    async with asyncio.TaskGroup() as tasks:
        submitted = [tasks.create_task(batch.submit(number)) for number in range(5)]
        await asyncio.sleep(0)
        stop.set()
        await batch.run(stop)

    assert [one.result() for one in submitted] == [0, 2, 4, 6, 8]
