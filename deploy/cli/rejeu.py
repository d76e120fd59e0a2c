"""`rejeu …`: what a period brought, sent again to one subscription: the acts of the console's page."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.cli.hub import Donnees, data_dir
from deploy.console_client import ConsoleClient
from deploy.datadir import DEFAULT_FOLDER

app = typer.Typer(help="Rejouer une période vers un abonnement : compter, demander, suivre, mettre en pause.")
Id = Annotated[str, typer.Argument(metavar="ID", help="Identifiant donné par « lister ».")]
Json = Annotated[bool, typer.Option("--json", help="Écrit le résultat en JSON.")]
_ACCOUNTS = ("selectionnes", "livres", "deja_livres", "refuses", "en_attente")


@app.command()
def lister(donnees: Donnees = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Liste les rejeux des quatre-vingt-dix derniers jours, avec leurs comptes.

    Exemple :

        ./relais rejeu lister --json
    """
    found = ConsoleClient(data_dir(donnees)).read("/api/rejeux.json")["rejeux"]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    table = Table("identifiant", "partenaire", "du", "au", "état", *(name.replace("_", " ") for name in _ACCOUNTS))
    for row in found:
        accounts = [str(row["comptes"][name]) for name in _ACCOUNTS]
        table.add_row(row["id"], row["partenaire"], row["du"][:19], row["au"][:19], row["etat"], *accounts)
    Console(highlight=False).print(table if found else "Aucun rejeu.")


@app.command()
def demander(
    abonnement: Annotated[str, typer.Argument(metavar="ABONNEMENT", help="Identifiant de l'abonnement.")],
    du: Annotated[str, typer.Option("--du", help="Début, avec son décalage : 2026-05-20T08:00:00+02:00.")],
    au: Annotated[str, typer.Option("--au", help="Fin, exclue.")],
    types: Annotated[list[str] | None, typer.Option("--type", help="Un type ; plusieurs fois s'il le faut.")] = None,
    a_blanc: Annotated[bool, typer.Option("--a-blanc", help="Compte, et n'envoie rien.")] = False,
    renvoyer: Annotated[bool, typer.Option("--renvoyer", help="Aussi ce qui est déjà livré.")] = False,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Rejoue une période vers un abonnement, ou compte ce que cela ferait.

    Exemple :

        ./relais rejeu demander 0190c6b2-0f3e-7cc1-8a52-3f6d6b0c1a11 --du 2026-05-20T08:00:00+02:00 \
            --au 2026-05-21T08:00:00+02:00 --a-blanc
    """
    asked = {"abonnement": abonnement, "du": du, "au": au, "types": types or []}
    _print(ConsoleClient(data_dir(donnees)).act("rejeu-demander", {**asked, "a_blanc": a_blanc, "renvoyer": renvoyer}))


@app.command()
def suspendre(id_: Id, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Met un rejeu en pause : ce qui n'est pas remis attend, le reste du trafic passe.

    Exemple :

        ./relais rejeu suspendre 0190c6b2-0f3e-7cc1-8a52-3f6d6b0c1a11
    """
    _print(ConsoleClient(data_dir(donnees)).act("rejeu-suspendre", {"rejeu": id_}))


@app.command()
def poursuivre(id_: Id, donnees: Donnees = DEFAULT_FOLDER) -> None:
    """Poursuit un rejeu en pause.

    Exemple :

        ./relais rejeu poursuivre 0190c6b2-0f3e-7cc1-8a52-3f6d6b0c1a11
    """
    _print(ConsoleClient(data_dir(donnees)).act("rejeu-poursuivre", {"rejeu": id_}))


def _print(fait: dict[str, Any]) -> None:
    typer.echo(json.dumps(fait["resultat"] or fait["apres"], ensure_ascii=False, indent=2))
