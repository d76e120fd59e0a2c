"""`test`, `verrou`, `environnement`: for those who work on Relais itself."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Annotated

import typer

from deploy.cli.hub import Donnees, data_dir
from deploy.components import COMPONENTS, ROOT
from deploy.datadir import DEFAULT_FOLDER, LaunchError

app = typer.Typer()


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def test(
    context: typer.Context,
    expression: Annotated[str | None, typer.Option("-k", metavar="EXPR", help="Choix des tests, comme pytest.")] = None,
    rapide: Annotated[bool, typer.Option("--rapide", help="Sans les tests marqués `lent`.")] = False,
) -> None:
    """Vérifie tout : ruff, mypy --strict, frontières d'import, pytest. Les autres arguments vont à pytest.

    Exemples :

        ./relais test

        ./relais test --rapide -k orientation

        ./relais test tests/deploy -x
    """
    from deploy.quality import run_all

    raise typer.Exit(run_all(expression, rapide, context.args))


@app.command()
def verrou(
    mise_a_jour: Annotated[bool, typer.Option("--mise-a-jour", help="Prend les dernières versions permises.")] = False,
) -> None:
    """Recalcule requirements.lock depuis pyproject.toml, pour Python 3.11 à 3.13, avec les empreintes.

    Exemple :

        ./relais verrou --mise-a-jour
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--group", "dev"]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--quiet"]
    command += ["--custom-compile-command", "./relais verrou", "--output-file", "requirements.lock"]
    command += ["--upgrade"] if mise_a_jour else []
    raise typer.Exit(subprocess.run(command, cwd=ROOT, check=False).returncode)


@app.command()
def environnement(
    composant: Annotated[str, typer.Argument(help="Nom du composant, par exemple usagers ou entrant.")],
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Écrit les variables d'un composant, pour le lancer à la main à côté d'un relais en marche.

    Exemple :

        eval "$(./relais environnement usagers)"; .venv/bin/python -m services.usagers.app
    """
    from deploy.launcher import component_environment

    data = data_dir(donnees)
    ports = data.known_ports()
    found = [component for component in COMPONENTS if component.name == composant]
    if not found:
        raise LaunchError(f"Composant inconnu : {composant} ; choix : {', '.join(c.name for c in COMPONENTS)}.")
    for name, value in component_environment(data, ports, found[0]).items():
        typer.echo(f"export {name}={shlex.quote(value)}")
