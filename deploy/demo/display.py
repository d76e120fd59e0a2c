"""How a step is told: tables in a terminal, one JSON line with `--json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.demo.witnesses import Received

_SHOWN_SIGNS = 44


@dataclass(slots=True)
class Sent:
    """A deposit and its answer."""

    partner: str
    fait: str
    au_sujet_de: str
    answer: str
    trace: str


@dataclass(slots=True)
class Words:
    """What a system that is not ours saw or said, as it was written: `voie` says by which door."""

    systeme: str
    voie: str
    texte: str


@dataclass(slots=True)
class Step:
    """`absents`: partners that received nothing, as was checked. `checks`: a sentence, and whether it held."""

    rang: int
    titre: str
    sent: list[Sent] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    absents: list[str] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checks: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return all(held for _, held in self.checks)


class Display:
    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console(highlight=False)

    def step(self, step: Step) -> None:
        if self._as_json:
            typer.echo(json.dumps(_as_dict(step), ensure_ascii=False))
            return
        console = self._console
        console.rule(f"[bold]{step.rang}. {step.titre}[/]", align="left")
        for one in step.sent:
            console.print(f"[cyan]{one.partner}[/] dépose [bold]{one.fait}[/] ({one.au_sujet_de}) : {one.answer}")
            console.print(f"   [dim]trace {one.trace}[/]")
        for fait in dict.fromkeys(one.fait for one in step.received):
            console.print(_who_sees_what(fait, [r for r in step.received if r.fait == fait], step.absents))
        for said in step.words:
            console.print(f"[cyan]{said.systeme}[/] · {said.voie}")
            console.print(Padding(Text(said.texte, style="dim"), (0, 0, 0, 3)))
        for note in step.notes:
            console.print(f"   {note}")
        for sentence, held in step.checks:
            console.print(f"   {'[green]✓[/]' if held else '[bold red]✗[/]'} {sentence}")
        console.print()

    def summary(self, steps: Sequence[Step], duration_s: float) -> None:
        checks = [check for step in steps for check in step.checks]
        failed = [sentence for sentence, held in checks if not held]
        if self._as_json:
            found = {"bilan": {"etapes": len(steps), "verifications": len(checks), "en_echec": failed}}
            typer.echo(json.dumps(found, ensure_ascii=False))
            return
        verdict = "[bold green]tout s'est passé comme annoncé[/]"
        if failed:
            verdict = "[bold red]tout ne s'est pas passé comme annoncé[/]"
        self._console.print(
            f"{len(steps)} étapes, {len(checks) - len(failed)} vérifications sur {len(checks)}, "
            f"{duration_s:.1f} s : {verdict}."
        )
        for sentence in failed:
            self._console.print(f"[red]✗ {sentence}[/]")


def _who_sees_what(fait: str, received: Sequence[Received], absents: Sequence[str]) -> Table:
    seen = {f"{one.partner}\n({one.way})": flat(one.data) for one in received}
    table = Table("champ", *seen, *(f"{partner}\n(rien)" for partner in absents), title=fait, title_justify="left")
    for path in sorted({path for fields in seen.values() for path in fields}):
        values = [fields.get(path) for fields in seen.values()]
        cells = ["[dim]—[/]" if value is None else _shown(value) for value in values]
        table.add_row(path, *cells, *("[dim]—[/]" for _ in absents), style="yellow" if None in values else None)
    return table


def flat(data: Any, path: str = "") -> dict[str, Any]:
    """Leaf values by path: `identifiants.0.valeur`."""
    if isinstance(data, Mapping):
        items = [(f"{path}.{key}" if path else key, value) for key, value in data.items()]
    elif isinstance(data, list):
        items = [(f"{path}.{place}", value) for place, value in enumerate(data)]
    else:
        return {path: data}
    return {leaf: value for key, item in items for leaf, value in flat(item, key).items()}


def _shown(value: Any) -> str:
    text = {True: "oui", False: "non"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN_SIGNS else text[: _SHOWN_SIGNS - 1] + "…"


def _as_dict(step: Step) -> dict[str, Any]:
    words = [{"systeme": w.systeme, "voie": w.voie, "texte": w.texte} for w in step.words]
    return {
        "etape": step.rang,
        "titre": step.titre,
        "depots": [
            {"de": s.partner, "type": s.fait, "au_sujet_de": s.au_sujet_de, "reponse": s.answer, "trace": s.trace}
            for s in step.sent
        ],
        "recus": [
            {"par": r.partner, "voie": r.way, "type": r.fait, "sujet": r.event.get("subject"), "champs": flat(r.data)}
            for r in step.received
        ],
        "ne_recoivent_rien": step.absents,
        **({"systemes": words} if words else {}),
        "notes": step.notes,
        "verifications": [{"attendu": sentence, "vrai": held} for sentence, held in step.checks],
    }
