"""What a connector was given, kept sealed under the digest of its bytes, for as long as its mandate says."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import structlog

from chassis.waiting import wait
from connectors.systems import Context

_log = structlog.get_logger()
_ARCHIVES = "archives"
_KEPT = (_ARCHIVES, "rapports", "echanges/retours", "echanges/departs")
"""Folders of what a connector wrote: the partner takes the last two, and may forget some."""
_PURGE_EVERY_S = 3_600.0


def archive(context: Context, digest: str, source: BinaryIO) -> Path:
    """Once for the same bytes, kept from the last time on; leaves `source` at its beginning."""
    target = folder_of(context, _ARCHIVES) / f"{digest}.scelle"
    source.seek(0)
    if not target.exists():
        draft = target.with_suffix(".en-cours")
        context.vault.seal_file(f"archive {context.mandate.code}", source, draft)
        draft.replace(target)
    instant = context.clock().timestamp()
    os.utime(target, (instant, instant))
    source.seek(0)
    return target


def folder_of(context: Context, name: str) -> Path:
    folder = context.folder / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def archived(context: Context, digest: str) -> bytes:
    """What was archived under this digest, in memory: for what is small. Raises `FileNotFoundError`, `Unreadable`."""
    with (folder_of(context, _ARCHIVES) / f"{digest}.scelle").open("rb") as sealed:
        return b"".join(context.vault.open_file(f"archive {context.mandate.code}", sealed))


async def purge_hourly(context: Context, stop: asyncio.Event) -> None:
    while not stop.is_set():
        if purged := await asyncio.to_thread(purge, context):
            _log.info("archives.purged", mandat=context.mandate.code, fichiers=purged)
        await wait(stop, _PURGE_EVERY_S)


def purge(context: Context) -> int:
    """Remove what is older than the mandate keeps it; how many files."""
    oldest = context.clock() - timedelta(days=context.configuration.conservation_jours)
    old = [path for path in _kept(context) if datetime.fromtimestamp(path.stat().st_mtime, UTC) < oldest]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _kept(context: Context) -> Iterator[Path]:
    for name in _KEPT:
        yield from (path for path in (context.folder / name).glob("*") if path.is_file())
