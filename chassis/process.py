"""The life of a process: one task group, loops that outlive their failures, and a stop that drains before it closes."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import structlog
import uvloop

from chassis import telemetry
from chassis.bus import BusError
from chassis.bus_nats import NatsBus
from chassis.database import TRANSIENT, Pool, open_pool
from chassis.settings import Settings
from chassis.waiting import wait as wait

_log = structlog.get_logger()
T = TypeVar("T")
Loop = Callable[[asyncio.Event], Awaitable[None]]


class Process:
    """A running process, assembled by `app.py`: a pool, a bus, and loops that run until `stop`."""

    def __init__(self, pool: Pool, bus: NatsBus, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        self.pool = pool
        self.bus = bus
        self.stop = stop
        self._tasks = tasks

    def loop(self, name: str, run: Loop) -> None:
        """Run `run(stop)` to its end; when it fails, log and start it again after a growing pause (0.2 s to 5 s)."""
        self._tasks.create_task(self._to_its_end(name, run), name=name)

    async def _to_its_end(self, name: str, run: Loop) -> None:
        pause_s = 0.2
        while not self.stop.is_set():
            started = asyncio.get_running_loop().time()
            try:
                await run(self.stop)
                break
            except Exception:  # an outer loop: it logs, waits and goes on
                _log.exception("process.loop_failed", loop=name)
                if asyncio.get_running_loop().time() - started > 30:
                    pause_s = 0.2
                await wait(self.stop, pause_s)
                pause_s = min(pause_s * 2, 5.0)


async def _run(component: str, schema: str, settings: Settings, assemble: Callable[[Process], Awaitable[Any]]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        pool = await _until(stop, lambda: open_pool(settings.database_url, settings.database_password, schema))
        stack.push_async_callback(pool.close)
        async with asyncio.TaskGroup() as tasks:
            bus = await _until(
                stop, lambda: NatsBus.connect(settings.nats_url, settings.nats_nkey_file, component, tasks)
            )
            stack.push_async_callback(bus.close)
            await assemble(Process(pool, bus, tasks, stop))
            gc.freeze()  # looking through what lives as long as the process would stop it for a tenth of a second
            _log.info("process.started")
    _log.info("process.stopped")


async def _until(stop: asyncio.Event, connect: Callable[[], Awaitable[T]]) -> T:
    """Connect, and go on trying while the other side starts; gives up with SystemExit when asked to stop."""
    while not stop.is_set():
        try:
            return await connect()
        except (*TRANSIENT, BusError) as error:
            _log.info("process.waiting", error=type(error).__name__)
            await wait(stop, 0.2)
    raise SystemExit(0)


def run(component: str, schema: str, settings: Settings, assemble: Callable[[Process], Awaitable[Any]]) -> None:
    """Run a component until SIGTERM or Ctrl-C. `schema` is its schema in PostgreSQL."""
    telemetry.start(component, settings.otlp_url, settings.niveau_log)
    try:
        uvloop.run(_run(component, schema, settings, assemble))
    finally:
        telemetry.stop()
