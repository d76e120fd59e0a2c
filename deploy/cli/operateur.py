"""`operateur …`: the local operators of the console, with passwords that are generated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER

app = typer.Typer(
    help="Les opérateurs locaux de la console : lister, créer, changer de rôle ou de mot de passe, retirer.",
    no_args_is_help=True,
)
T = TypeVar("T")
Nom = Annotated[str, typer.Argument(metavar="NOM")]


class Role(StrEnum):
    LECTURE = "lecture"
    EXPLOITATION = "exploitation"
    ADMINISTRATION = "administration"


RoleChoisi = Annotated[
    Role, typer.Option("--role", help="Ce qu'il peut faire ; la page « Droits » de la console le dit.")
]


@app.command()
def lister(donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Liste les opérateurs locaux et leurs rôles.

    Exemple :

        ./relais operateur lister
    """
    from deploy import operators

    table = Table("nom", "rôle", "créé le")
    for row in _run(donnees, operators.listed):
        table.add_row(row["nom"], row["role"], f"{row['cree_a']:%d/%m/%Y}")
    Console(highlight=False).print(table)


@app.command()
def creer(nom: Nom, donnees: Donnees = DEFAULT_FOLDER, role: RoleChoisi = Role.LECTURE) -> None:
    """Crée un opérateur et écrit son mot de passe, une seule fois.

    Exemple :

        ./relais operateur creer dominique --role exploitation
    """
    from deploy import operators

    typer.echo(_run(donnees, lambda conn: operators.create(conn, nom, role.value)))


@app.command()
def motdepasse(nom: Nom, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Donne un autre mot de passe à un opérateur, l'écrit une seule fois, et ferme ses sessions.

    Exemple :

        ./relais operateur motdepasse dominique
    """
    from deploy import operators

    typer.echo(_run(donnees, lambda conn: operators.new_password(conn, nom)))


@app.command()
def role(nom: Nom, role: Annotated[Role, typer.Argument(metavar="RÔLE")], donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Change le rôle d'un opérateur, aussi dans ses sessions ouvertes.

    Exemple :

        ./relais operateur role dominique administration
    """
    from deploy import operators

    _run(donnees, lambda conn: operators.set_role(conn, nom, role.value))


@app.command()
def retirer(nom: Nom, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Retire un opérateur et ferme ses sessions.

    Exemple :

        ./relais operateur retirer dominique
    """
    from deploy import operators

    _run(donnees, lambda conn: operators.remove(conn, nom))


def _run(donnees: Path, act: Callable[[Any], Awaitable[T]]) -> T:
    from deploy import operators

    async def acted() -> T:
        async with operators.connection(data_dir(donnees)) as conn:
            return await act(conn)

    return asyncio.run(acted())
