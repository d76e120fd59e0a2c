"""What a connector was given, kept sealed under the digest of its bytes, for as long as its mandate says."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterable, Iterator
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


async def about(context: Context, digest: str | None, whom: Iterable[str]) -> None:
    """Store whom an archive is about, so that it goes with each of them: parcours, or names that `state.name` gives
    to their keys, which may lead to a parcours only later."""
    if digest is not None:
        await context.state.link(_index(digest), ((one, one) for one in whom))


def _index(digest: str) -> str:
    return f"archive {digest}"


async def erase(context: Context, parcours: str) -> Counter[str]:
    """Delete what this connector knows of a person, the archives that name her and their reports; how many of each.

    What lies in `echanges` is the partner's.
    """
    counts: Counter[str] = Counter()
    waiting = [parcours]
    while waiting:
        for space, theirs in await context.state.forget(waiting.pop()):
            if space.startswith(_index("")):
                counts["archives"] += await asyncio.to_thread(_remove, context, space.removeprefix(_index("")))
                await context.state.forget_space(space)
            else:
                counts["paires"] += 1
                waiting.append(theirs)
    return counts


def _remove(context: Context, digest: str) -> int:
    """A report bears the beginning of the digest of what it reports on."""
    reports = folder_of(context, "rapports").glob(f"*{digest[:12]}*")
    found = [path for path in (folder_of(context, _ARCHIVES) / f"{digest}.scelle", *reports) if path.exists()]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


async def purge_hourly(context: Context, stop: asyncio.Event) -> None:
    while not stop.is_set():
        if purged := await asyncio.to_thread(purge, context):
            _log.info("archives.purged", mandat=context.mandate.code, fichiers=len(purged))
        for path in purged:
            await context.state.forget_space(_index(path.stem))  # of a report, there is none
        await wait(stop, _PURGE_EVERY_S)


def purge(context: Context) -> list[Path]:
    """Remove what is older than the mandate keeps it; the files that were."""
    oldest = context.clock() - timedelta(days=context.configuration.conservation_jours)
    old = [path for path in _kept(context) if datetime.fromtimestamp(path.stat().st_mtime, UTC) < oldest]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _kept(context: Context) -> Iterator[Path]:
    for name in _KEPT:
        yield from (path for path in (context.folder / name).glob("*") if path.is_file())
