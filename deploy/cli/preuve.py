"""`preuve verifier`: nobody changed a receipt or an access afterwards, or where."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from chassis.database import Connection
from deploy.cli.hub import Donnees
from deploy.cli.partenaire_connexion import run
from deploy.datadir import DEFAULT_FOLDER, DataDir, Ports
from gateway import proofs

app = typer.Typer(help="Vérifie les preuves : les chaînes des reçus et du journal des accès.", no_args_is_help=True)


@app.callback()
def preuve() -> None:
    """Keeps `verifier` a word of its own: typer would drop it from a group of one command."""


@app.command()
def verifier(
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit le résultat en JSON.")] = False,
) -> None:
    """Relit tous les reçus et tous les accès gardés, et vérifie signatures, empreintes et enchaînement.

    Code de sortie : 0 si tout se suit, 3 si une preuve est rompue (les cinquante premières ruptures sont dites).

    Exemples :

        ./relais preuve verifier

        ./relais preuve verifier --json
    """
    broken = 0

    async def act(data: DataDir, _: Ports, conn: Connection) -> None:
        nonlocal broken
        pem = (data.secrets / "passerelle" / "recu.pem").read_bytes()
        verdicts = {
            "recus": await proofs.verify_receipts(conn, pem),
            "acces": await proofs.verify_accesses(conn, pem),
        }
        broken = sum(verdict.nombre_ruptures for verdict in verdicts.values())
        if as_json:
            told = {name: asdict(verdict) for name, verdict in verdicts.items()} | {"est_intact": not broken}
            typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
            return
        for name, verdict in verdicts.items():
            what = {"recus": "reçus", "acces": "accès"}[name]
            typer.echo(f"{verdict.lus} {what} en {verdict.chaines} chaînes : {verdict.nombre_ruptures} rupture(s).")
            for rupture in verdict.ruptures:
                typer.echo(f"  {rupture}")

    run(donnees, act)
    if broken:
        raise typer.Exit(3)
