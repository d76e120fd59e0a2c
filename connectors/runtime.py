"""What runs the connectors of one installation: each active mandate has its loops and its façade, and ends with it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from starlette.types import ASGIApp

from chassis.waiting import wait
from connectors.archive import purge_hourly
from connectors.database import Database
from connectors.erasure import follow_erasures
from connectors.exchanges import Journal, Spans, unrecorded
from connectors.hub import partner_of
from connectors.mandates import Mandate
from connectors.sealing import Vault
from connectors.state import State
from connectors.systems import ConfigurationRefused, Context, Loop, System, system

_log = structlog.get_logger()
_REFRESH_S = 2.0
_LONGEST_PAUSE_S = 60.0
_ADMITTED_WITHIN_S, _KNOWN_EVERY_S = 5.0, 0.2

Source = Callable[[], Awaitable[Sequence[Mandate]]]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Installation:
    """What the connectors of one place share: their database, their vault, the folder of their files."""

    database: Database
    vault: Vault
    folder: Path
    spans: Spans = unrecorded
    clock: Callable[[], datetime] = utc_now

    def context(self, mandate: Mandate, *, patience_s: float = 60.0) -> tuple[System, Context]:
        """What this mandate works with. Raises KeyError (no such system), ConfigurationRefused."""
        speaks = system(mandate.systeme)
        configuration = speaks.configure(mandate.configuration)
        folder = self.folder / mandate.code
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return speaks, Context(
            mandate=mandate,
            configuration=configuration,
            hub=partner_of(mandate, patience_s=patience_s),
            state=State(self.database, self.vault, mandate.code, self.clock),
            journal=Journal(self.database, mandate.systeme, mandate.code, self.clock, self.spans),
            vault=self.vault,
            folder=folder,
            clock=self.clock,
        )


@dataclass(slots=True)
class _Running:
    mandate: Mandate
    context: Context
    task: asyncio.Task[None]
    facade: ASGIApp | None
    admitted: asyncio.Event
    """Set once the hub knows the key of the mandate: it learns of a new one in two seconds."""


@dataclass(slots=True)
class Runtime:
    """`source` tells the mandates there are, again and again: one that changes is started anew."""

    installation: Installation
    source: Source
    _running: dict[str, _Running] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            try:
                while not stop.is_set():
                    await self._refresh(tasks, stop)
                    await wait(stop, _REFRESH_S)
            finally:
                for running in self._running.values():
                    running.task.cancel()
                self._running.clear()

    def facade(self, code: str) -> ASGIApp | None:
        """What answers the partner's system under this mandate, if it is active and has one."""
        running = self._running.get(code)
        return running.facade if running else None

    async def admitted(self, code: str) -> None:
        """Wait until the hub knows this mandate, `_ADMITTED_WITHIN_S` at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_ADMITTED_WITHIN_S):
                await self._running[code].admitted.wait()

    def context(self, code: str) -> Context | None:
        """What an active mandate works with."""
        running = self._running.get(code)
        return running.context if running else None

    @property
    def active(self) -> Sequence[str]:
        return sorted(self._running)

    async def _refresh(self, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        wanted = {mandate.code: mandate for mandate in await self.source() if mandate.is_active}
        for code, running in list(self._running.items()):
            if wanted.get(code) != running.mandate:
                running.task.cancel()
                del self._running[code]
        for code, mandate in wanted.items():
            if code not in self._running:
                self._start(tasks, mandate, stop)

    def _start(self, tasks: asyncio.TaskGroup, mandate: Mandate, stop: asyncio.Event) -> None:
        try:
            speaks, context = self.installation.context(mandate)
            facade = speaks.facade(context) if speaks.facade else None
        except (ConfigurationRefused, KeyError) as error:
            _log.warning("connector.refused", mandat=mandate.code, systeme=mandate.systeme, error=type(error).__name__)
            return
        admitted = asyncio.Event()
        task = tasks.create_task(_serve(speaks, context, stop, admitted), name=mandate.code)
        self._running[mandate.code] = _Running(mandate, context, task, facade, admitted)
        _log.info("connector.started", mandat=mandate.code, systeme=mandate.systeme)


async def _serve(speaks: System, context: Context, stop: asyncio.Event, admitted: asyncio.Event) -> None:
    async with context.hub, asyncio.TaskGroup() as tasks:
        await _until_known(context, stop)
        admitted.set()
        for name, loop in {
            "conservation": _keeping(context),
            "effacements": _erasing(context),
            **speaks.loops(context),
        }.items():
            tasks.create_task(_forever(context, name, loop, stop))
        await stop.wait()


async def _until_known(context: Context, stop: asyncio.Event) -> None:
    """While the hub is still learning of the key; one that it goes on refusing is refused to those who call."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_ADMITTED_WITHIN_S):
            while await context.hub.is_known() is False and not stop.is_set():
                await wait(stop, _KNOWN_EVERY_S)


def _keeping(context: Context) -> Loop:
    async def purge(stop: asyncio.Event) -> None:
        await purge_hourly(context, stop)

    return purge


def _erasing(context: Context) -> Loop:
    async def follow(stop: asyncio.Event) -> None:
        await follow_erasures(context, stop)

    return follow


async def _forever(context: Context, name: str, loop: Loop, stop: asyncio.Event) -> None:
    """Run it until `stop`; when it fails, log and start it again after a growing pause (1 s to 60 s)."""
    pause_s = 1.0
    while not stop.is_set():
        started = asyncio.get_running_loop().time()
        try:
            await loop(stop)
        except Exception:  # an outer loop: it logs, waits and goes on
            _log.exception("connector.loop_failed", mandat=context.mandate.code, loop=name)
        if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE_S:
            pause_s = 1.0
        await wait(stop, pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
