"""`up` and `down`: start and stop a hub on a data folder."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.datadir import DEFAULT_FOLDER, DataDir

app = typer.Typer()

MOST_REPLICAS = 16

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
    repliques: Annotated[
        str,
        typer.Option(
            "--repliques", metavar="NOM=N,…", help="Plusieurs processus d'un composant se partagent son travail."
        ),
    ] = "",
    en_fond: Annotated[bool, typer.Option("--en-fond", hidden=True)] = False,
) -> None:
    """Démarre le relais : PostgreSQL, NATS, services et passerelles.

    Exemples :

        ./relais up

        ./relais up --detach --donnees /tmp/essai --port 9000

        ./relais up --repliques entrant=2,usagers=2,sortant=2
    """
    from deploy.background import start_in_background
    from deploy.components import COMPONENTS
    from deploy.launcher import Hub

    data, console = data_dir(donnees), Console(highlight=False)
    several = replicas(repliques)
    if detach:
        options = ["--port", str(port)] if port else []
        options += ["--sans-demo"] if sans_demo else []
        options += ["--moteurs-seuls"] if moteurs_seuls else []
        options += ["--repliques", repliques] if repliques else []
        start_in_background(data, options, console)
    else:
        components = () if moteurs_seuls else COMPONENTS
        asyncio.run(
            Hub(
                data,
                console,
                port,
                with_demo=not sans_demo,
                components=components,
                replicas=several,
                is_at_terminal=not en_fond,
            ).run()
        )


def replicas(said: str) -> dict[str, int]:
    """« entrant=2,usagers=3 » : how many of which."""
    from deploy.components import COMPONENTS

    able = [component.name for component in COMPONENTS if component.shares_work]
    counts: dict[str, int] = {}
    for part in filter(None, said.split(",")):
        name, _, count = (word.strip() for word in part.partition("="))
        if name not in able or not count.isdecimal() or not 1 <= int(count) <= MOST_REPLICAS:
            raise typer.BadParameter(
                f"« {part} » : attendu NOM=N, N de 1 à {MOST_REPLICAS}, NOM parmi {', '.join(able)}.",
                param_hint="--repliques",
            )
        counts[name] = int(count)
    return counts


@app.command()
def down(donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Arrête le relais, proprement et dans l'ordre.

    Exemple :

        ./relais down --donnees /tmp/essai
    """
    from deploy.background import stop

    stop(data_dir(donnees), Console(highlight=False))
