"""`partenaire cle|certificat|herite|entetes`: how a partner proves who it is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from chassis.database import Connection
from deploy import partner_registry
from deploy.cli.hub import Donnees, data_dir
from deploy.cli.partenaire_connexion import ClePublique, Code, public_key, run
from deploy.datadir import DEFAULT_FOLDER, DataDir, LaunchError, Ports
from relais_contrats.client import Partner, PartnerError
from relais_contrats.partenaires import CLIENT_PREFIX

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
) -> None:
    """Change la clé d'un partenaire ; l'ancienne reste valable le temps du recouvrement.

    Exemple :

        ./relais partenaire cle cd-59 --cle-publique nouvelle.pem --recouvrement 14
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        known = await partner_registry.listed(conn)
        if code not in known:
            raise LaunchError(f"Partenaire inconnu : {code}.")
        jwk = public_key(data, code, cle_publique, renew=True)
        await partner_registry.add_key(
            conn,
            code,
            jwk,
            datetime.now(UTC),
            previous=known[code]["cles"],
            overlap=timedelta(days=recouvrement),
        )
        path = partner_registry.write_client(data, ports, code, jwk, list(known[code]["scopes"]))
        typer.echo(f"Nouvelle clé de {code} : {jwk['kid']} ({path.parent})")

    run(donnees, act)


@app.command()
def certificat(
    code: Code,
    fichier: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Certificat client, PEM, sans chaîne.")],
    recouvrement: Recouvrement = 7,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Enregistre le certificat client d'un partenaire, qui que soit son émetteur ; le précédent reste valable un temps.

    Exemple :

        ./relais partenaire certificat cd-62 client.pem --recouvrement 14
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        x5t = await partner_registry.change_certificate(
            conn, code, fichier.read_bytes(), datetime.now(UTC), overlap=timedelta(days=recouvrement)
        )
        typer.echo(f"Nouveau certificat de {code} : {x5t}")

    run(donnees, act)


@app.command()
def herite(
    code: Code,
    jours: Annotated[int, typer.Option("--jours", min=1, max=365, help="Durée de vie du secret, en jours.")] = 90,
    retirer: Annotated[
        bool, typer.Option("--retirer", help="Sort le partenaire du profil hérité, tout de suite.")
    ] = False,
    recouvrement: Recouvrement = 7,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Met un partenaire au profil hérité : un secret et des jetons Bearer, sans sante:lire ni identite:resoudre.

    C'est un risque, pour un système qui ne sait rien d'autre : le secret n'est montré qu'une fois, et expire.

    Exemple :

        ./relais partenaire herite asso-mobilite --jours 60
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        if retirer:
            await partner_registry.close_legacy(conn, code)
            typer.echo(f"Partenaire {code} : sorti du profil hérité, ses secrets et leurs jetons ne valent plus rien.")
            return
        lifetime, overlap, now = timedelta(days=jours), timedelta(days=recouvrement), datetime.now(UTC)
        secret = await partner_registry.open_legacy(conn, code, now, lifetime=lifetime, overlap=overlap)
        typer.echo(f"Partenaire {code} : au profil hérité, secret valable jusqu'au {now + lifetime:%d/%m/%Y}.")
        typer.echo(
            "Tant qu'il y est, sante:lire et identite:resoudre lui sont retirés. Ce secret ne sera plus montré :"
        )
        typer.echo(f"client_id={CLIENT_PREFIX}{code}")
        typer.echo(f"client_secret={secret}")

    run(donnees, act)


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
