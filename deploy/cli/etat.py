"""`etat`: running processes, ports, version, and what is not settled."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.cli.hub import Donnees, data_dir
from deploy.datadir import DEFAULT_FOLDER

if TYPE_CHECKING:
    from deploy import status

app = typer.Typer()


@app.command()
def etat(
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit l'état en JSON.")] = False,
) -> None:
    """Montre les processus, les ports, les versions et ce qui reste à traiter. Code 0 si le relais est prêt, 3 sinon.

    Exemples :

        ./relais etat

        ./relais etat --json --donnees /tmp/essai
    """
    from deploy import status

    found = status.read(data_dir(donnees))
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(found), ensure_ascii=False, indent=2, default=str))
    else:
        _show(found, Console(highlight=False))
    raise typer.Exit(0 if found.ready else 3)


def _show(found: status.Status, console: Console) -> None:
    if not found.running:
        console.print("Aucun relais en marche sur ce dossier de données.")
        return
    ready = (
        "[green]prêt[/]" if found.ready else f"[yellow]pas prêt (phase {found.phase} ; /sante/pret ne dit pas 200)[/]"
    )
    console.print(f"Relais {ready} · lanceur {found.launcher}")
    for anomaly in found.sante.get("anomalies", []):
        console.print(f"[yellow]• {anomaly}[/]", soft_wrap=True)
    for one in found.certificats:
        console.print(f"[yellow]• {_certificate(one)}[/]", soft_wrap=True)
    if found.ports:
        ports = found.ports
        console.print(f"API http://127.0.0.1:{ports.passerelle} · NATS {ports.nats} · PostgreSQL {ports.postgres}")
        console.print(
            f"console http://127.0.0.1:{ports.console} · métriques http://127.0.0.1:{ports.metriques}/metrics"
        )
    console.print(" · ".join(f"{name} {number}" for name, number in found.versions.items()))
    processes = Table("processus", "pid", "depuis", "mémoire")
    for process in found.processes:
        processes.add_row(process.name, str(process.pid), f"{process.running_s:.0f} s", f"{process.memory_mb:.0f} Mo")
    console.print(processes)
    if found.pending:
        pending = Table("en attente", "nombre")
        for label, count in found.pending.items():
            pending.add_row(label, str(count), style="yellow" if count else "dim")
        console.print(pending)
    if found.personnes:
        console.print(_persons(found.personnes))


def _certificate(one: dict[str, Any]) -> str:
    whose = f"Certificat de conformité de {one['partenaire']} ({one['programme']})"
    match one["nature"]:
        case "certificat-absent":
            return f"{whose} : exigé, et absent ; aucun jeton ne lui est donné."
        case "certificat-expire":
            return f"{whose} : expiré le {one['echeance']:%d/%m/%Y}."
        case "certificat-autre-adresse":
            return f"{whose} : pour une adresse qui n'est plus celle de son abonnement."
    return f"{whose} : expire le {one['echeance']:%d/%m/%Y}."


def _persons(told: list[dict[str, Any]]) -> Table:
    """Searches and signalements by partner; the shares are those of the busiest hour."""
    table = Table(
        "partenaire", "personnes cette heure", "au plus en une heure (24 h)", "connues", "hors territoire", ""
    )
    for one in told:
        table.add_row(
            one["partenaire"],
            str(one["cette_heure"]),
            str(one["personnes"]),
            f"{one['part_connue']:.0%}",
            f"{one['part_ailleurs']:.0%}",
            "suspendu par ce compteur (./relais partenaire reprendre)" if one["est_suspendu"] else "",
            style="yellow" if one["est_suspendu"] else None,
        )
    return table
