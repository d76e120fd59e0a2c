"""Closed-loop load: so many callers, each waiting for its answer, for so long; what was done and how long each took."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from deploy.datadir import LaunchError

Call = Callable[[int], Awaitable[int]]
"""Does the n-th piece of work; returns how many units it did (1, or the messages of a batch)."""


@dataclass(frozen=True, slots=True)
class Load:
    """`par_s` units per second over the measured time; times in milliseconds, per call."""

    par_s: float
    p50_ms: float
    p99_ms: float
    appels: int


async def closed_loop(call: Call, *, callers: int, warm_up_s: float, duration_s: float) -> Load:
    """What is still running when the time is over is finished, and not counted."""
    numbers = itertools.count()
    times_s: list[float] = []
    units = 0
    begin_s = time.perf_counter() + warm_up_s
    end_s = begin_s + duration_s

    async def caller() -> None:
        nonlocal units
        while (started_s := time.perf_counter()) < end_s:
            done = await call(next(numbers))
            ended_s = time.perf_counter()
            if started_s >= begin_s and ended_s <= end_s:
                units += done
                times_s.append(ended_s - started_s)

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(caller())
    return Load(round(units / duration_s, 1), *quantiles_ms(times_s), len(times_s))


async def at_rate(call: Call, *, per_s: float, duration_s: float) -> int:
    """Open loop: starts a call every 1/`per_s`, whether or not the earlier ones have ended; how many were started."""
    began_s = time.perf_counter()
    count = int(per_s * duration_s)
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await asyncio.sleep(max(0.0, began_s + number / per_s - time.perf_counter()))
            group.create_task(_ignore(call(number)))
    return count


async def _ignore(work: Awaitable[int]) -> None:
    await work


def quantiles_ms(times_s: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile (nearest rank), in milliseconds."""
    if not times_s:
        raise LaunchError("La mesure s'arrête : rien n'a été répondu pendant la durée mesurée ; allongez-la (--duree).")
    ranked = sorted(times_s)
    return _ms(ranked[len(ranked) // 2]), _ms(ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)])


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
