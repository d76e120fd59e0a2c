"""`up` and `down`: start and stop a hub on a data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.datadir import DEFAULT_FOLDER, DataDir

app = typer.Typer()

Donnees = Annotated[
    Path, typer.Option("--donnees", metavar="DIR", help="Dossier de données du relais.", show_default=".relais/")
]


def data_dir(path: Path) -> DataDir:
    return DataDir(path.expanduser().absolute())


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Rend la main une fois le relais prêt.")] = False,
    donnees: Donnees = DEFAULT_FOLDER,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65534, help="Port de l'API ; la console prend le suivant.")
    ] = None,
    sans_demo: Annotated[bool, typer.Option("--sans-demo", help="Sans partenaires de démonstration.")] = False,
    moteurs_seuls: Annotated[
        bool, typer.Option("--moteurs-seuls", help="PostgreSQL et NATS seulement, pour lancer un composant à la main.")
    ] = False,
) -> None:
    """Démarre le relais : PostgreSQL, NATS, services et passerelles.

    Exemples :

        ./relais up

        ./relais up --detach --donnees /tmp/essai --port 9000
    """
    from deploy.background import start_in_background
    from deploy.components import COMPONENTS
    from deploy.launcher import Hub

    data, console = data_dir(donnees), Console(highlight=False)
    if detach:
        options = ["--port", str(port)] if port else []
        options += ["--sans-demo"] if sans_demo else []
        options += ["--moteurs-seuls"] if moteurs_seuls else []
        start_in_background(data, options, console)
    else:
        components = () if moteurs_seuls else COMPONENTS
        asyncio.run(Hub(data, console, port, with_demo=not sans_demo, components=components).run())


@app.command()
def down(donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Arrête le relais, proprement et dans l'ordre.

    Exemple :

        ./relais down --donnees /tmp/essai
    """
    from deploy.background import stop

    stop(data_dir(donnees), Console(highlight=False))
