"""`rejouer SERVICE`: the dossiers and the read tables of a service, rebuilt from its facts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Annotated

import typer

from deploy.cli.hub import Donnees, data_dir
from deploy.components import COMPONENTS, ROOT, SERVICES
from deploy.datadir import DEFAULT_FOLDER, LaunchError

app = typer.Typer()


@app.command()
def rejouer(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help=f"Un service : {', '.join(SERVICES)}.")],
    a_blanc: Annotated[bool, typer.Option("--a-blanc", help="Compare sans rien écrire.")] = False,
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit le bilan en JSON.")] = False,
) -> None:
    """Reconstruit les dossiers d'un service, et ses tables de lecture, à partir de ses faits.

    Chaque dossier est comparé, à l'octet près, avec ce que ses faits donnent ; celui qui en diffère est réécrit. Le
    service peut rester en marche.

    Codes de sortie : 0 rien ne diffère plus, 1 des dossiers diffèrent (avec --a-blanc) ou base injoignable.

    Exemples :

        ./relais rejouer referents --a-blanc

        ./relais rejouer referents
    """
    from deploy.launcher import component_environment

    if service not in SERVICES:
        raise LaunchError(f"Service inconnu : {service} ; choix : {', '.join(SERVICES)}.")
    data = data_dir(donnees)
    [component] = [component for component in COMPONENTS if component.name == service]
    command = [sys.executable, "-m", "services.dossiers.rejouer", service, *(["--a-blanc"] if a_blanc else [])]
    environment = os.environ | component_environment(data, data.known_ports(), component)
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        raise LaunchError(f"Le service « {service} » n'a pas pu être rejoué : voir les lignes ci-dessus.")
    compte = json.loads(done.stdout.splitlines()[-1])
    if as_json:
        typer.echo(json.dumps(compte, ensure_ascii=False))
    else:
        suite = "à réécrire" if a_blanc else "réécrits"
        laisses = f" ; {compte['archives']} archivés, laissés tels quels" if compte["archives"] else ""
        typer.echo(f"{compte['dossiers']} dossiers comparés, {len(compte['differents'])} {suite}{laisses}.")
    raise typer.Exit(done.returncode)
