"""`machine …`: the machines that administer a hub by its API, and this one's key for another hub."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.administration import machines
from deploy.cli.hub import Donnees, data_dir
from deploy.cli.partenaire_connexion import Hub, Machine, administration
from deploy.datadir import DEFAULT_FOLDER, write_private
from deploy.keys import new_es256_key
from deploy.partner_registry import public_jwk, public_text

app = typer.Typer(
    help="Les machines qui administrent par l'API : préparer une clé, déclarer, lister, retirer.", no_args_is_help=True
)
Nom = Annotated[str, typer.Argument(metavar="NOM")]


class Portee(StrEnum):
    LIRE = "administration:lire"
    EXPLOITER = "administration:exploiter"
    ADMINISTRER = "administration:administrer"


@app.command()
def preparer(nom: Nom, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Crée la clé de cette machine pour administrer un autre relais, et écrit sa moitié publique, à y déclarer.

    Exemple :

        ./relais machine preparer poste-9
    """
    path = machines(data_dir(donnees)) / nom / "cle.pem"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, new_es256_key())
    typer.echo(public_text(public_jwk(path.read_text())))


@app.command()
def declarer(
    nom: Nom,
    cle_publique: Annotated[Path, typer.Option("--cle-publique", exists=True, dir_okay=False, help="PEM ou JWK.")],
    portee: Annotated[Portee, typer.Option("--portee", help="Ce qu'elle peut.")] = Portee.LIRE,
    jours: Annotated[int, typer.Option("--jours", min=1, max=365, help="Durée de sa clé.")] = 365,
    donnees: Donnees = DEFAULT_FOLDER,
    hub: Hub = None,
    machine: Machine = None,
) -> None:
    """Déclare une machine : elle administrera par l'API, avec des jetons liés à sa clé.

    Exemple :

        ./relais machine declarer poste-9 --cle-publique poste-9.jwk --portee administration:administrer
    """
    key = public_text(public_jwk(cle_publique.read_text()))
    administration(donnees, hub, machine).act("machine-declarer", nom=nom, portee=portee.value, cle=key, jours=jours)
    typer.echo(f"Machine {nom} déclarée : {portee}.")


@app.command()
def lister(donnees: Donnees = DEFAULT_FOLDER, hub: Hub = None, machine: Machine = None) -> None:
    """Liste les machines déclarées.

    Exemple :

        ./relais machine lister
    """
    table = Table("nom", "portée", "clé", "jusqu'au")
    for row in administration(donnees, hub, machine).view("machines"):
        table.add_row(row["nom"], row["portee"], row["kid"], row["fin"][:10])
    Console(highlight=False).print(table)


@app.command()
def retirer(nom: Nom, donnees: Donnees = DEFAULT_FOLDER, hub: Hub = None, machine: Machine = None) -> None:
    """Retire une machine : ses jetons ne valent plus rien.

    Exemple :

        ./relais machine retirer poste-9
    """
    administration(donnees, hub, machine).act("machine-retirer", nom=nom)
    typer.echo(f"Machine {nom} retirée.")
