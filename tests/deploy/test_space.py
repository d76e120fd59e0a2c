"""A full disk ends nothing: it is said once, lines are missed without a word, and what gave up is started again."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import logging
from pathlib import Path

import pytest
from rich.console import Console

from deploy import background, launcher, space
from deploy.datadir import DataDir, LaunchError
from deploy.logs import LineStream, Terminal
from deploy.supervision import Supervisor


class Full(io.StringIO):
    """A file on a disk without a byte left."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The room on the disk, in bytes, as the test sets it."""
    room = [space.ENOUGH_BYTES * 2]
    monkeypatch.setattr(space, "free_bytes", lambda _: room[0])
    return room


def test_a_lack_of_space_is_said_once_and_so_is_its_end(free: list[int], tmp_path: Path) -> None:
    waiting = space.Waiting(tmp_path)
    before = waiting.look()
    free[0] = 0

    said = [waiting.look(), waiting.look()]
    free[0] = space.ENOUGH_BYTES
    after = [waiting.look(), waiting.look()]

    assert before is None
    assert "est plein" in str(said[0])
    assert said[1] is None
    assert "de nouveau de la place" in str(after[0])
    assert after[1] is None


def test_lines_that_the_disk_cannot_take_are_shown_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    lines = LineStream("usagers", tmp_path, lambda _, line: shown.append(line))
    lines._file.stream = Full()  # type: ignore[assignment]

    lines.feed(b"un\ndeux\n")

    assert shown == ["un", "deux"]
    assert capsys.readouterr().err == ""


def test_another_fault_of_a_log_is_still_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = LineStream("usagers", tmp_path, lambda *_: None)

    with contextlib.suppress(TypeError):
        lines._file.emit(logging.makeLogRecord({"msg": "%d", "args": ("x",)}))
    lines.close()

    assert "Traceback" in capsys.readouterr().err


def test_a_terminal_that_is_a_file_on_a_full_disk_stops_nobody() -> None:
    Terminal(Console(file=Full()), ["usagers"]).show("usagers", "bonjour")


def test_a_state_that_could_not_be_written_is_written_once_there_is_room(
    free: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = DataDir(tmp_path)
    hub = launcher.Hub(data, Console(file=io.StringIO()))
    with monkeypatch.context() as full:
        full.setattr(DataDir, "write_state", _raise_full)
        hub._record("pret")
    free[0] = 0
    hub._space.look()
    free[0] = space.ENOUGH_BYTES

    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(hub._watch_space(), 0.1))

    assert data.state()["phase"] == "pret"


@pytest.mark.parametrize("line", ["… 1.blk: no space left on device", "JetStream out of space, will be DISABLED"])
def test_a_nats_that_gave_up_is_started_again_once_there_is_room(
    free: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    restarted: list[str] = []
    monkeypatch.setattr(Supervisor, "restart", lambda _, name: restarted.append(name))
    hub = launcher.Hub(DataDir(tmp_path), Console(file=io.StringIO()))
    hub._supervisor = Supervisor.__new__(Supervisor)
    free[0] = 0
    hub._hear("nats", line)
    hub._hear("usagers", line)

    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(hub._watch_space(), 0.1))
    while_full = list(restarted)
    free[0] = space.ENOUGH_BYTES
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(hub._watch_space(), 0.1))

    assert (while_full, restarted) == ([], ["nats"])


def test_a_start_that_left_no_word_on_a_full_disk_is_explained(free: list[int], tmp_path: Path) -> None:
    free[0] = 0

    assert "est plein" in background._explanation(DataDir(tmp_path), 1, "")


def test_a_start_waits_as_long_as_something_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(launcher, "STUCK_AFTER_S", 0.5)
    hub = launcher.Hub(DataDir(tmp_path), Console(file=io.StringIO()), components=())
    hub._supervisor = Supervisor.__new__(Supervisor)
    hub._supervisor._kept = {}

    async def busy() -> None:
        for _ in range(6):
            await asyncio.sleep(0.25)
            hub._hear("postgres", "redo in progress")

    asyncio.run(hub._while_it_moves("PostgreSQL", busy()))
    with pytest.raises(LaunchError, match="Rien ne bouge"):
        asyncio.run(hub._while_it_moves("PostgreSQL", asyncio.sleep(30)))


def _raise_full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
