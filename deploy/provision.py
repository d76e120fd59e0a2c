"""`python -m deploy.provision`: preparation of a hub on external engines, before its components start.

`fichiers` writes secrets and the NATS configuration once; `base` migrates PostgreSQL to this version, and may run at
each deployment. Compose runs it as a one-shot service, Helm as a job.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from coffre.rotation import ARCHIVE, EVERYDAY
from deploy import master_keys, nats_config, operators, provisioning
from deploy.components import schemas
from deploy.datadir import DataDir, LaunchError, write_private
from deploy.keys import ensure_secrets, nginx_proof

# Where the NATS image keeps its data and what its clients and its health check reach.
NATS_DATA = Path("/data/jetstream")
NATS_LISTEN = "0.0.0.0:4222"  # in its container; what may reach it is the network's affair
NATS_MONITORING = "127.0.0.1:8222"
WAIT_S = 60.0

app = typer.Typer(help="Prépare un relais dont NATS et PostgreSQL sont externes.", no_args_is_help=True)


@app.command()
def fichiers(dossier: Annotated[Path, typer.Argument(help="Dossier des secrets, à garder avec soin.")]) -> None:
    """Écrit les clés, les mots de passe et la configuration de NATS. Ce qui existe déjà n'est jamais remplacé.

    Exemple :

        python -m deploy.provision fichiers .relais-compose
    """
    data = DataDir(dossier)
    data.create()
    ensure_secrets(data)
    configuration = nats_config.render(data, NATS_LISTEN, NATS_DATA, monitoring=NATS_MONITORING)
    write_private(dossier / "nats.conf", configuration)
    # Public halves only, read by the server's own account.
    (dossier / "nats.conf").chmod(0o644)
    (dossier / "tls").mkdir(mode=0o700, exist_ok=True)
    write_private(dossier / "tls" / "proxy.map", nginx_proof(data))


@app.command()
def base() -> None:
    """Crée les rôles et les schémas, applique les migrations. Peut être rejouée sans effet.

    Variables : RELAIS_ADMIN_DATABASE_URL (base visée, sans mot de passe), RELAIS_ADMIN_DATABASE_PASSWORD_FILE,
    RELAIS_SECRETS_POSTGRES (dossier d'un fichier <rôle>.mdp par rôle).
    """
    url, password_file, folder = _environment(
        "RELAIS_ADMIN_DATABASE_URL", "RELAIS_ADMIN_DATABASE_PASSWORD_FILE", "RELAIS_SECRETS_POSTGRES"
    )
    try:
        admin = Path(password_file).read_text().strip()
        passwords = {role: (Path(folder) / f"{role}.mdp").read_text().strip() for role in schemas()}
    except OSError as error:
        raise LaunchError(f"Fichier illisible : {error.filename}.") from error
    applied = asyncio.run(provisioning.provision_external(url, admin, passwords, WAIT_S))
    typer.echo(f"PostgreSQL est prêt ; {len(applied)} migrations appliquées.")


@app.command()
def operateur(
    nom: Annotated[str, typer.Argument(metavar="NOM")],
    role: Annotated[str, typer.Option("--role", help="lecture, exploitation ou administration.")] = "lecture",
) -> None:
    """Crée un opérateur local de la console et écrit son mot de passe, une seule fois.

    Variables : RELAIS_ADMIN_DATABASE_URL, RELAIS_ADMIN_DATABASE_PASSWORD_FILE.

    Exemple :

        docker compose run --rm provision python -m deploy.provision operateur dominique --role administration
    """
    url, password_file = _environment("RELAIS_ADMIN_DATABASE_URL", "RELAIS_ADMIN_DATABASE_PASSWORD_FILE")
    if role not in operators.ROLES:
        raise LaunchError(f"« {role} » n'est pas un rôle : {', '.join(operators.ROLES)}.")

    async def created() -> str:
        conn = await asyncpg.connect(url, password=Path(password_file).read_text().strip(), timeout=5)
        try:
            return await operators.create(conn, nom, role)
        finally:
            await conn.close()

    typer.echo(asyncio.run(created()))


@app.command("cle-maitre")
def cle_maitre(
    fichier: Annotated[Path, typer.Argument(help="Le fichier maitres.cles, ouvert en écriture.")],
    archive: Annotated[bool, typer.Option("--archive", help="C'est celui de l'archive intermédiaire.")] = False,
) -> None:
    """Fait tourner la clé maîtresse, le relais en marche. Une rotation interrompue se reprend par la même commande.

    Variables : RELAIS_ADMIN_DATABASE_URL, RELAIS_ADMIN_DATABASE_PASSWORD_FILE.

    Exemples :

        docker compose run --rm -v ./.relais-compose/secrets/coffre:/coffre provision \\
            python -m deploy.provision cle-maitre /coffre/maitres.cles

        docker compose run --rm -v ./.relais-compose/secrets/archive:/archive provision \\
            python -m deploy.provision cle-maitre --archive /archive/maitres.cles
    """
    url, password_file = _environment("RELAIS_ADMIN_DATABASE_URL", "RELAIS_ADMIN_DATABASE_PASSWORD_FILE")
    master_keys.versions(fichier)

    async def rotated() -> master_keys.Rotation:
        conn = await asyncpg.connect(url, password=Path(password_file).read_text().strip(), timeout=5)
        try:
            return await master_keys.rotate(
                conn, fichier, lambda done, total: None, table=ARCHIVE if archive else EVERYDAY
            )
        finally:
            await conn.close()

    done = asyncio.run(rotated())
    typer.echo(f"La clé maîtresse n° {done.version} enveloppe tout ; {done.reemballees} clés réemballées.")


def _environment(*names: str) -> list[str]:
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise LaunchError(f"Variables manquantes : {', '.join(missing)}.")
    return [os.environ[name] for name in names]


def main() -> None:
    try:
        app(prog_name="python -m deploy.provision")
    except LaunchError as error:
        sys.stderr.write(f"Erreur : {error}\n")
        sys.exit(1)
    except (OSError, asyncpg.PostgresError) as error:
        # The text of a driver's error may quote a parameter: its kind is enough to look in the server's log.
        sys.stderr.write(f"Erreur : PostgreSQL a refusé ({type(error).__name__}).\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
