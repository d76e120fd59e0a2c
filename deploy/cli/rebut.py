"""`rebut …`: what components set aside, listed, shown, tried again or discarded: the acts of the console's page."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from deploy.cli.hub import Donnees, data_dir
from deploy.console_client import ConsoleClient
from deploy.datadir import DEFAULT_FOLDER, LaunchError

app = typer.Typer(
    help="Ce que le relais n'a pas pu traiter et a mis de côté : lister, montrer, reprendre, écarter.",
    no_args_is_help=True,
)

_PATIENCE_S, _PAUSE_S = 8.0, 0.25
_OPEN = ("parque", "a-reprendre")
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
Row = dict[str, Any]


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
    found = _rows(ConsoleClient(data_dir(donnees)), composant=composant, tous=tous)
    if as_json:
        _print_json(found)
        return
    console = Console(highlight=False)
    if not found:
        console.print("Rien au rebut.")
        return
    table = Table("identifiant", "composant", "nature", "type", "raison", "échecs", "depuis", "état")
    for row in found:
        since, nature = row["parque_a"][:19].replace("T", " "), NATURES.get(row["nature"], row["nature"])
        told = (row["type"], row["raison"], str(row["echecs"]), since, row["etat"])
        table.add_row(row["id"], row["composant"], nature, *told)
    console.print(table)
    console.print("Détail : ./relais rebut montrer ID", style="dim")


@app.command()
def montrer(id_: Id, donnees: Donnees = DEFAULT_FOLDER, composant: Composant = None, as_json: Json = False) -> None:
    """Montre ce que le relais sait d'un élément au rebut, et ce qui en a été décidé.

    Son contenu s'ouvre dans la console, avec un motif.

    Exemple :

        ./relais rebut montrer 0190c6b2-0f3e-7cc1-8a52-3f6d6b0c1a11
    """
    found = _found(ConsoleClient(data_dir(donnees)), id_, composant)
    if as_json:
        _print_json(found)
        return
    console = Console(highlight=False)
    for row in found:
        for name, value in row.items():
            if name != "gestes" and value is not None:
                console.print(f"[bold]{name}[/] : {value}", soft_wrap=True)
        for geste in row["gestes"]:
            console.print(f"{geste['a'][:19]} {geste['geste']} par {geste['par']} : {geste['motif']}")


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
    if (id_ is None) == (not tous):
        raise LaunchError("Donnez un identifiant, ou --tous.")
    hub = ConsoleClient(data_dir(donnees), par)
    if id_ is None:
        chosen = [row for row in _rows(hub, composant=composant) if row["nature"] != "illisible"]
    else:
        chosen = _still_open(hub, id_, composant)
    for row in chosen:
        hub.act("rebut-reprendre", {"element": row["id"], "composant": row["composant"], "motif": motif})
    found = _settled(hub, chosen)
    if as_json:
        _print_json(found)
    else:
        for row in found:
            typer.echo(f"{row['id']} ({row['composant']}) : {_outcome(row)}")
        if not found:
            typer.echo("Rien à reprendre.")
    raise typer.Exit(0 if all(row["etat"] in ("repris", "ecarte") for row in found) else 3)


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
    hub = ConsoleClient(data_dir(donnees), par)
    for row in _still_open(hub, id_, composant):
        hub.act("rebut-ecarter", {"element": row["id"], "composant": row["composant"], "motif": motif.strip()})
    found = _found(hub, id_, composant)
    if as_json:
        _print_json(found)
        return
    for row in found:
        typer.echo(f"{row['id']} ({row['composant']}) : {_outcome(row)}")


def _rows(hub: ConsoleClient, *, composant: str | None = None, tous: bool = False, id_: str = "") -> list[Row]:
    """The oldest first. Raises LaunchError when a component could not be asked: a list would hide what it has."""
    told = hub.read("/api/rebut.json", composant=composant or "", tous="1" if tous else "", id=id_)
    if told["muets"]:
        raise LaunchError(f"Ne répond pas : {', '.join(told['muets'])}. Voyez ./relais etat.")
    return sorted(told["elements"], key=lambda row: str(row["parque_a"]))


def _found(hub: ConsoleClient, id_: str, composant: str | None) -> list[Row]:
    """What bears this id: several components may have set the same event aside."""
    found = _rows(hub, composant=composant, tous=True, id_=_uuid(id_))
    if not found:
        raise LaunchError(f"Rien au rebut ne porte l'identifiant {id_}. Voyez : ./relais rebut lister")
    return found


def _still_open(hub: ConsoleClient, id_: str, composant: str | None) -> list[Row]:
    """What is still to settle under this id; all of it when nothing is, so that the refusal says why."""
    found = _found(hub, id_, composant)
    return [row for row in found if row["etat"] in _OPEN] or found


def _settled(hub: ConsoleClient, chosen: list[Row]) -> list[Row]:
    """What became of them, once their components tried them again."""
    deadline = time.monotonic() + _PATIENCE_S
    keys = {(row["composant"], row["id"]) for row in chosen}
    while True:
        rows = [one for id_ in sorted({id_ for _, id_ in keys}) for one in _rows(hub, tous=True, id_=id_)]
        found = [row for row in rows if (row["composant"], row["id"]) in keys]
        if time.monotonic() > deadline or all(row["etat"] != "a-reprendre" for row in found):
            return found
        time.sleep(_PAUSE_S)


def _outcome(row: Row) -> str:
    match row["etat"]:
        case "repris":
            return "traité"
        case "ecarte":
            return "écarté"
        case "parque":
            return f"de nouveau au rebut ({row['raison']}, {row['echecs']} échecs)"
        case _:
            return "pas encore repris par son composant ; voyez ./relais etat"


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError as error:
        raise LaunchError(f"« {text[:64]} » n'est pas un identifiant donné par ./relais rebut lister.") from error


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
