"""`partenaire approuver|produire|essayer|quotas`: where a partner is on its way, and how much it may ask."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.cli.hub import Donnees
from deploy.cli.partenaire_connexion import Code, Hub, Machine, administration
from deploy.datadir import DEFAULT_FOLDER

app = typer.Typer()


@app.command()
def approuver(code: Code, donnees: Donnees = DEFAULT_FOLDER, hub: Hub = None, machine: Machine = None) -> None:
    """Approuve la demande d'un partenaire : il entre au bac à sable, où rien d'une personne ne passe.

    Exemple :

        ./relais partenaire approuver cd-62
    """
    administration(donnees, hub, machine).act("partenaire-approuver", partenaire=code)
    typer.echo(f"Partenaire {code} : au bac à sable.")


@app.command()
def produire(code: Code, donnees: Donnees = DEFAULT_FOLDER, hub: Hub = None, machine: Machine = None) -> None:
    """Passe un partenaire en production ; il lui faut une clé ou un certificat, et une convention en vigueur.

    Exemple :

        ./relais partenaire produire cd-62
    """
    administration(donnees, hub, machine).act("partenaire-produire", partenaire=code)
    typer.echo(f"Partenaire {code} : en production.")


@app.command()
def essayer(code: Code, donnees: Donnees = DEFAULT_FOLDER, hub: Hub = None, machine: Machine = None) -> None:
    """Ramène un partenaire de la production au bac à sable.

    Exemple :

        ./relais partenaire essayer cd-62
    """
    administration(donnees, hub, machine).act("partenaire-essayer", partenaire=code)
    typer.echo(f"Partenaire {code} : au bac à sable.")


@app.command()
def quotas(
    code: Code,
    rafale: Annotated[int | None, typer.Option("--rafale", min=1, help="Requêtes d'un coup.")] = None,
    debit: Annotated[int | None, typer.Option("--debit", min=1, help="Requêtes par seconde.")] = None,
    jour: Annotated[int | None, typer.Option("--jour", min=1, help="Requêtes et messages par jour.")] = None,
    donnees: Donnees = DEFAULT_FOLDER,
    hub: Hub = None,
    machine: Machine = None,
) -> None:
    """Donne à un partenaire des quotas à lui ; ce qui n'est pas nommé redevient celui de tous.

    Exemple :

        ./relais partenaire quotas cd-62 --debit 50 --jour 100000
    """
    administration(donnees, hub, machine).act(
        "partenaire-quotas", partenaire=code, rafale=rafale, debit_par_s=debit, quota_jour=jour
    )
    typer.echo(f"Partenaire {code} : quotas changés.")
