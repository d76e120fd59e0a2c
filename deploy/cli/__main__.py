"""Assembly of the command line; a group whose module is not there is simply absent from the help."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

import typer
import typer.models
from rich.console import Console
from typer.completion import completion_init  # type: ignore[attr-defined]  # typer exports nothing by name

from deploy.cli import completion, developpement, etat, hub, trace
from deploy.datadir import LaunchError
from deploy.space import is_full

app = typer.Typer(
    name="relais",
    help="Relais : le nœud d'échange des messages de parcours entre systèmes d'information partenaires.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    add_completion=False,
)
GROUPS = (hub, etat, trace, developpement, completion)
for group in GROUPS:
    app.add_typer(group.app)


# Imported only when they are called or listed: together, their code weighs more than a second of start.
OPTIONAL = {
    "partenaire": "deploy.cli.partenaire",
    "departement": "deploy.cli.departement",
    "offres": "deploy.cli.offres",
    "liens": "deploy.cli.liens",
    "preuve": "deploy.cli.preuve",
    "archive": "deploy.cli.archive",
    "cle-maitre": "deploy.cli.cle_maitre",
    "connecteurs": "deploy.cli.connecteurs",
    "demo": "deploy.demo",
    "operateur": "deploy.cli.operateur",
    "machine": "deploy.cli.machine",
    "rebut": "deploy.cli.rebut",
    "rejeu": "deploy.cli.rejeu",
    "rejouer": "deploy.cli.rejouer",
    "importer": "deploy.importers.cnaf",
    "bench": "deploy.bench",
}
ALONE = ("demo", "bench", "rejouer")
"""Not groups: one command, with its own name."""


def _add_optional_groups(asked: str | None) -> None:
    """A group whose module is not part of this tree is simply not there."""
    if asked in {command.name or command.callback.__name__ for command in _registered() if command.callback}:
        return
    for name in [asked] if asked in OPTIONAL else OPTIONAL:
        try:
            found = importlib.util.find_spec(OPTIONAL[name])
        except ModuleNotFoundError:
            found = None
        if found is not None:
            app.add_typer(importlib.import_module(OPTIONAL[name]).app, name=None if name in ALONE else name)


def _typed() -> list[str]:
    """The words of the command, or those that a shell asks to complete."""
    if completion.VARIABLE not in os.environ:
        return sys.argv
    completion_init()
    return os.environ.get("COMP_WORDS", os.environ.get("_TYPER_COMPLETE_ARGS", "")).split()


def _registered() -> list[typer.models.CommandInfo]:
    return [command for group in GROUPS for command in group.app.registered_commands]


def main() -> None:
    typed = _typed()
    _add_optional_groups(typed[1] if len(typed) > 1 else None)
    try:
        app(prog_name="./relais", complete_var=completion.VARIABLE)
    except LaunchError as error:
        Console(stderr=True).print(f"[bold red]Erreur :[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except OSError as error:
        if not is_full(error):
            raise
        Console(stderr=True).print("[bold red]Erreur :[/] le disque est plein : libérez de la place, puis relancez.")
        sys.exit(1)


if __name__ == "__main__":
    main()
