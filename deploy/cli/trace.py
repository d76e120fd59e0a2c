"""`trace`: the whole way of a message, then the waterfall of the traces that were kept of it, read from the console."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.cli import ways
from deploy.cli.hub import Donnees, data_dir
from deploy.components import SERVICES
from deploy.datadir import DEFAULT_FOLDER, HOST, LaunchError

if TYPE_CHECKING:
    import httpx

app = typer.Typer()

_TIMEOUT_S = 10.0
_NARROWEST_BAR, _WIDEST_BAR = 16, 60
_OF_SERVICES = ("magenta", "dark_cyan", "yellow4", "deep_pink3", "dodger_blue2", "slate_blue1")
COLOURS = {
    "entrant": "blue",
    "sortant": "dark_orange3",
    "connecteurs": "sea_green3",
    **dict(zip(SERVICES, cycle(_OF_SERVICES), strict=False)),
}
STATES = {
    "accepte": "green",
    "livre": "green",
    "attente": "yellow",
    "echec": "yellow",
    "refuse": "red",
    "erreur": "red",
}


@app.command()
def trace(
    identifiant: Annotated[
        str,
        typer.Argument(metavar="ID", help="Message, dépôt, événement, trace, ou pseudonyme d'un parcours (prc_…)."),
    ],
    donnees: Donnees = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Écrit les traces en JSON.")] = False,
) -> None:
    """Montre le chemin entier d'un message : dépôt ou refus à l'entrée, décision, publication, destinataires, attentes.

    ID est l'identifiant d'un message chez son émetteur (au besoin « partenaire/identifiant »), celui d'un dépôt, celui
    d'un événement tel que n'importe quel partenaire le reçoit, une trace (champ `instance` d'un refus), ou le
    pseudonyme d'un parcours chez n'importe quel partenaire. Le chemin vient du registre : il se montre aussi quand
    aucune trace n'a été gardée. Demande un relais en marche.

    Exemples :

        ./relais trace premier-1795388561

        ./relais trace caf-59/premier-1795388561 --json

        ./relais trace 0af7651916cd43dd8448eb211c80319c

        ./relais trace prc_k5x3v7qdm2c4jzt6yhw8n9rabe
    """
    data = data_dir(donnees)
    from deploy.operators import bearer

    found = read(f"http://{HOST}:{data.known_ports().console}", identifiant, bearer(data))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False)
    if not found["passerelle"]:
        console.print("La passerelle ne répond pas : voici seulement les traces gardées.", style="yellow")
    ways.show(found, console)
    for one in found["traces"]:
        console.print()
        show(one, console)


def read(base_url: str, identifier: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the way of the message with this id, and its stored traces."""
    import httpx

    try:
        with httpx.Client(base_url=base_url, headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
            answer = client.get(f"/api/messages/{quote(identifier, safe='')}.json")
    except httpx.TransportError as error:
        raise LaunchError(
            f"La console ne répond pas sur {base_url} : le relais est-il en marche ? (./relais up)"
        ) from error
    return _content(answer, identifier)


def _content(answer: httpx.Response, identifier: str) -> dict[str, Any]:
    if answer.status_code in (400, 404):
        raise LaunchError(
            f"Rien ne porte l'identifiant {identifier} : ni message, ni dépôt, ni événement, ni parcours, ni trace."
        )
    if answer.is_error:
        raise LaunchError(f"La console ne peut pas répondre ({answer.status_code}) : réessayez dans quelques secondes.")
    content: dict[str, Any] = answer.json()
    return content


def show(trace: dict[str, Any], console: Console) -> None:
    title = Text.assemble("trace gardée ", (trace["trace"], "bold"))
    if trace["etat"]:
        title.append(f"  {trace['etat_lisible']}", STATES.get(trace["etat"], ""))
    console.print(title)
    for line in _story(trace["recit"]):
        console.print(line)
    console.print(_waterfall(trace, console.width))
    left = trace["etapes"] - len(trace["cascade"])
    if left:
        console.print(f"… et {left} étapes, non montrées.", style="dim")


def _story(recit: dict[str, Any]) -> list[Text]:
    lines = [_deposit(depot) for depot in recit["depots"]]
    for lot in recit["lots"]:
        lines.append(Text(f"{lot['partenaire']} a déposé un lot de {lot['nombre']} messages, {lot['refuses']} refusés"))
    return lines + [_delivery(livraison) for livraison in recit["livraisons"]]


def _deposit(depot: dict[str, Any]) -> Text:
    what = depot["type"] or "un message qui n'a pas été lu"
    line = Text(f"{depot['partenaire']} a déposé {what} {depot['message'] or ''}".rstrip())
    if depot["motif"]:
        line.append(f" : {depot['motif']['code']}, {depot['motif']['titre'].lower()}", "red")
    return line


def _delivery(livraison: dict[str, Any]) -> Text:
    attempts = livraison["tentatives"]
    last = attempts[-1]
    answer = f"HTTP {last['reponse']}" if last["reponse"] is not None else last["raison"]
    result = ("livré", "green") if last["est_livree"] else ("pas encore livré", "yellow")
    count = f", {len(attempts)} tentatives" if len(attempts) > 1 else ""
    return Text.assemble(f"{livraison['type']} → {livraison['receveur']} : ", result, f" ({answer}{count})")


def _waterfall(trace: dict[str, Any], width: int) -> Table:
    bar = max(_NARROWEST_BAR, min(_WIDEST_BAR, width - 70))
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("service", no_wrap=True)
    table.add_column("étape", overflow="fold")
    table.add_column("", width=bar, no_wrap=True)
    table.add_column("début", justify="right", no_wrap=True, style="dim")
    table.add_column("durée", justify="right", no_wrap=True)
    for line in trace["cascade"]:
        colour = COLOURS.get(line["service"], "")
        state = STATES.get(line["issue"] or "", "")
        table.add_row(
            Text(line["service"], colour),
            Text("  " * line["profondeur"] + line["etape"], state if state in ("red", "yellow") else ""),
            Text(" " * _start(line, bar) + "━" * _length(line, bar), colour),
            f"+{_duration(line['decalage_ms'])}",
            _duration(line["duree_ms"]),
        )
    return table


def _start(line: dict[str, Any], bar: int) -> int:
    return min(int(line["x"] * bar / 100), bar - 1)


def _length(line: dict[str, Any], bar: int) -> int:
    length: int = round(line["largeur"] * bar / 100)
    return max(1, min(length, bar - _start(line, bar)))


def _duration(milliseconds: float) -> str:
    if milliseconds < 1000:
        return f"{milliseconds:.1f} ms".replace(".", ",")
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.2f} s".replace(".", ",")
    return f"{milliseconds / 60_000:.0f} min"
