"""When a disk is full: told in one sentence, waited for, never an end."""

from __future__ import annotations

import errno
import shutil
import time
from pathlib import Path

ENOUGH_BYTES = 64 << 20
"""With less, PostgreSQL cannot add a segment to its log (16 MB) nor NATS a block to its store."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
SAY_EVERY_S = 60.0


def is_full(error: BaseException) -> bool:
    """Whether the error says that no byte can be written any more."""
    return isinstance(error, OSError) and error.errno in _FULL


def free_bytes(folder: Path) -> int:
    """Of the disk that holds the folder, or the nearest one above it that exists."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def lacks(folder: Path) -> bool:
    return free_bytes(folder) < ENOUGH_BYTES


def sentence(folder: Path) -> str:
    free_mb = free_bytes(folder) / (1 << 20)
    return (
        f"le disque de {folder} est plein ({free_mb:.0f} Mo libres, il en faut {ENOUGH_BYTES >> 20}) : "
        "libérez de la place"
    )


class Waiting:
    """Reports that the hub waits for disk space, at once and then every minute; `again` reports the return to
    normal.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said_at: float | None = None

    def look(self) -> str | None:
        """The sentence to say now, if there is one."""
        if lacks(self._folder):
            if self._said_at is None or time.monotonic() - self._said_at > SAY_EVERY_S:
                self._said_at = time.monotonic()
                return f"{sentence(self._folder)} ; le relais reprend seul dès qu'il y en a"
        elif self._said_at is not None:
            self._said_at = None
            return "il y a de nouveau de la place sur le disque : le relais reprend"
        return None

    @property
    def is_waiting(self) -> bool:
        return self._said_at is not None
