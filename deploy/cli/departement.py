"""`departement regles|delegations`: what a département sets for its territory, read and changed by the public API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy import operators
from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER, DataDir, LaunchError
from relais_contrats.client import Partner, PartnerError

app = typer.Typer(
    help="Règles d'orientation et délégations d'un département, par l'API publique.", no_args_is_help=True
)

# Of nobody in particular: who they are is for those who follow them.
_WAITING = """
SELECT departement AS de, transfert_vers AS vers, count(*) AS personnes, min(transfert_le) AS depuis
FROM usagers.etats WHERE transfert_attend AND etat = 'actif' GROUP BY de, vers ORDER BY de, vers
"""

Partenaire = Annotated[str, typer.Argument(metavar="PARTENAIRE", help="Code du département partenaire : cd-59.")]
Territoire = Annotated[str | None, typer.Option("--departement", help="Son territoire, s'il en a plusieurs.")]
Motif = Annotated[str | None, typer.Option("--motif", help="Pourquoi ce changement ; obligatoire pour changer.")]
Agent = Annotated[str, typer.Option("--agent", help="Qui change : « nom prenom identifiant », ou « batch ».")]
EnJson = Annotated[bool, typer.Option("--json", help="Écrit la réponse en JSON.")]


@app.command()
def regles(
    partenaire: Partenaire,
    fichier: Annotated[
        Path | None, typer.Option("--fichier", help="Nouvelle table : un tableau JSON, ou un objet qui a `table`.")
    ] = None,
    motif: Motif = None,
    agent: Agent = "batch",
    departement: Territoire = None,
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: EnJson = False,
) -> None:
    """Montre la table des règles qui préconise une orientation, ou la remplace par celle d'un fichier.

    Exemples :

        ./relais departement regles cd-59 --json > regles.json

        ./relais departement regles cd-59 --fichier regles.json --motif "Délibération du 12 mars"
    """
    change = None
    if fichier is not None:
        lu = json.loads(fichier.read_text(encoding="utf-8"))
        change = {"table": lu["table"] if isinstance(lu, dict) else lu}
    told = _run(donnees, partenaire, departement, "regles", change, motif, agent)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    _versions(told)
    table = Table("Priorité", "Critère", "Valeur", "Parcours", "Organisme", "Explication")
    for une in told["table"]:
        vers = (une.get("parcours_type") or "", une.get("organisme") or "")
        table.add_row(str(une["priorite"]), une["critere"], une["valeur"], *vers, une["explication"])
    Console().print(table)


@app.command()
def delegations(
    partenaire: Partenaire,
    a: Annotated[list[str] | None, typer.Option("--a", help="Nature d'organisme qui décidera en son nom.")] = None,
    aucune: Annotated[bool, typer.Option("--aucune", help="Ne plus rien déléguer.")] = False,
    motif: Motif = None,
    agent: Agent = "batch",
    departement: Territoire = None,
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: EnJson = False,
) -> None:
    """Montre à qui un département délègue ses décisions d'orientation, ou le change.

    Exemples :

        ./relais departement delegations cd-59

        ./relais departement delegations cd-59 --a france-travail --motif "Convention du 3 mars"

        ./relais departement delegations cd-59 --aucune --motif "Fin de la convention"
    """
    change = {"delegations": a or []} if a or aucune else None
    told = _run(donnees, partenaire, departement, "delegations", change, motif, agent)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    _versions(told)
    typer.echo(f"Délègue à : {', '.join(told['delegations']) or 'personne'}.")


@app.command()
def attentes(donnees: Donnees = DEFAULT_FOLDER, as_json: EnJson = False) -> None:
    """Compte les personnes parties vers un territoire dont le département n'est pas partenaire, par territoire.

    Elles restent suivies par l'ancien département, qui les lit : GET /v1/parcours?etat=transfert-en-attente. Déclarer
    le département du nouveau territoire (./relais partenaire creer) les y fait entrer dans la minute.

    Exemple :

        ./relais departement attentes --json
    """
    rows = asyncio.run(_waiting(data_dir(donnees)))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
        return
    table = Table("de", "vers", "personnes", "depuis le")
    for row in rows:
        table.add_row(row["de"], row["vers"], str(row["personnes"]), f"{row['depuis']:%d/%m/%Y}")
    Console(highlight=False).print(table if rows else "Personne n'attend.")


async def _waiting(data: DataDir) -> list[dict[str, Any]]:
    async with operators.connection(data) as conn:
        return [dict(row) for row in await conn.fetch(_WAITING)]


def _run(
    donnees: Path,
    code: str,
    departement: str | None,
    nature: str,
    change: Mapping[str, Any] | None,
    motif: str | None,
    agent: str,
) -> dict[str, Any]:
    if change is not None and not motif:
        raise typer.BadParameter("dites pourquoi : --motif est obligatoire pour changer.")
    data = data_dir(donnees)
    if not (data.partners / code / "client.json").exists():
        raise LaunchError(f"Pas de clés pour {code} dans {data.partners} ; voyez ./relais partenaire creer.")
    territoire = departement or code.rpartition("-")[2].upper()
    try:
        return asyncio.run(_told(Partner.load(data.partners / code), territoire, nature, change, motif, agent))
    except PartnerError as error:
        raise LaunchError(str(error)) from error


async def _told(
    lui: Partner, territoire: str, nature: str, change: Mapping[str, Any] | None, motif: str | None, agent: str
) -> dict[str, Any]:
    path = f"/v1/departements/{territoire}/{nature}"
    async with lui:
        now: dict[str, Any] = await lui.get(path)
        if change is None:
            return now
        asked = {"version": now["version"], "motif": motif, **change}
        changed: dict[str, Any] = await lui.call("PUT", path, asked, headers={"Relais-Agent": agent})
        return changed


def _versions(told: Mapping[str, Any]) -> None:
    typer.echo(f"Département {told['departement']}, version {told['version']}.")
    for une in told["versions"]:
        typer.echo(f"  {une['version']} · {une['enregistre_a'][:16]} · {une['agent']} · {une['motif']}")
