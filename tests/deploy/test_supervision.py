"""The supervisor alone, with programs that print and die: nothing stops it, and their last words are kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.supervision import Program, Supervisor

pytestmark = pytest.mark.anyio

TALKS = "import sys, time; print('début', flush=True); time.sleep(60)"
LAST_WORDS = "print('derniers mots, sans fin de ligne', end='')"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('sourd', flush=True); time.sleep(60)"


def program(name: str, code: str, graceful_s: float = 5.0) -> Program:
    return Program(name, [sys.executable, "-c", code], dict(os.environ), graceful_s=graceful_s)


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


async def test_programs_that_are_killed_together_again_and_again_all_come_back(tmp_path: Path) -> None:
    names = [f"programme-{rank}" for rank in range(8)]
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks, tmp_path, lambda *_: None, lambda _: None)
        for name in names:
            supervisor.start(program(name, TALKS))
        await until(lambda: len(supervisor.pids()) == len(names))

        for _ in range(3):
            before = supervisor.pids()
            for pid in before.values():
                os.kill(pid, signal.SIGKILL)
            await until(lambda before=before: _all_replaced(before, supervisor.pids()))  # type: ignore[misc]

        await supervisor.stop(names)
        assert supervisor.pids() == {}


def _all_replaced(before: dict[str, int], after: dict[str, int]) -> bool:
    return before.keys() == after.keys() and not set(before.values()) & set(after.values())


async def test_the_last_words_of_a_program_come_before_the_news_of_its_death(tmp_path: Path) -> None:
    shown: list[str] = []
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks, tmp_path, lambda name, line: shown.append(f"{name}: {line}"), lambda _: None)
        supervisor.start(program("bavard", LAST_WORDS))
        await until(lambda: len(shown) >= 2)
        await supervisor.stop(["bavard"])

    assert shown[:2] == [
        "bavard: derniers mots, sans fin de ligne",
        "lanceur: bavard s'est arrêté (code 0) ; relance immédiate",
    ]


async def test_a_program_that_never_holds_is_retried_with_pauses_and_named(tmp_path: Path) -> None:
    shown: list[str] = []
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks, tmp_path, lambda _, line: shown.append(line), lambda _: None)
        supervisor.start(program("fragile", "raise SystemExit(3)"))
        await until(lambda: supervisor.failing() == "fragile", 20)
        await supervisor.stop(["fragile"])

    assert "fragile s'est arrêté (code 3) ; relance immédiate" in shown
    assert "fragile s'est arrêté (code 3) ; relance dans 1 s" in shown


async def test_a_program_deaf_to_the_polite_signal_is_killed_after_its_delay(tmp_path: Path) -> None:
    shown: list[str] = []
    async with asyncio.TaskGroup() as tasks:
        supervisor = Supervisor(tasks, tmp_path, lambda _, line: shown.append(line), lambda _: None)
        supervisor.start(program("sourd", DEAF, graceful_s=0.3))
        await until(lambda: "sourd" in shown)
        async with asyncio.timeout(3):
            await supervisor.stop(["sourd"])

    assert supervisor.pids() == {}
