"""The stages of `./relais test`: every one runs, then the first that failed decides the exit code.

A chosen test comes first: who asked for it waits for nothing else. In a whole run pytest comes last, so that its
summary is the last line of a run in which the other stages passed; the types are checked beside the tests, which wait
more than they work.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from deploy.components import ROOT

PACKAGES = (
    "contracts/relais_contrats",
    "contracts/relais_kit",
    "chassis",
    "coffre",
    "services",
    "gateway",
    "console",
    "connectors",
    "deploy",
    "tests",
)
BIN = Path(sys.executable).parent
_WORKERS = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """`is_aside`: it starts with the run, needs one processor, and reports at its place in the list."""

    name: str
    command: list[str]
    is_aside: bool = False


def stages(expression: str | None, fast: bool, extra: list[str]) -> list[Stage]:
    packages = [package for package in PACKAGES if (ROOT / package).is_dir()]
    checks = [
        Stage("ruff check", [str(BIN / "ruff"), "check", "."]),
        Stage("ruff format", [str(BIN / "ruff"), "format", "--check", "."]),
        Stage("frontières d'import", [str(BIN / "lint-imports"), "--no-logo"]),
    ]
    types = [str(BIN / "mypy"), *packages]
    tests = _pytest(expression, fast, extra)
    if expression or extra:
        return [*tests, *checks, Stage("mypy --strict", types)]
    together, alone = tests
    return [*checks, together, Stage("mypy --strict", types, is_aside=True), alone]


def _pytest(expression: str | None, fast: bool, extra: list[str]) -> list[Stage]:
    """A chosen part runs as it is; the whole in several processes (most tests wait), then alone what measures time."""
    command = [str(BIN / "pytest"), "-p", "deploy.allowed_skips", "--durations=15", "--durations-min=1"]
    some = ["not lent"] if fast else []
    if expression or extra:
        chosen = ["-k", expression] if expression else []
        return [Stage("pytest", [*command, *_marked(some), *chosen, *extra])]
    together = ["-n", str(_WORKERS), "--dist", "loadfile", "--no-loadscope-reorder", *_marked([*some, "not seul"])]
    return [
        Stage("pytest", [*command, *together]),
        Stage("pytest, un test à la fois", [*command, *_marked([*some, "seul"])]),
    ]


def _marked(marks: list[str]) -> list[str]:
    return ["-m", " and ".join(marks)] if marks else []


def run_all(expression: str | None, fast: bool, extra: list[str]) -> int:
    console = Console(highlight=False)
    failed: list[str] = []
    code = 0
    todo = stages(expression, fast, extra)
    aside = {stage.name: _start(stage) for stage in todo if stage.is_aside}
    for stage in todo:
        console.rule(f"[bold]{stage.name}[/]", align="left")
        started = time.monotonic()
        if beside := aside.get(stage.name):
            sys.stdout.write(beside.communicate()[0])
            returned = beside.returncode
        else:
            returned = subprocess.run(stage.command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
        if returned != 0:
            failed.append(stage.name)
            code = code or returned
        if not stage.name.startswith("pytest"):
            verdict = "[green]réussi[/]" if returned == 0 else f"[red]échoué (code {returned})[/]"
            console.print(f"{stage.name} : {verdict} en {time.monotonic() - started:.1f} s")
    if failed:
        console.print(f"[bold red]Étapes en échec :[/] {', '.join(failed)}.", soft_wrap=True)
    return code


def _start(stage: Stage) -> subprocess.Popen[str]:
    return subprocess.Popen(
        stage.command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
