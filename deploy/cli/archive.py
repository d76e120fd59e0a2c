"""`archive ouvrir`: let a partner read, for a while and with a motive, a parcours of the intermediate archive."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from chassis.database import Connection
from coffre import keys
from deploy.cli.hub import Donnees
from deploy.cli.partenaire_connexion import Code, run
from deploy.datadir import DEFAULT_FOLDER, DataDir, LaunchError, Ports
from gateway import accesses, archives
from gateway.accesses import Access, AccessChain
from gateway.pseudonyms import Pseudonyms

app = typer.Typer(
    help="L'archive intermédiaire : les parcours dont personne n'a parlé depuis deux ans.", no_args_is_help=True
)


@app.callback()
def archive() -> None:
    """Keeps `ouvrir` a word of its own: typer would drop it from a group of one command."""


@app.command()
def ouvrir(
    code: Code,
    parcours: Annotated[str, typer.Argument(help="Pseudonyme du parcours chez ce partenaire : prc_…")],
    motif: Annotated[str, typer.Option("--motif", help="Pourquoi : contentieux, contrôle, demande de la personne…")],
    agent: Annotated[str, typer.Option("--agent", help="Qui ouvre : « nom prenom identifiant ».")],
    jours: Annotated[int, typer.Option("--jours", min=1, max=31, help="Durée de l'ouverture.")] = 7,
    donnees: Donnees = DEFAULT_FOLDER,
) -> None:
    """Ouvre à un partenaire la lecture d'un parcours archivé ; l'ouverture et chaque lecture sont au journal des accès.

    Exemple :

        ./relais archive ouvrir cd-59 prc_aaaaaaaaaaaaaaaaaaaaaaaaaa --motif "Recours devant le juge"
        --agent "Durand Anne a-12" --jours 3
    """
    if not 10 <= len(motif.strip()) <= 500:
        raise LaunchError("Un motif de 10 à 500 signes est attendu.")

    async def act(data: DataDir, _: Ports, conn: Connection) -> None:
        secrets = data.secrets / "passerelle"
        key = base64.urlsafe_b64decode((secrets / "pseudonymes.cle").read_text().strip() + "==")
        named = Pseudonyms(key).read(code, parcours)
        now = datetime.now(UTC)
        until = now + timedelta(days=jours)
        async with conn.transaction():
            opened = named is not None and await archives.open_for(
                conn, named, code, motif=motif.strip(), agent=agent, now=now, until=until
            )
            if named is None or not opened:
                raise LaunchError(f"Ce parcours de {code} n'est pas dans l'archive intermédiaire.")
            access = Access(code, f"exploitant {agent}", (named,), None, "archive ouverte", 200, None, None)
            chain = AccessChain((secrets / "recu.pem").read_bytes())
            await accesses.insert(conn, chain.chained([access], now))
        if not await _is_given_back(conn, named):
            typer.echo("La clé du parcours n'est pas encore rendue par l'archive : voyez ./relais etat.", err=True)
        typer.echo(f"Parcours ouvert à {code} jusqu'au {until:%d/%m/%Y %H:%M} UTC.")

    run(donnees, act)


async def _is_given_back(conn: Connection, parcours: UUID) -> bool:
    for _ in range(50):
        if not await keys.archived(conn, [parcours]):
            return True
        await asyncio.sleep(0.1)
    return False
