"""`rebut …`: what components set aside, listed, shown, tried again or discarded."""

from __future__ import annotations

import asyncio
import dataclasses
import getpass
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER, LaunchError

if TYPE_CHECKING:
    from deploy.rebut import Parked

app = typer.Typer(
    help="Ce que le relais n'a pas pu traiter et a mis de côté : lister, montrer, reprendre, écarter.",
    no_args_is_help=True,
)

T = TypeVar("T")
_PATIENCE_S, _PAUSE_S = 8.0, 0.25
Id = Annotated[str, typer.Argument(metavar="ID", help="Identifiant donné par « lister ».")]
Json = Annotated[bool, typer.Option("--json", help="Écrit le résultat en JSON.")]
Composant = Annotated[
    str | None, typer.Option("--composant", help="Seulement ce composant ; sinon tous ceux qui l'ont mis de côté.")
]
Par = Annotated[str | None, typer.Option("--par", help="Qui décide ; sinon l'utilisateur du système.")]
NATURES = {
    "depot": "dépôt",
    "evenement": "événement",
    "echeance": "échéance",
    "livraison": "livraison",
    "illisible": "illisible",
}


@app.command()
def lister(
    donnees: Donnees = DEFAULT_FOLDER,
    composant: Composant = None,
    tous: Annotated[bool, typer.Option("--tous", help="Aussi ce qui a été repris ou écarté.")] = False,
    as_json: Json = False,
) -> None:
    """Liste ce qui est au rebut, le plus ancien d'abord.

    Chaque ligne retient la suite de son parcours, sauf une livraison : un événement que l'on ne sait pas montrer à ses
    destinataires attend seul.

    Exemples :

        ./relais rebut lister

        ./relais rebut lister --composant orientation --json
    """
    from deploy import rebut

    async def act(conn: Any) -> list[Parked]:
        return [p for p in await rebut.lister(conn, regles=tous) if composant in (None, p.composant)]

    found = _run(donnees, act)
    if as_json:
        _print_json([_facts(parked) for parked in found])
        return
    console = Console(highlight=False)
    if not found:
        console.print("Rien au rebut.")
        return
    table = Table("identifiant", "composant", "nature", "type", "raison", "échecs", "depuis", "état")
    for p in found:
        since = f"{p.parque_a:%d/%m %H:%M:%S}"
        nature = NATURES.get(p.nature, p.nature)
        table.add_row(str(p.id), p.composant, nature, p.type, p.raison, str(p.echecs), since, p.etat)
    console.print(table)
    console.print("Détail : ./relais rebut montrer ID", style="dim")


@app.command()
def montrer(id_: Id, donnees: Donnees = DEFAULT_FOLDER, composant: Composant = None, as_json: Json = False) -> None:
    """Montre tout ce que le relais garde d'un élément au rebut, et ce qui en a été décidé.

    Ce qui parle de la personne n'est pas montré : il est scellé, sous la clé de son parcours.

    Exemple :

        ./relais rebut montrer 0190c6b2-0f3e-7cc1-8a52-3f6d6b0c1a11
    """
    from deploy import rebut

    async def act(conn: Any) -> list[dict[str, Any]]:
        told = await rebut.gestes(conn, _uuid(id_))
        return [
            _facts(p) | {"gestes": [dataclasses.asdict(g) for g in told if g.composant == p.composant]}
            for p in await rebut.trouver(conn, _uuid(id_), composant)
        ]

    found = _run(donnees, act)
    if as_json:
        _print_json(found)
        return
    console = Console(highlight=False)
    for facts in found:
        for name, value in facts.items():
            shown = json.dumps(value, ensure_ascii=False, indent=2, default=str) if name == "contenu" else value
            if name != "gestes":
                console.print(f"[bold]{name}[/] : {shown}", soft_wrap=True)
        for geste in facts["gestes"]:
            console.print(f"{geste['a']:%d/%m/%Y %H:%M:%S} {geste['geste']} par {geste['par']} : {geste['motif']}")


@app.command()
def reprendre(
    id_: Annotated[str | None, typer.Argument(metavar="ID", help="Identifiant donné par « lister ».")] = None,
    motif: Annotated[str, typer.Option("--motif", help="Ce qui a été corrigé.")] = "reprise demandée",
    tous: Annotated[bool, typer.Option("--tous", help="Tout ce qui est au rebut, sauf l'illisible.")] = False,
    par: Par = None,
    donnees: Donnees = DEFAULT_FOLDER,
    composant: Composant = None,
    as_json: Json = False,
) -> None:
    """Fait traiter de nouveau, à sa place, ce qui est au rebut ; la suite du parcours reprend après lui.

    Code 0 quand tout a été traité, 3 quand quelque chose est encore en attente ou de nouveau au rebut.

    Exemples :

        ./relais rebut reprendre 0190c6b2-0f3e-7cc1-8a52-3f6d6b0c1a11 --motif "corrigé par la version 1.2"

        ./relais rebut reprendre --tous --composant orientation --motif "table réparée"
    """
    from deploy import rebut

    if (id_ is None) == (not tous):
        raise LaunchError("Donnez un identifiant, ou --tous.")

    async def act(conn: Any) -> list[Parked]:
        chosen = await _chosen(conn, id_, composant)
        for parked in chosen:
            await rebut.reprendre(conn, parked, par or getpass.getuser(), motif)
        return await _settled(conn, chosen)

    found = _run(donnees, act)
    if as_json:
        _print_json([_facts(parked) for parked in found])
    else:
        for parked in found:
            typer.echo(f"{parked.id} ({parked.composant}) : {_outcome(parked)}")
        if not found:
            typer.echo("Rien à reprendre.")
    raise typer.Exit(0 if all(parked.etat in ("repris", "ecarte") for parked in found) else 3)


@app.command()
def ecarter(
    id_: Id,
    motif: Annotated[str, typer.Option("--motif", help="Pourquoi ; l'émetteur d'un dépôt le lira.")],
    par: Par = None,
    donnees: Donnees = DEFAULT_FOLDER,
    composant: Composant = None,
    as_json: Json = False,
) -> None:
    """Renonce définitivement à un élément au rebut ; la suite de son parcours reprend sans lui.

    Le motif est gardé avec le nom et l'instant ; n'y écrivez rien sur une personne.

    Exemple :

        ./relais rebut ecarter 0190c6b2-0f3e-7cc1-8a52-3f6d6b0c1a11 --motif "doublon, déposé de nouveau par le CD"
    """
    from deploy import rebut

    if not motif.strip():
        raise LaunchError("Un motif est attendu.")

    async def act(conn: Any) -> list[Parked]:
        chosen = await _open(conn, _uuid(id_), composant)
        for parked in chosen:
            await rebut.ecarter(conn, parked, par or getpass.getuser(), motif.strip())
        return await rebut.trouver(conn, _uuid(id_), composant)

    found = _run(donnees, act)
    if as_json:
        _print_json([_facts(parked) for parked in found])
        return
    for parked in found:
        typer.echo(f"{parked.id} ({parked.composant}) : {_outcome(parked)}")


async def _chosen(conn: Any, id_: str | None, composant: str | None) -> list[Parked]:
    from deploy import rebut

    if id_ is not None:
        return await _open(conn, _uuid(id_), composant)
    return [p for p in await rebut.lister(conn) if p.nature != "illisible" and composant in (None, p.composant)]


async def _open(conn: Any, id_: UUID, composant: str | None) -> list[Parked]:
    """What is still to settle under this id; all of it when nothing is, so that the refusal says why."""
    from deploy import rebut

    found = await rebut.trouver(conn, id_, composant)
    return [p for p in found if p.etat in ("parque", "a-reprendre")] or found


async def _settled(conn: Any, chosen: list[Parked]) -> list[Parked]:
    """What became of them, once their components tried them again."""
    from deploy import rebut

    deadline = asyncio.get_running_loop().time() + _PATIENCE_S
    keys = {(p.composant, p.id) for p in chosen}
    while True:
        found = [p for p in await rebut.lister(conn, regles=True) if (p.composant, p.id) in keys]
        if asyncio.get_running_loop().time() > deadline or all(p.etat != "a-reprendre" for p in found):
            return found
        await asyncio.sleep(_PAUSE_S)


def _outcome(parked: Parked) -> str:
    match parked.etat:
        case "repris":
            return "traité"
        case "ecarte":
            return "écarté"
        case "parque":
            return f"de nouveau au rebut ({parked.raison}, {parked.echecs} échecs)"
        case _:
            return "pas encore repris par son composant ; voyez ./relais etat"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise LaunchError(f"« {text[:64]} » n'est pas un identifiant donné par ./relais rebut lister.") from error


def _facts(parked: Parked) -> dict[str, Any]:
    return dataclasses.asdict(parked)


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))


def _run(donnees: Path, act: Callable[[Any], Awaitable[T]]) -> T:
    from deploy import rebut

    async def connected() -> T:
        conn = await rebut.connect(data_dir(donnees))
        try:
            return await act(conn)
        finally:
            await conn.close()

    return asyncio.run(connected())
