"""Lines on their way from a process to the file and the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy import logs
from deploy.logs import LineStream, last_lines, readable


def stream(folder: Path, shown: list[str]) -> LineStream:
    return LineStream("usagers", folder, lambda name, line: shown.append(f"{name}: {line}"))


def test_a_line_cut_between_two_chunks_is_shown_once_and_whole(tmp_path: Path) -> None:
    shown: list[str] = []
    lines = stream(tmp_path, shown)

    lines.feed(b'{"event": "a"}\n{"ev')
    lines.feed(b'ent": "b"}\n')
    lines.close()

    assert shown == ['usagers: {"event": "a"}', 'usagers: {"event": "b"}']
    assert (tmp_path / "usagers.log").read_text() == '{"event": "a"}\n{"event": "b"}\n'


def test_a_full_file_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 100)
    lines = stream(tmp_path, [])

    for _ in range(12):
        lines.write("x" * 30)
    lines.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "usagers.log",
        "usagers.log.1",
        "usagers.log.2",
        "usagers.log.3",
    ]


def test_a_json_line_is_shown_with_its_time_in_paris_and_its_facts() -> None:
    text = readable(
        "usagers", '{"timestamp": "2026-01-05T20:14:03Z", "level": "info", "event": "depot.decided", "n": 3}'
    )

    assert text is not None
    assert text.plain == "21:14:03 depot.decided n=3"


def test_routine_lines_of_the_engines_stay_in_their_file() -> None:
    routine = readable("postgres", "LOG:  checkpoint complete")
    fault = readable("postgres", "FATAL:  could not open file")

    assert routine is None
    assert fault is not None


def test_an_explanation_quotes_the_last_lines_of_the_component(tmp_path: Path) -> None:
    (tmp_path / "entrant.log").write_text("un\ndeux\ntrois\n")

    assert last_lines(tmp_path, "entrant", wanted=2) == ["entrant │ deux", "entrant │ trois"]
    assert last_lines(tmp_path, "sortant") == []
