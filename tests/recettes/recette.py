"""The recipes of `docs/contribuer.md` as they are written, and a copy of the tree in which they are followed."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "contribuer.md"
TITLES = ("Add a message", "Add a rule", "Add a view", "Add a service", "Add an act", "Change a delay")
COPIED = (
    *("chassis", "coffre", "connectors", "console", "contracts", "deploy", "docs", "gateway", "services", "tests"),
    *("docker-compose.yml", "pyproject.toml"),
)
_STEP = re.compile(
    r"^\d+\. `(?P<path>[^`]+)` \((?P<where>new|before|after|instead of)(?: `(?P<anchor>[^\n]+?)`)?\):.*?"
    r"^(?P<margin> {3,4})```\w+\n(?P<block>.*?)^(?P=margin)```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Step:
    """`block` goes before, after or instead of the one line that begins with `anchor`, with the indent of that line."""

    path: str
    where: str
    anchor: str
    block: str

    def follow(self, tree: Path) -> None:
        path = tree / self.path
        if self.where == "new":
            assert not path.exists(), f"{self.path} exists"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.block, encoding="utf-8")
            return
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        found = [n for n, line in enumerate(lines) if line.lstrip().startswith(self.anchor)]
        assert len(found) == 1, f"{self.path}: {len(found)} lines begin with {self.anchor!r}"
        [at] = found
        margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        block = indent(self.block, margin)
        if lines[at].startswith("## "):
            block = f"\n{block}"
        elif self.where == "before" and not margin:
            block = f"{block}\n\n"
        first, last = {"before": (at, at), "after": (at + 1, at + 1), "instead of": (at, at + 1)}[self.where]
        path.write_text("".join([*lines[:first], block, *lines[last:]]), encoding="utf-8")


def _in_a_list(block: str, margin: str) -> str:
    """Without the spaces that make it belong to its step."""
    return re.sub(f"^{margin}", "", block, flags=re.MULTILINE)


def steps(title: str) -> list[Step]:
    """Of the recipe under this title. Raises KeyError when there is none."""
    sections = dict(part.split("\n", 1) for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:])
    section = sections[title]
    found = [
        Step(m["path"], m["where"], m["anchor"] or "", _in_a_list(m["block"], m["margin"]))
        for m in _STEP.finditer(section)
    ]
    assert len(found) == len(re.findall(r"^\d+\. ", section, re.MULTILINE)), "a step of another form"
    return found


def copy(folder: Path) -> Path:
    """What a recipe changes and runs: sources, tests and documents."""
    tree = folder / "relais"
    tree.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name)  # with the bytecode, which stays valid
        else:
            shutil.copy(source, tree / name)
    return tree


def run(tree: Path, *arguments: str) -> str:
    """The output of a Python of the copy, which imports nothing of the original. Fails with what it said."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tree), str(tree / "contracts")])}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
