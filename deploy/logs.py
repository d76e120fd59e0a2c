"""Output of the processes: raw in rotated files, and as short prefixed lines at the terminal."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from deploy.space import is_full

MAX_FILE_BYTES = 10 * 1024 * 1024
KEPT_FILES = 4
PARIS = ZoneInfo("Europe/Paris")
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_green")
LEVEL_STYLES = {"warning": "yellow", "error": "bold red", "critical": "bold red"}
# Keys of a JSON line that the short form shows elsewhere or not at all.
HIDDEN_KEYS = {"event", "level", "timestamp", "logger", "composant", "trace_id", "span_id"}

Record = Callable[[str, str], None]
"""Called with the component's name and one complete line."""


class _Patient(RotatingFileHandler):
    """A file that misses lines while the disk is full, without a word at each of them."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not is_full(sys.exc_info()[1] or OSError()):
            super().handleError(record)


class LineStream:
    """Receives one component's output by chunks and hands complete lines to the file and to the terminal."""

    def __init__(self, name: str, folder: Path, show: Record) -> None:
        self._name = name
        self._show = show
        self._pending = b""
        self._file = _Patient(
            folder / f"{name}.log", maxBytes=MAX_FILE_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True
        )

    def feed(self, chunk: bytes) -> None:
        *lines, self._pending = (self._pending + chunk).split(b"\n")
        for line in lines:
            self.write(line.decode("utf-8", "replace"))

    def flush(self) -> None:
        """What a process left without an end of line, when it is gone."""
        rest, self._pending = self._pending, b""
        self.write(rest.decode("utf-8", "replace"))

    def write(self, line: str) -> None:
        """A line that a full disk cannot take is shown all the same, and lost for the file."""
        if not line.strip():
            return
        self._file.handle(logging.makeLogRecord({"msg": line}))
        self._show(self._name, line)

    def close(self) -> None:
        self._file.close()


class Terminal:
    """Prints `component │ time message facts`, one colour per component."""

    def __init__(self, console: Console, names: list[str]) -> None:
        self._console = console
        self._width = max(len(name) for name in names)
        self._colours = {name: COLOURS[rank % len(COLOURS)] for rank, name in enumerate(names)}

    def show(self, name: str, line: str) -> None:
        text = readable(name, line)
        if text is not None:
            prefix = Text(f"{name:>{self._width}} │ ", style=self._colours.get(name, "dim"))
            try:
                self._console.print(prefix + text, soft_wrap=True, highlight=False)
            except OSError as error:  # the terminal may be a file, on a disk that is full
                if not is_full(error):
                    raise


def readable(name: str, line: str) -> Text | None:
    """The short form of a line; None for what only the file needs (the engines' routine lines)."""
    facts = _json_object(line)
    if facts is not None:
        return _from_json(facts)
    if name == "postgres":
        return Text(line, style="red") if any(mark in line for mark in ("ERROR", "FATAL", "PANIC")) else None
    if name == "nats":
        return Text(line, style="red") if any(mark in line for mark in ("[ERR]", "[FTL]", "[WRN]")) else None
    return Text(line)


def _from_json(facts: dict[str, Any]) -> Text:
    level = str(facts.get("level", "info"))
    text = Text(_clock(facts.get("timestamp")) + " ", style="dim")
    text.append(str(facts.get("event", "")), style=LEVEL_STYLES.get(level, ""))
    for key, value in facts.items():
        if key not in HIDDEN_KEYS:
            text.append(f" {key}=", style="dim").append(str(value))
    return text


def _json_object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        parsed = json.loads(line)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _clock(timestamp: object) -> str:
    try:
        return datetime.fromisoformat(str(timestamp)).astimezone(PARIS).strftime("%H:%M:%S")
    except ValueError:
        return datetime.now(PARIS).strftime("%H:%M:%S")


def last_lines(folder: Path, name: str, wanted: int = 15) -> list[str]:
    """The end of what one component wrote, for the explanation of a failed start."""
    try:
        lines = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [f"{name} │ {text.plain}" for line in lines[-wanted:] if (text := readable(name, line)) is not None]
