"""The processes of one hub under circus: started, respawned within a second, stopped in order, never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from circus.arbiter import Arbiter
from circus.watcher import Watcher
from tornado.ioloop import IOLoop

from deploy.logs import LineStream, Record

CHECK_DELAY_S = 0.25
SHORT_LIFE_S = 3.0
"""A process that dies younger than this is failing to start; it is retried after a growing pause."""
LONGEST_PAUSE_S = 15.0
GIVE_UP_AFTER = 5
"""Early deaths in a row after which a start is declared failed; a hub that was ready goes on trying."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run under a name. `death_signal` is what it receives if the launcher is killed."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    graceful_s: float = 10.0
    user: str | None = None


@dataclass(slots=True)
class _Failures:
    in_a_row: int = 0
    retry_at: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """One circus arbiter driven by our own loop: its control sockets stay inside the process."""

    log_folder: Path
    show: Record
    on_change: Callable[[dict[str, int]], None]
    _arbiter: Any = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _failures: dict[str, _Failures] = field(default_factory=dict)
    _started_at: dict[int, float] = field(default_factory=dict)
    _known: dict[str, int] = field(default_factory=dict)

    async def open(self) -> None:
        name = f"relais-{os.getpid()}"
        # A negative delay: circus must not watch by itself, since its periodic check and our starts exclude each other.
        self._arbiter = Arbiter(
            [],
            f"inproc://{name}",
            f"inproc://{name}-events",
            loop=IOLoop.current(),
            check_delay=-1,
            proc_name="relais",
        )
        await self._arbiter.start()

    async def start(self, program: Program) -> None:
        stream = LineStream(program.name, self.log_folder, self.show)
        async with self._lock:
            watcher = self._arbiter.add_watcher(
                program.name,
                _tethered(program),
                singleton=True,
                env=dict(program.environment),
                working_dir="/",
                stop_signal=program.stop_signal,
                graceful_timeout=program.graceful_s,
                stdout_stream={"stream": stream},
                stderr_stream={"stream": stream},
                hooks={"after_spawn": (self._spawned, True), "after_reap": (self._reaped, True)},
                close_child_stdin=True,
            )
            await watcher.start()
        self._report()

    async def watch(self) -> None:
        """Respawn what died, until cancelled."""
        while True:
            await asyncio.sleep(CHECK_DELAY_S)
            async with self._lock:
                self._hold_back_failing()
                await self._arbiter.manage_watchers()
            self._report()

    async def stop(self, names: list[str]) -> None:
        """Stop these together, politely first; the others keep running."""
        async with self._lock:
            watchers = [watcher for watcher in self._arbiter.watchers if watcher.name in names]
            # Not `watcher.stop()`, of which circus lets only one run at a time.
            await asyncio.gather(*(watcher._stop(True) for watcher in watchers))
        self._report()

    def failing(self) -> str | None:
        """The name of a program that died young several times in a row, if there is one."""
        return next((name for name, seen in self._failures.items() if seen.in_a_row >= GIVE_UP_AFTER), None)

    def close(self) -> None:
        self._arbiter.stop_controller_and_close_sockets()

    def pids(self) -> dict[str, int]:
        return {watcher.name: pid for watcher in self._arbiter.watchers for pid in watcher.get_active_pids()}

    def _report(self) -> None:
        pids = self.pids()
        if pids != self._known:
            self._known = pids
            self.on_change(pids)

    def _spawned(self, watcher: Watcher, pid: int, **_: object) -> bool:
        self._started_at[pid] = time.monotonic()
        return True

    def _reaped(self, watcher: Watcher, process_pid: int, exit_code: int | None, **_: object) -> None:
        lived_s = time.monotonic() - self._started_at.pop(process_pid, 0.0)
        failures = self._failures.setdefault(watcher.name, _Failures())
        if watcher.is_stopping():
            return
        if lived_s > SHORT_LIFE_S:
            failures.in_a_row = 0
        failures.in_a_row += 1
        # The first deaths are repaired at once: a kill must not cost a pause.
        pause_s = 0.0 if failures.in_a_row <= 3 else min(0.5 * 2 ** (failures.in_a_row - 3), LONGEST_PAUSE_S)
        failures.retry_at = time.monotonic() + pause_s
        cause = f"signal {-exit_code}" if exit_code is not None and exit_code < 0 else f"code {exit_code}"
        delay = f"dans {pause_s:.0f} s" if pause_s else "immédiate"
        self.show("lanceur", f"{watcher.name} s'est arrêté ({cause}) ; relance {delay}")

    def _hold_back_failing(self) -> None:
        for watcher in self._arbiter.watchers:
            failures = self._failures.get(watcher.name)
            waits = failures is not None and failures.retry_at > time.monotonic()
            watcher.numprocesses = 0 if waits and not watcher.processes else 1


def _tethered(program: Program) -> str:
    """The command line of the program behind `tether.py`, quoted for circus, which also expands `$(…)` and `((…))`."""
    tether = Path(__file__).with_name("tether.py")
    words = [sys.executable, "-I", "-S", str(tether), str(os.getpid()), program.death_signal.name, program.user or ""]
    return shlex.join([*words, *program.command])


def stop_leftovers(processes: Mapping[str, Any], patience_s: float = 15.0) -> list[str]:
    """Stop what a launcher that was killed left running, told apart from newcomers by their start time."""
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
