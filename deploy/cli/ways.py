"""The way of a message in the terminal, as the console tells it: nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_PARIS = ZoneInfo("Europe/Paris")
_TONS = {"accepte": "green", "livre": "green", "attente": "yellow", "echec": "yellow", "refuse": "red"}
_ETATS = {
    **_TONS,
    **dict.fromkeys(("publie", "lu"), "green"),
    **dict.fromkeys(("a-lire", "en-cours", "en-echec", "retenu", "rebut"), "yellow"),
    **dict.fromkeys(("arrete", "ecarte"), "red"),
}

Json = Mapping[str, Any]


def show(found: Json, console: Console) -> None:
    """Each message that was found; or the messages of a parcours."""
    if found["parcours_de"]:
        console.print(Text.assemble("parcours ", (found["id"], "bold"), f", ainsi nommé par {found['parcours_de']}"))
        console.print(*_person(found["personne"]))
        console.print(_messages(found["parcours"]))
    for rank, way in enumerate(found["chemins"]):
        if rank:
            console.print()
        _way(way, console)
    if found.get("autres"):
        console.print(f"… et {found['autres']} autres messages de cet identifiant, non montrés.", style="dim")


def _way(way: Json, console: Console) -> None:
    title = Text.assemble("message ", (way["message"] or "sans identifiant", "bold"), f" de {way['partenaire']}")
    title.append(f"  {way['etat_lisible']}", _ETATS.get(way["etat"], ""))
    console.print(title)
    console.print(way["situation"], *_person(way["personne"]))
    for cause in way["causes"]:
        console.print(Padding(Text(f"→ {cause['phrase']}"), (0, 0, 0, 2)))
        if cause["suite"]:
            console.print(Padding(Text(f"À faire : {cause['suite']}", "dim"), (0, 0, 0, 4)))
    console.print(_steps(way["etapes"]))
    if way["destinataires"]:
        console.print(_receivers(way["destinataires"]))


def _person(personne: Json | None) -> Iterator[Text]:
    names = {"efface_a": "personne effacée", "archive_depuis": "archivé", "oppose_depuis": "opposition au partage"}
    if personne and personne["departement"]:
        yield Text(f"Département {personne['departement']}.")
    for name, said in names.items():
        if personne and personne[name]:
            yield Text(f"{said.capitalize()} : {_when(personne[name])}.", "red")


def _messages(rows: Sequence[Json]) -> Table:
    table = Table("déposé", "message", "type", "émetteur", "état", box=None, pad_edge=False, header_style="dim")
    for row in rows:
        state = Text(row["etat_lisible"], _ETATS.get(row["etat"], ""))
        name = Text(f"{row['partenaire']}/{row['message']}")
        table.add_row(_when(row["recu_a"]), name, row["type"], row["partenaire"], state)
    return table


def _steps(steps: Sequence[Json]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for step in steps:
        told = Text(step["titre"], f"bold {_TONS.get(step['ton'] or '', '')}".strip())
        for said in _details(step):
            told.append(f"\n{said}", "not bold")
        table.add_row(_when(step["a"]) if step["a"] else "à venir", told)
    return table


def _details(step: Json) -> Iterator[str]:
    lasted = f"{step['duree_ms']} ms" if step["duree_ms"] is not None else ""
    due = f"prochain essai le {_when(step['echeance'])}" if step["echeance"] else ""
    if said := " · ".join(filter(None, (step["detail"], lasted, due))):
        yield said
    if motif := step["motif"]:
        where = f" ({', '.join(motif['lignes'])})" if motif["lignes"] else ""
        yield f"{motif['code']} : {motif['explication']}{where} {motif['precision']}".rstrip()
        yield motif["conseil"]


def _receivers(receivers: Sequence[Json]) -> Table:
    table = Table("destinataire", "événement", "état", "par où, pourquoi", box=None, pad_edge=False, header_style="dim")
    for one in receivers:
        ways = [_line(way) for way in one["voies"]]
        state = Text(one["etat_lisible"], _ETATS.get(one["etat"], "dim"))
        table.add_row(one["partenaire"], one["type"], state, Text("\n".join([*ways, one["pourquoi"]])))
    return table


def _line(way: Json) -> str:
    name = f"webhook {way['abonnement']} : " if way["abonnement"] else ""
    at = f" Le {_when(way['a'])}." if way["a"] else ""
    due = f" Prochain essai le {_when(way['echeance'])}." if way["echeance"] else ""
    return f"{name}{way['phrase']}{at}{due}"


def _when(iso: str) -> str:
    return f"{datetime.fromisoformat(iso).astimezone(_PARIS):%d/%m/%Y %H:%M:%S}"
