"""The command `bench`: which lines are run, how they are shown, and the file that they are written to."""

from __future__ import annotations

import asyncio
import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from deploy.bench.lines import LINES, Durations, Measured
from deploy.bench.site import Site, site
from deploy.datadir import LaunchError

app = typer.Typer()


class Ligne(StrEnum):
    DEPOT = "depot"
    LOT = "lot"
    LIVRAISON = "livraison"
    LECTURE = "lecture"
    OFFRES = "offres"
    JETON = "jeton"


@app.command()
def bench(
    lignes: Annotated[list[Ligne] | None, typer.Argument(help="Les lignes à mesurer ; toutes par défaut.")] = None,
    fichier: Annotated[Path | None, typer.Option("--json", metavar="FICHIER", help="Écrit aussi ce fichier.")] = None,
    duree: Annotated[float, typer.Option("--duree", min=1, help="Secondes mesurées, pour chaque charge.")] = 10,
    donnees: Annotated[
        Path | None,
        typer.Option("--donnees", metavar="DIR", help="Un relais en marche ; un relais jetable par défaut."),
    ] = None,
) -> None:
    """Mesure le débit et les temps de réponse, à côté d'un programme plancher qui fait le strict minimum.

    `plancher_par_s` vient de la même exécution : une route FastAPI nue qui valide le même modèle et fait une seule
    publication JetStream (depot, lot), lit une ligne (lecture, offres), vérifie et signe (jeton), reçoit (livraison).
    Le générateur de charge, NATS et PostgreSQL tournent sur la même machine et comptent donc dans le résultat.

    Exemples :

        ./relais bench

        ./relais bench depot lecture --json mesures.json

        ./relais bench depot --duree 30 --donnees .relais
    """
    console = Console(highlight=False)
    written: dict[str, Any] = {}
    with site(donnees.expanduser().absolute() if donnees else None, console) as here:
        for ligne in lignes or list(Ligne):
            with console.status(f"Mesure de {ligne.value}…"):
                written[ligne.value] = _run(here, ligne.value, duree)
            console.print(f"{ligne.value} : {written[ligne.value]['par_s']:,} /s".replace(",", " "))
            if fichier:
                fichier.write_text(json.dumps(written, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    console.print(_table(written))


def _run(here: Site, ligne: str, duration_s: float) -> dict[str, Any]:
    durations = Durations(min(3.0, duration_s / 3), duration_s)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return _told(runner.run(LINES[ligne](here, durations)))
        except* LaunchError as errors:
            reason: BaseException = errors
            while isinstance(reason, BaseExceptionGroup):
                reason = reason.exceptions[0]
            raise reason from None


def _told(measured: Measured) -> dict[str, Any]:
    hub, plancher = measured.hub, measured.plancher
    return {
        "par_s": hub.par_s,
        "p50_ms": hub.p50_ms,
        "p99_ms": hub.p99_ms,
        "plancher_par_s": plancher.par_s,
        "ratio": round(hub.par_s / plancher.par_s, 3),
        "machine": _machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        **measured.details,
    }


def _machine() -> str:
    memory_gb = round(psutil.virtual_memory().total / 1e9)
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, {os.cpu_count()} cœurs, {memory_gb} Go, Python {platform.python_version()}"


def _table(written: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(box=None)
    for title in ("ligne", "par seconde", "médiane ms", "p99 ms", "plancher /s", "rapport"):
        table.add_column(title, justify="left" if title == "ligne" else "right")
    for ligne, figures in written.items():
        shown = (figures[name] for name in ("par_s", "p50_ms", "p99_ms", "plancher_par_s", "ratio"))
        table.add_row(ligne, *(f"{figure:,}".replace(",", " ") for figure in shown))
    return table
