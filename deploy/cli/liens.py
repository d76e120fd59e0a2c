"""`liens …`: hand over the links by which a structure without system answers a prescription."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from chassis.database import Connection
from deploy.cli.hub import Donnees
from deploy.cli.partenaire_connexion import run
from deploy.datadir import DEFAULT_FOLDER, HOST, DataDir, LaunchError, Ports
from gateway import objets
from gateway.inbound.links import answer_links
from gateway.inbound.links.answer_links import Lien, Signer

app = typer.Typer(
    help="Remet aux structures sans système les liens qui répondent aux prescriptions.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="Écrit en JSON.")]


@app.command()
def lister(donnees: Donnees = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """Liste les liens demandés par les prescripteurs, et à qui les remettre ; aucun n'est montré.

    Exemple :

        ./relais liens lister --json
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        rows = [_shown(row) for row in await answer_links.to_hand_over(conn, datetime.now(UTC))]
        if as_json:
            typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
            return
        table = Table(
            "lien", "structure", "service", "courriel publié", "prescription", "expire le", "remis", "utilisé"
        )
        for row in rows:
            table.add_row(
                str(row["id"]),
                row["structure"],
                row["service"] or "",
                row["courriel"] or "aucun",
                f"{row['prescription_id']} ({row['cree_par']})",
                f"{row['expire_a']:%d/%m/%Y}",
                f"{row['remis_a']:%d/%m/%Y}" if row["remis_a"] else "à remettre",
                f"{row['utilise_a']:%d/%m/%Y %H:%M}" if row["utilise_a"] else "jamais",
            )
        Console(highlight=False).print(table)

    run(donnees, act)


@app.command()
def remettre(
    lien: Annotated[str, typer.Argument(help="Identifiant du lien, donné par `liens lister`.")],
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Écrit l'adresse du lien, à envoyer au contact de la structure et à personne d'autre ; note qu'elle est remise.

    Le contact est celui que l'offre publie : vérifiez qu'il est bien celui de la structure, surtout si le prescripteur
    publie lui-même le service.

    Exemple :

        ./relais liens remettre 01999999-0000-7000-8000-000000000001
    """

    async def act(data: DataDir, ports: Ports, conn: Connection) -> None:
        row = await answer_links.handed_over(conn, _id(lien), datetime.now(UTC))
        if row is None:
            raise LaunchError("Ce lien n'existe pas, ou n'est plus valable.")
        signer = Signer((data.secrets / "passerelle" / "recu.pem").read_bytes())
        signed = signer.sign(Lien(row["id"], row["parcours"], row["prescription_id"], row["expire_a"]))
        told = _shown(row) | {"adresse": f"http://{HOST}:{ports.passerelle}/reponses/{signed}"}
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False, indent=2, default=str))
            return
        typer.echo(f"À envoyer à {told['structure']} <{told['courriel'] or 'aucun courriel publié'}> :")
        typer.echo(told["adresse"])

    run(donnees, act)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise LaunchError("Un identifiant de lien est attendu : voyez ./relais liens lister.") from error


def _shown(row: Any) -> dict[str, Any]:
    """The prescription under the name that its emitter gave it; the parcours stays here: nobody needs it to send a
    link."""
    shown = {name: value for name, value in dict(row).items() if name != "parcours"}
    objet = objets.lire(row["prescription_id"])
    return shown | {"prescription_id": objet.cle if objet else ""}
