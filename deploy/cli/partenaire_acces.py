"""`partenaire cle|certificat|herite|entetes`: how a partner proves who it is."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.hub import Donnees, data_dir
from deploy.cli.partenaire_connexion import ClePublique, Code, Hub, Machine, administration, public_key, write_client
from deploy.datadir import DEFAULT_FOLDER, LaunchError
from relais_contrats.client import Partner, PartnerError

app = typer.Typer()

Recouvrement = Annotated[
    int, typer.Option("--recouvrement", min=0, max=90, help="Jours où le précédent reste valable.")
]


@app.command()
def cle(
    code: Code,
    cle_publique: ClePublique = None,
    recouvrement: Annotated[
        int, typer.Option("--recouvrement", min=0, help="Jours où l'ancienne clé reste valable.")
    ] = 7,
    donnees: Donnees = DEFAULT_FOLDER,
    hub: Hub = None,
    machine: Machine = None,
) -> None:
    """Change la clé d'un partenaire ; l'ancienne reste valable le temps du recouvrement.

    Exemple :

        ./relais partenaire cle cd-59 --cle-publique nouvelle.pem --recouvrement 14
    """

    administered = administration(donnees, hub, machine)
    administered.view("partenaires", partenaire=code)  # no key is made for a partner that the hub does not know
    text = public_key(administered.data, code, cle_publique, renew=True)
    done = administered.act("partenaire-cle", partenaire=code, cle=text, recouvrement=recouvrement)
    path = write_client(administered, code)
    typer.echo(f"Nouvelle clé de {code} : {done['resultat']['kid']} ({path.parent})")


@app.command()
def certificat(
    code: Code,
    fichier: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Certificat client, PEM, sans chaîne.")],
    recouvrement: Recouvrement = 7,
    donnees: Donnees = DEFAULT_FOLDER,
    hub: Hub = None,
    machine: Machine = None,
) -> None:
    """Enregistre le certificat client d'un partenaire, qui que soit son émetteur ; le précédent reste valable un temps.

    Exemple :

        ./relais partenaire certificat cd-62 client.pem --recouvrement 14
    """

    done = administration(donnees, hub, machine).act(
        "partenaire-certificat", partenaire=code, certificat=fichier.read_text(), recouvrement=recouvrement
    )
    typer.echo(f"Nouveau certificat de {code} : {done['resultat']['x5t']}")


@app.command()
def herite(
    code: Code,
    jours: Annotated[int, typer.Option("--jours", min=1, max=365, help="Durée de vie du secret, en jours.")] = 90,
    retirer: Annotated[
        bool, typer.Option("--retirer", help="Sort le partenaire du profil hérité, tout de suite.")
    ] = False,
    recouvrement: Recouvrement = 7,
    donnees: Donnees = DEFAULT_FOLDER,
    hub: Hub = None,
    machine: Machine = None,
) -> None:
    """Met un partenaire au profil hérité : un secret et des jetons Bearer, sans sante:lire ni identite:resoudre.

    C'est un risque, pour un système qui ne sait rien d'autre : le secret n'est montré qu'une fois, et expire.

    Exemple :

        ./relais partenaire herite asso-mobilite --jours 60
    """

    administered = administration(donnees, hub, machine)
    if retirer:
        administered.act("partenaire-sortir-herite", partenaire=code)
        typer.echo(f"Partenaire {code} : sorti du profil hérité, ses secrets et leurs jetons ne valent plus rien.")
        return
    told = administered.act("partenaire-herite", partenaire=code, jours=jours, recouvrement=recouvrement)["resultat"]
    until = datetime.fromisoformat(told["expire_le"])
    typer.echo(f"Partenaire {code} : au profil hérité, secret valable jusqu'au {until:%d/%m/%Y}.")
    typer.echo("Tant qu'il y est, sante:lire et identite:resoudre lui sont retirés. Ce secret ne sera plus montré :")
    typer.echo(f"client_id={told['client_id']}")
    typer.echo(f"client_secret={told['client_secret']}")


@app.command()
def entetes(
    code: Code,
    methode: Annotated[str, typer.Argument(help="Méthode HTTP de la requête à venir.")],
    chemin: Annotated[str, typer.Argument(help="Chemin de la requête, par exemple /v1/messages.")],
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Écrit les en-têtes d'une requête signée avec la clé du partenaire ; ils ne servent qu'une fois.

    Exemple :

        ./relais partenaire entetes cd-59 GET /v1/evenements | curl -H @- http://127.0.0.1:8420/v1/evenements
    """

    folder = data_dir(donnees).partners / code
    if not (folder / "cle.pem").exists():
        raise LaunchError(f"Aucune clé dans {folder} : un partenaire qui a un certificat n'a rien à signer.")

    async def obtain() -> dict[str, str]:
        async with Partner.load(folder, patience_s=5) as partner:
            return await partner.headers(methode.upper(), chemin)

    try:
        for name, value in asyncio.run(obtain()).items():
            typer.echo(f"{name}: {value}")
    except PartnerError as error:
        raise LaunchError(str(error)) from error
