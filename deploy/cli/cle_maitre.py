"""`cle-maitre tourner`: a new master key, of every day or of the archive, without a stop."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from coffre.rotation import ARCHIVE, EVERYDAY
from deploy import master_keys, operators
from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER
from deploy.master_keys import Rotation

app = typer.Typer(
    help="La clé maîtresse, qui enveloppe les clés sous lesquelles est scellé ce qui concerne chaque personne.",
    no_args_is_help=True,
)


@app.callback()
def cle_maitre() -> None:
    """Keeps `tourner` a word of its own: typer would drop it from a group of one command."""


@app.command()
def tourner(
    donnees: Donnees = DEFAULT_FOLDER,
    garder: Annotated[bool, typer.Option("--garder", help="Garde l'ancienne clé dans le fichier.")] = False,
    archive: Annotated[bool, typer.Option("--archive", help="Celle de l'archive intermédiaire.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit le bilan en JSON.")] = False,
) -> None:
    """Crée une nouvelle clé maîtresse et y réemballe toutes les clés, le relais en marche ; puis abandonne l'ancienne.

    Une fois l'ancienne abandonnée, ce qui reste des clés détruites dans les journaux de PostgreSQL et dans les
    sauvegardes ne s'ouvre plus. Une sauvegarde de la base d'avant ne s'ouvre plus non plus sans le fichier d'alors.
    Une rotation interrompue se reprend par la même commande.

    Exemples :

        ./relais cle-maitre tourner

        ./relais cle-maitre tourner --archive
    """
    data = data_dir(donnees)
    path, table = (data.archive_masters, ARCHIVE) if archive else (data.masters, EVERYDAY)
    master_keys.versions(path)

    async def act(progress: Progress) -> Rotation:
        task = progress.add_task("Clés réemballées", total=None)
        async with operators.connection(data) as conn:
            return await master_keys.rotate(
                conn,
                path,
                lambda done, total: progress.update(task, completed=done, total=total),
                drop=not garder,
                table=table,
            )

    with Progress(console=Console(stderr=True), transient=True) as progress:
        done = asyncio.run(act(progress))
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    gone = f" ; abandonnée : {', '.join(map(str, done.abandonnees))}" if done.abandonnees else ""
    whose = " de l'archive" if archive else ""
    typer.echo(f"La clé maîtresse{whose} n° {done.version} enveloppe tout ({done.reemballees} clés réemballées){gone}.")
