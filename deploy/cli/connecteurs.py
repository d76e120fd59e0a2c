"""`connecteurs …`: the adapters to partners' own systems: list, create, try, watch, suspend and resume them."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from connectors.exchanges import ExchangeRefused, Line
from connectors.hub import PartnerError
from connectors.systems import systems
from deploy import connector_registry
from deploy.cli.hub import Donnees, data_dir
from deploy.connector_registry import Registry, read_configuration
from deploy.datadir import DEFAULT_FOLDER, HOST, LaunchError

app = typer.Typer(
    help="Connecteurs vers les systèmes que les partenaires ont déjà : lister, créer, essayer, suivre, suspendre.",
    no_args_is_help=True,
)
T = TypeVar("T")
Code = Annotated[str, typer.Argument(help="Code du connecteur, par exemple cd-59-hubee.")]
Json = Annotated[bool, typer.Option("--json", help="Écrit le résultat en JSON.")]
Configuration = Annotated[
    Path | None, typer.Option("--configuration", exists=True, dir_okay=False, help="Configuration, en TOML.")
]


@app.command()
def lister(donnees: Donnees = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Liste les connecteurs : qui chacun sert, quel système il parle, son dernier échange.

    Exemple :

        ./relais connecteurs lister --json
    """

    async def act(registry: Registry) -> list[dict[str, Any]]:
        rows = []
        for one in await registry.mandates.all():
            _, context = registry.installation.context(one)
            last = next(iter(await context.journal.last(1)), None)
            told = {"code": one.code, "systeme": one.systeme, "partenaire": one.partenaire, "etat": one.etat}
            rows.append(told | {"dernier_echange": dataclasses.asdict(last) if last else None})
        return rows

    rows = _run(donnees, act)
    if as_json:
        _print_json(rows)
        return
    console = Console(highlight=False)
    if not rows:
        console.print("Aucun connecteur. Systèmes connus : ./relais connecteurs systemes")
        return
    table = Table("code", "système", "partenaire", "état", "dernier échange")
    for row in rows:
        last = row["dernier_echange"]
        said = f"{last['commence_a']:%d/%m %H:%M} {last['nature']} : {last['etat']}" if last else "aucun"
        table.add_row(row["code"], row["systeme"], row["partenaire"], row["etat"], said)
    console.print(table)


@app.command()
def systemes(
    exemple: Annotated[str | None, typer.Option("--exemple", help="Écrit une configuration de ce système.")] = None,
) -> None:
    """Liste les systèmes que les connecteurs parlent, ou donne une configuration d'où partir.

    Exemple :

        ./relais connecteurs systemes --exemple hubee > hubee.toml
    """
    known = {one.code: one for one in systems()}
    if exemple is not None:
        if exemple not in known:
            raise LaunchError(f"Système inconnu : {exemple} ; choix : {', '.join(known)}.")
        typer.echo(known[exemple].exemple)
        return
    for one in known.values():
        typer.echo(f"{one.code} · {one.titre}")


@app.command()
def creer(
    code: Code,
    systeme: Annotated[str, typer.Option("--systeme", help="Système parlé : voyez « systemes ».")],
    partenaire: Annotated[str, typer.Option("--partenaire", help="Code du partenaire qu'il sert, par exemple cd-59.")],
    configuration: Configuration = None,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Crée un connecteur : une clé à lui chez le partenaire, scellée avec sa configuration ; il démarre aussitôt.

    Le jeton montré est pour le système du partenaire ; il n'est montré qu'une fois.

    Exemple :

        ./relais connecteurs creer cd-59-hubee --systeme hubee --partenaire cd-59 --configuration hubee.toml
    """
    content = read_configuration(configuration)

    async def act(registry: Registry) -> tuple[str, int]:
        _, token = await registry.create(code, systeme, partenaire, content)
        return token, registry.ports.connecteurs

    token, port = _run(donnees, act)
    typer.echo(f"Connecteur {code} créé ; il démarre dans deux secondes.")
    typer.echo(f"Adresse pour le système du partenaire : http://{HOST}:{port}/connecteurs/{code}/")
    typer.echo(f"Jeton (montré une seule fois) : {token}")


@app.command()
def configurer(code: Code, configuration: Configuration = None, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Remplace la configuration d'un connecteur ; il repart avec elle.

    Exemple :

        ./relais connecteurs configurer cd-59-hubee --configuration hubee.toml
    """
    content = read_configuration(configuration)
    _run(donnees, lambda registry: registry.reconfigure(code, content))
    typer.echo(f"Connecteur {code} : configuration remplacée.")


@app.command()
def essayer(
    code: Code,
    fichier: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="Fichier à essayer.")] = None,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Essaie à blanc : dit ce qui serait échangé ; rien n'est déposé, ni acquitté, ni changé nulle part.

    Exemples :

        ./relais connecteurs essayer cd-59-hubee

        ./relais connecteurs essayer cd-59-fichiers orientations.csv
    """

    async def act(registry: Registry) -> None:
        speaks, context = registry.installation.context(await registry.find(code), patience_s=5)
        async with context.hub:
            async for line in speaks.try_out(context, fichier):
                typer.echo(line)

    try:
        _run(donnees, act)
    except (PartnerError, ExchangeRefused) as error:
        raise LaunchError(str(error)) from error


@app.command()
def proposer(
    fichier: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Échantillon, CSV ou XLSX.")],
    message: Annotated[str, typer.Option("--message", help="Message visé, par exemple usager.signale.")],
    nom: Annotated[str, typer.Option("--nom", help="Nom de cette sorte de fichier.")] = "arrivee",
) -> None:
    """Ébauche la configuration d'un fichier d'après ses colonnes : ce qui est reconnu, ce qui reste à dire.

    Exemple :

        ./relais connecteurs proposer usagers.xlsx --message usager.signale --nom signalements >> fichiers.toml
    """
    from connectors.fichiers.tables import TableRefused
    from connectors.fichiers.targets import deposited
    from connectors.fichiers.trying import propose

    if not deposited(message):
        raise LaunchError(f"« {message} » n'est pas un message qui se dépose.")
    try:
        with fichier.open("rb") as source:
            typer.echo(propose(nom, message, source), nl=False)
    except TableRefused as refused:
        raise LaunchError(str(refused)) from refused


@app.command()
def etat(
    code: Code,
    nombre: Annotated[int, typer.Option("--nombre", min=1, max=1000, help="Derniers échanges à montrer.")] = 20,
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Montre les derniers échanges d'un connecteur. « ./relais trace ID » en montre la suite dans le relais.

    Exemple :

        ./relais connecteurs etat cd-59-hubee --nombre 5
    """

    async def act(registry: Registry) -> list[Line]:
        _, context = registry.installation.context(await registry.find(code))
        return list(await context.journal.last(nombre))

    lines = _run(donnees, act)
    if as_json:
        _print_json([dataclasses.asdict(line) for line in lines])
        return
    console = Console(highlight=False)
    if not lines:
        console.print("Aucun échange.")
        return
    table = Table("échange", "début", "sens", "nature", "référence", "état", "compte", "motif")
    for line in lines:
        counted = ", ".join(f"{outcome} {count}" for outcome, count in sorted(line.compte.items()))
        begun = f"{line.commence_a:%d/%m %H:%M:%S}"
        table.add_row(line.id, begun, line.sens, line.nature, line.reference, line.etat, counted, line.motif or "")
    console.print(table)


@app.command()
def suspendre(code: Code, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Suspend un connecteur : il s'arrête, et sa clé chez le partenaire est retirée.

    Exemple :

        ./relais connecteurs suspendre cd-59-hubee
    """
    _run(donnees, lambda registry: registry.suspend(code))
    typer.echo(f"Connecteur {code} : suspendu, sa clé est retirée.")


@app.command()
def reprendre(code: Code, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Reprend un connecteur suspendu, avec une clé nouvelle : il continue là où il en était.

    Exemple :

        ./relais connecteurs reprendre cd-59-hubee
    """
    _run(donnees, lambda registry: registry.resume(code))
    typer.echo(f"Connecteur {code} : en service.")


def _run(donnees: Path, act: Callable[[Registry], Awaitable[T]]) -> T:
    data = data_dir(donnees)

    async def connected() -> T:
        async with connector_registry.opened(data, data.known_ports()) as registry:
            return await act(registry)

    return asyncio.run(connected())


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=1, default=str))
