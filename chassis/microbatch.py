"""Many callers, one write: gathers the items that arrive within a few milliseconds into one batch."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class MicroBatch(Generic[T, R]):
    """Calls `execute` with up to `max_items` items, `delay_s` after the first of them.

    `execute` returns one result per item, in order; an exception goes to every caller of that batch. One batch runs at
    a time, so that items submitted in order are executed in order; while it runs, the next one fills up.
    """

    def __init__(
        self, execute: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, max_items: int = 256, delay_s: float = 0.002
    ) -> None:
        self._execute = execute
        self._max_items, self._delay_s = max_items, delay_s
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._woken = asyncio.Event()

    async def submit(self, item: T) -> R:
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._woken.set()
        return await future

    async def run(self, stop: asyncio.Event) -> None:
        """The loop that executes the batches; returns once `stop` is set and nothing waits any more."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(stop.wait()).add_done_callback(lambda _: self._woken.set())
            while self._waiting or not stop.is_set():
                await self._woken.wait()
                if not stop.is_set() and len(self._waiting) < self._max_items:
                    await asyncio.sleep(self._delay_s)
                batch, self._waiting = self._waiting[: self._max_items], self._waiting[self._max_items :]
                if not self._waiting:
                    self._woken.clear()
                if batch:
                    await self._run_one(batch)

    async def _run_one(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._execute([item for item, _ in batch])
        except Exception as error:  # every caller gets it; the loop itself must live on
            for future in [future for _, future in batch if not future.done()]:
                future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
