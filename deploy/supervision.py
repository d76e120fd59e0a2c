"""The processes of one hub: started, respawned at once, stopped politely, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from chassis.waiting import wait
from deploy.logs import LineStream, Record

SHORT_LIFE_S = 3.0
"""A process that dies younger than this is failing to start; it is retried after a growing pause."""
LONGEST_PAUSE_S = 15.0
GIVE_UP_AFTER = 5
"""Early deaths in a row after which a start is declared failed; a hub that was ready goes on trying."""
LAST_WORDS_S = 1.0
"""How long the end of an output is awaited after a death: a grandchild may still hold the pipe."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run under a name. `death_signal` is sent to it when the launcher is killed."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    graceful_s: float = 10.0
    user: str | None = None


@dataclass(slots=True)
class _Kept:
    """A program and what became of its processes."""

    program: Program
    task: asyncio.Task[None] | None = None
    pid: int | None = None
    deaths_in_a_row: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Keeps each program running in a task of its own, in the launcher's task group, until it is asked to stop it."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        log_folder: Path,
        show: Record,
        on_change: Callable[[dict[str, int]], None],
    ) -> None:
        self._tasks = tasks
        self._log_folder = log_folder
        self._show = show
        self._on_change = on_change
        self._kept: dict[str, _Kept] = {}

    def start(self, program: Program) -> None:
        kept = _Kept(program)
        self._kept[program.name] = kept
        kept.task = self._tasks.create_task(self._keep(kept), name=program.name)

    async def stop(self, names: Sequence[str]) -> None:
        """Stop these together, politely first; the others keep running."""
        chosen = [kept for name, kept in self._kept.items() if name in names]
        for kept in chosen:
            kept.stopping.set()
        await asyncio.gather(*(kept.task for kept in chosen if kept.task))

    def restart(self, name: str) -> None:
        """End the process politely; its task starts another one."""
        pid = self._kept[name].pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, self._kept[name].program.stop_signal)

    def failing(self) -> str | None:
        """The name of a program that died young several times in a row, if there is one."""
        return next((name for name, kept in self._kept.items() if kept.deaths_in_a_row >= GIVE_UP_AFTER), None)

    def pids(self) -> dict[str, int]:
        return {name: kept.pid for name, kept in self._kept.items() if kept.pid is not None}

    async def _keep(self, kept: _Kept) -> None:
        lines = LineStream(kept.program.name, self._log_folder, self._show)
        try:
            while not kept.stopping.is_set():
                started = time.monotonic()
                code = await self._live(kept, lines)
                if not kept.stopping.is_set():
                    await wait(kept.stopping, self._pause_after(kept, code, time.monotonic() - started))
        finally:
            lines.close()

    async def _live(self, kept: _Kept, lines: LineStream) -> int:
        """One process from its start to its end; returns its exit code, negative for a signal."""
        read_end, write_end = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *_tethered(kept.program),
                env=kept.program.environment,
                cwd="/",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                # Ctrl-C in the terminal is for the launcher, which stops everyone in order.
                start_new_session=True,
            )
        finally:
            os.close(write_end)
        self._report(kept, process.pid)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(_read(read_end, lines))
            ending = tasks.create_task(_end_when_asked(kept, process))
            code = await process.wait()
            self._report(kept, None)
            ending.cancel()
            await asyncio.wait({reading}, timeout=LAST_WORDS_S)
            reading.cancel()
        return code

    def _pause_after(self, kept: _Kept, code: int, lived_s: float) -> float:
        """Says the death, and how long to wait before the next life, in seconds."""
        kept.deaths_in_a_row = 1 if lived_s > SHORT_LIFE_S else kept.deaths_in_a_row + 1
        # The first deaths are repaired at once: a kill must not cost a pause.
        retries = kept.deaths_in_a_row - 3
        pause_s = 0.0 if retries <= 0 else min(0.5 * 2**retries, LONGEST_PAUSE_S)
        cause = f"signal {-code}" if code < 0 else f"code {code}"
        delay = f"dans {pause_s:.0f} s" if pause_s else "immédiate"
        self._show("lanceur", f"{kept.program.name} s'est arrêté ({cause}) ; relance {delay}")
        return pause_s

    def _report(self, kept: _Kept, pid: int | None) -> None:
        kept.pid = pid
        self._on_change(self.pids())


async def _read(read_end: int, lines: LineStream) -> None:
    """Pass on the output of the process until its last writer has closed it."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", buffering=0)
    )
    try:
        while chunk := await reader.read(65536):
            lines.feed(chunk)
    finally:
        lines.flush()
        transport.close()


async def _end_when_asked(kept: _Kept, process: asyncio.subprocess.Process) -> None:
    await kept.stopping.wait()
    # It may have ended by itself at this very moment.
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(kept.program.stop_signal)
        await asyncio.sleep(kept.program.graceful_s)
        process.kill()


def _tethered(program: Program) -> list[str]:
    """The command of the program behind `tether.py`."""
    tether = str(Path(__file__).with_name("tether.py"))
    launcher = [sys.executable, "-I", "-S", tether, str(os.getpid()), program.death_signal.name, program.user or ""]
    return [*launcher, *program.command]


def stop_leftovers(processes: Mapping[str, Any], patience_s: float = 15.0) -> list[str]:
    """Stop the processes that a killed launcher left running, distinguished from newer ones by their start time."""
    alive: dict[str, psutil.Process] = {}
    for name, facts in processes.items():
        with contextlib.suppress(psutil.Error, KeyError, TypeError):
            process = psutil.Process(int(facts["pid"]))
            same = abs(process.create_time() - float(facts["debut"])) < 1
            if same and process.status() != psutil.STATUS_ZOMBIE:
                # SIGINT is PostgreSQL's fast shutdown; it waits for clients on SIGTERM.
                process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
                alive[name] = process
    _, stubborn = psutil.wait_procs(list(alive.values()), timeout=patience_s)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    return sorted(alive)


def identify(pids: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Each process with its start time, so that a recycled pid is not taken for it later."""
    found: dict[str, dict[str, float]] = {}
    for name, pid in pids.items():
        with contextlib.suppress(psutil.Error):
            found[name] = {"pid": pid, "debut": psutil.Process(pid).create_time()}
    return found
