"""The folder of a mandate: a file that stopped changing is taken once, by its bytes; its report comes back beside it.

echanges/arrivees   what the partner puts in
echanges/retours    the same file with what became of each line
archives            what was taken, sealed
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path

import structlog

from chassis.waiting import wait
from connectors.archive import archive, folder_of
from connectors.cnaf import intake
from connectors.cnaf.flow import FlowRefused
from connectors.cnaf.kinds import kind_of
from connectors.exchanges import Exchange, ExchangeRefused
from connectors.fichiers import sending
from connectors.fichiers.configuration import CNAF, Arrivee
from connectors.fichiers.tables import TableRefused
from connectors.hub import PartnerError
from connectors.state import Held
from connectors.systems import Context

_log = structlog.get_logger()
_LEASE = timedelta(seconds=90)
DRAFTS = (".part", ".tmp", ".filepart", ".en-cours", ".crdownload")
ARRIVALS, RETURNS = "echanges/arrivees", "echanges/retours"


async def watch(context: Context, stop: asyncio.Event) -> None:
    seen: dict[Path, tuple[int, int]] = {}
    while not stop.is_set():
        seen = await look(context, seen)
        await wait(stop, context.configuration.toutes_les_s)


async def look(context: Context, seen: Mapping[Path, tuple[int, int]]) -> dict[Path, tuple[int, int]]:
    """Take what did not change since the last look; returns what is there now, with its size and date."""
    present: dict[Path, tuple[int, int]] = {}
    for path in sorted(folder_of(context, ARRIVALS).iterdir()):
        if not path.is_file() or path.name.startswith(".") or path.name.endswith(DRAFTS):
            continue
        found = path.stat()
        present[path] = (found.st_size, found.st_mtime_ns)
        if seen.get(path) == present[path]:
            await take(context, path)
    return present


async def take(context: Context, path: Path) -> None:
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
        async with context.journal.exchange("entrant", f"fichiers.{_name(context, path)}", digest[:16]) as exchange:
            await _handle(context, path, digest, exchange, held)
        await held.settle("fait")
    except ExchangeRefused as refused:
        await asyncio.to_thread(_tell, context, path, str(refused))
        await held.settle("refuse")
    except PartnerError as error:
        await held.release()
        _log.info("files.later", mandat=context.mandate.code, error=type(error).__name__)
        return
    path.unlink()


def matching(context: Context, name: str) -> Arrivee | None:
    """The first kind of arrival whose pattern this name follows, whatever its case."""
    for arrivee in context.configuration.arrivees:
        if fnmatch(name.casefold(), arrivee.motif.casefold()):
            found: Arrivee = arrivee
            return found
    return None


def _name(context: Context, path: Path) -> str:
    arrivee = matching(context, path.name)
    return arrivee.nom if arrivee else "inconnu"


async def _handle(context: Context, path: Path, digest: str, exchange: Exchange, held: Held) -> None:
    with path.open("rb") as source:
        await asyncio.to_thread(archive, context, digest, source)
        exchange.archive = digest
        arrivee = matching(context, path.name)
        if arrivee is None:
            raise ExchangeRefused("Aucune arrivée configurée ne porte ce nom de fichier.")

        async def alive(_: int) -> None:
            await held.extend()

        try:
            if arrivee.message == CNAF:
                kind = await asyncio.to_thread(kind_of, source)
                report = folder_of(context, RETURNS) / f"{path.stem}-resultat.jsonl"
                settings = context.configuration
                organismes = {str(parcours): str(one) for parcours, one in settings.organismes.items()}
                rules = intake.Rules(settings.departement, settings.transferts, organismes, settings.dsp)
                await intake.take(context, exchange, kind, source, report, alive, rules)
            else:
                report = folder_of(context, RETURNS) / f"{path.stem}-resultat{path.suffix}"
                await sending.send(context, exchange, arrivee, source, digest, report, alive)
        except (TableRefused, FlowRefused) as refused:
            raise ExchangeRefused(f"Fichier refusé, rien n'en est déposé : {refused}") from refused


def _tell(context: Context, path: Path, sentence: str) -> None:
    """For who looks into the folder, without any other tool."""
    (folder_of(context, RETURNS) / f"{path.stem}-refuse.txt").write_text(f"{sentence}\n", encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
