"""`docs/architecture.md` names files and what is in them: both are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_STEP = re.compile(r"^\| \d+ \|.*\| `([\w/.]+\.py)` `([\w.]+)` \|$", re.MULTILINE)
STEPS = _STEP.findall((ROOT / "docs/architecture.md").read_text())


def test_each_step_of_the_way_names_a_place() -> None:
    assert len(STEPS) == len(re.findall(r"^\| \d+ \|", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)) > 10


@pytest.mark.parametrize(("file", "name"), STEPS)
def test_what_the_page_names_is_defined_there(file: str, name: str) -> None:
    body: list[ast.stmt] = ast.parse((ROOT / file).read_text()).body

    for part in name.split("."):
        named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        found = next((node for node in body if isinstance(node, named) and node.name == part), None)
        assert found is not None, f"{file} has no {name}"
        body = found.body


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_the_paths_that_a_page_names_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    linked = [path for path in re.findall(r"\]\(([\w/.-]+)\)", text) if "://" not in path]
    quoted = re.findall(r"`((?:gateway|chassis|services|contracts|console|deploy|tests|docs)/[\w/.-]+)`", text)

    missing = [path for path in linked if not ((ROOT / page).parent / path).exists()]
    missing += [path for path in quoted if not (ROOT / path).exists()]
    assert missing == []
