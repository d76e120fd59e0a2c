"""What becomes of a file in the folder of a mandate: the first pattern that its name follows says how to read it."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatch
from pathlib import Path

from connectors.archive import archive, folder_of
from connectors.cnaf import intake
from connectors.cnaf.flow import FlowRefused
from connectors.cnaf.kinds import kind_of
from connectors.exchanges import Exchange, ExchangeRefused
from connectors.fichiers import sending
from connectors.fichiers.configuration import CNAF, Arrivee
from connectors.fichiers.tables import TableRefused
from connectors.folders import RETURNS, Taking
from connectors.state import Held
from connectors.systems import Context


def taking(context: Context) -> Taking:
    def nature(path: Path) -> str:
        arrivee = matching(context, path.name)
        return f"fichiers.{arrivee.nom if arrivee else 'inconnu'}"

    async def handle(path: Path, digest: str, exchange: Exchange, held: Held) -> None:
        await _handle(context, path, digest, exchange, held)

    return Taking(nature, handle)


def matching(context: Context, name: str) -> Arrivee | None:
    """The first kind of arrival whose pattern this name follows, whatever its case."""
    for arrivee in context.configuration.arrivees:
        if fnmatch(name.casefold(), arrivee.motif.casefold()):
            found: Arrivee = arrivee
            return found
    return None


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
