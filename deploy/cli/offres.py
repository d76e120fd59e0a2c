"""`offres importer`: a catalogue of structures and services, from a file or an address, into the hub."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER, HOST, DataDir, LaunchError

app = typer.Typer(help="Gère le catalogue de l'offre d'insertion.", no_args_is_help=True)

_FLOOR_EXIT = 3
_DOWNLOAD_S = 600.0
_SILENCE_S = 30.0


class Type(StrEnum):
    STRUCTURES = "structures"
    SERVICES = "services"


@app.callback()
def offres() -> None:
    """Keeps `importer` a command of the group while it is alone in it."""


@app.command()
def importer(
    fichier: Annotated[str, typer.Argument(metavar="FICHIER|URL", help="JSON, JSON par ligne (.gz admis) ou Parquet.")],
    source: Annotated[str, typer.Option("--source", help="Producteur : chaque ligne doit porter cette source.")],
    complet: Annotated[
        bool, typer.Option("--complet/--partiel", help="Complet : ce qui n'est pas au fichier est retiré.")
    ] = False,
    confirmer: Annotated[
        bool, typer.Option("--confirmer", help="Même si plus d'un cinquième de la source est retiré.")
    ] = False,
    type_: Annotated[
        Type | None, typer.Option("--type", help="Ce que contient le fichier ; sinon, chaque ligne le dit.")
    ] = None,
    donnees: Donnees = DEFAULT_FOLDER,
    rapport: Annotated[
        Path | None,
        typer.Option("--rapport", help="Lignes refusées, averties.", show_default="rapport-<fichier>.jsonl"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit le bilan en JSON.")] = False,
) -> None:
    """Importe un catalogue au schéma data·inclusion v1 : les structures d'abord, puis leurs services.

    Une ligne refusée est au rapport (ligne, champ, pointeur, raison) et l'import continue ; un texte mal encodé, un
    contact mis pour un inconnu sont pris tels quels, et y sont dits. Une ligne déjà au catalogue, la même, n'est pas
    touchée. Interrompu, il reprend où il en était : relancez la même commande. Un import complet qui retirerait plus
    d'un cinquième de la source ne fait rien tant qu'il n'est pas confirmé.

    Codes de sortie : 0 fichier traité (les refus sont au rapport), 1 fichier refusé ou relais injoignable, 2 commande
    mal écrite, 3 retraits à confirmer.

    Exemples :

        ./relais offres importer services.jsonl.gz --source dora --complet

        ./relais offres importer https://exemple.fr/structures.parquet --source dora --type structures
    """
    from services.offres.importer.fichier import FichierRefuse
    from services.offres.importer.passage import ImportRefuse, PlancherAtteint

    console = Console(highlight=False, stderr=as_json)
    data = data_dir(donnees)
    with ExitStack() as stack:
        path = _local(fichier, stack, console)
        name = Path(urlsplit(fichier).path).name.partition(".")[0] or "offres"
        report = rapport or Path(f"rapport-{name}.jsonl")
        started = time.monotonic()
        genre = {Type.STRUCTURES: "structure", Type.SERVICES: "service", None: None}[type_]
        try:
            told = asyncio.run(
                _import(data, console, chemin=path, source=source, est_complet=complet, est_confirme=confirmer,
                        genre=genre, rapport=report)
            )  # fmt: skip
        except PlancherAtteint as error:
            console.print(f"[bold red]Import arrêté :[/] {error}")
            raise typer.Exit(_FLOOR_EXIT) from error
        except (ImportRefuse, FichierRefuse) as error:
            raise LaunchError(f"Import refusé : {error}") from error
    _show(console, told, report, time.monotonic() - started, as_json)


def _local(given: str, stack: ExitStack, console: Console) -> Path:
    """The file itself, or what the address holds, written to disk as it comes."""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https"):
        path = Path(given)
        if not path.is_file():
            raise LaunchError(f"{given} n'est pas un fichier.")
        return path
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise LaunchError("Une adresse est en https ; http n'est admis que vers cette machine.")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relais-offres-")))
    path = folder / "catalogue"
    with console.status("Téléchargement…"):
        try:
            asyncio.run(_download(given, path))
        except TimeoutError as error:
            raise LaunchError(f"Le téléchargement n'a pas fini en {_DOWNLOAD_S:.0f} s.") from error
    return path


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _download(url: str, path: Path) -> None:
    """Redirects are not followed: the address that was given is the one that is trusted."""
    import httpx

    async with asyncio.timeout(_DOWNLOAD_S):
        try:
            async with (
                httpx.AsyncClient(timeout=_SILENCE_S, trust_env=False) as client,
                client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise LaunchError(f"L'adresse a répondu {response.status_code}.")
                with path.open("wb") as out:
                    async for chunk in response.aiter_raw():
                        out.write(chunk)
        except httpx.HTTPError as error:
            raise LaunchError(f"L'adresse ne répond pas ({type(error).__name__}).") from error


async def _import(data: DataDir, console: Console, **asked: Any) -> dict[str, Any]:
    """Under the role of the service, in its schema."""
    import asyncpg

    from chassis.database import open_pool
    from deploy.postgres import DATABASE
    from services.offres.importer.atelier import atelier
    from services.offres.importer.passage import Demande, importer

    ports = data.known_ports()
    url = f"postgresql://offres@{HOST}:{ports.postgres}/{DATABASE}"
    with atelier() as work:
        try:
            password = data.password_file("offres").read_text().strip()
            pool = await open_pool(url, password, "offres", min_size=1, max_size=2)
        except (OSError, asyncpg.PostgresError) as error:
            raise LaunchError(f"Le relais de {data.path} ne répond pas : ./relais up le démarre.") from error
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        try:
            with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
                task = bar.add_task("lecture", total=None)

                def tell(stage: str, done: int, total: int) -> None:
                    bar.update(task, description=stage, completed=done, total=total or None)

                return (await importer(pool, Demande(**asked), work, lambda: datetime.now(UTC), tell)).en_json()
        finally:
            await pool.close()


def _show(console: Console, told: dict[str, Any], report: Path, duration_s: float, as_json: bool) -> None:
    kinds = ("structure", "service")
    read = sum(told[kind]["lues"] for kind in kinds)
    summary = {
        **{f"{kind}s": told[kind] for kind in kinds},
        "champs_ignores": told["champs_ignores"],
        "reprise_apres": told["repris_a"],
        "duree_s": round(duration_s, 1),
        "lignes_par_s": round(read / duration_s),
        "rapport": str(report),
    }
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=1))
        return
    columns = ("lues", "publiees", "averties", "inchangees", "refusees", "retirees")
    table = Table("", "lues", "publiées", "averties", "inchangées", "refusées", "retirées")
    for kind in kinds:
        table.add_row(f"{kind}s", *(f"{told[kind][column]:,}".replace(",", " ") for column in columns))
    console.print(table)
    if told["champs_ignores"]:
        console.print(f"[dim]Champs hors du schéma, laissés de côté : {', '.join(sorted(told['champs_ignores']))}[/]")
    console.print(f"{summary['lignes_par_s']} lignes par seconde · rapport : {report}")
