"""The folder of a mandate: a file that stopped changing is taken once, by its bytes; its report comes back beside it.

echanges/arrivees   what the partner puts in
echanges/retours    what became of it
echanges/departs    what leaves
archives            what was taken, sealed
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from chassis.waiting import wait
from connectors.archive import folder_of
from connectors.exchanges import Exchange, ExchangeRefused
from connectors.hub import PartnerError
from connectors.state import Held
from connectors.systems import Context

_log = structlog.get_logger()
_LEASE = timedelta(seconds=90)
DRAFTS = (".part", ".tmp", ".filepart", ".en-cours", ".crdownload")
ARRIVALS, RETURNS, DEPARTURES = "echanges/arrivees", "echanges/retours", "echanges/departs"
Seen = Mapping[Path, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Taking:
    """What a system does with a file. `nature`: of the exchange, by the name of the file.

    `handle`: (path, digest, exchange, held) → done once all of it is decided. Raises `ExchangeRefused` for a file that
    is refused as a whole, `PartnerError` for one that is to be begun again.
    """

    nature: Callable[[Path], str]
    handle: Callable[[Path, str, Exchange, Held], Awaitable[None]]


async def watch(context: Context, taking: Taking, stop: asyncio.Event) -> None:
    seen: Seen = {}
    while not stop.is_set():
        seen = await look(context, taking, seen)
        await wait(stop, context.configuration.toutes_les_s)


async def look(context: Context, taking: Taking, seen: Seen) -> Seen:
    """Take what did not change since the last look; returns what is there now, with its size and date."""
    present: dict[Path, tuple[int, int]] = {}
    for path in sorted(folder_of(context, ARRIVALS).iterdir()):
        if not path.is_file() or path.name.startswith(".") or path.name.endswith(DRAFTS):
            continue
        found = path.stat()
        present[path] = (found.st_size, found.st_mtime_ns)
        if seen.get(path) == present[path]:
            await _take(context, taking, path)
    return present


async def _take(context: Context, taking: Taking, path: Path) -> None:
    """Handle one file, unless its bytes were handled already; then it is only removed."""
    digest = await asyncio.to_thread(_digest, path)
    held = await context.state.take(f"fichier {digest}", _LEASE)
    if held is None:
        if await context.state.outcome(f"fichier {digest}") != "en-cours":
            async with context.journal.exchange("entrant", "fichiers.deja-pris", digest[:16]) as exchange:
                exchange.counts["deja-pris"] += 1
            path.unlink()
        return
    try:
        async with held:
            await _handle(context, taking, path, digest, held)
    except PartnerError as error:
        _log.info("files.later", mandat=context.mandate.code, error=type(error).__name__)
        return
    path.unlink()


async def _handle(context: Context, taking: Taking, path: Path, digest: str, held: Held) -> None:
    try:
        async with context.journal.exchange("entrant", taking.nature(path), digest[:16]) as exchange:
            await taking.handle(path, digest, exchange, held)
    except ExchangeRefused as refused:
        await asyncio.to_thread(_tell, context, path, str(refused))
        await held.settle("refuse")
    else:
        await held.settle("fait")


def _tell(context: Context, path: Path, sentence: str) -> None:
    """For who looks into the folder, without any other tool."""
    (folder_of(context, RETURNS) / f"{path.stem}-refuse.txt").write_text(f"{sentence}\n", encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
