"""The recipes of `docs/contribuer.md`, followed to the letter in a copy: few files each, and what they add works."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recettes.recette import PAGE, TITLES, run, steps

FILES = dict(zip(TITLES, (6, 3, 6, 16, 3, 1), strict=True))
_RUFF = Path(sys.executable).parent / "ruff"
_ROUTES = """
import json
from unittest.mock import Mock
from gateway.inbound.reading.reads import Reads
door = Mock()
Reads(Mock(), Mock(), Mock()).routes(door)
print(json.dumps([call.args[0] for call in door.route.call_args_list]))
"""


@pytest.mark.parametrize(("title", "files"), FILES.items())
def test_a_recipe_touches_few_files_by_hand(title: str, files: int) -> None:
    assert len({step.path for step in steps(title)}) == files


def test_every_recipe_of_the_page_is_followed() -> None:
    titles = [line.removeprefix("## ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:3] == "## "]

    assert titles == list(TITLES)


@pytest.mark.parametrize("check", [("check",), ("format", "--check")], ids=" ".join)
def test_what_the_recipes_write_has_the_style_of_the_house(tree: Path, check: tuple[str, ...]) -> None:
    written = {step.path for title in TITLES for step in steps(title) if step.path.endswith(".py")}

    done = subprocess.run([_RUFF, *check, "-q", "--no-cache", *written], cwd=tree, capture_output=True, check=False)

    assert (done.returncode, done.stdout.decode()) == (0, "")


def test_an_added_message_has_its_example_its_rights_its_rule_and_its_fold(said: list[str]) -> None:
    passed = "\n".join(said)

    assert "accompagnant.modifie accompagnement.modifier accompagnement._modifie" in passed
    assert "announces[accompagnant.modifie-Accompagnant modifi" in passed
    assert "who_receives_and_sends_what[accompagnant.modifie-chez lui] PASSED" in passed
    assert "are_told_as_they_were_deposited[accompagnant.modifie] PASSED" in passed
    assert "test_a_follower_takes_another_role_once PASSED" in passed


def test_an_added_rule_is_in_the_table_and_decides(said: list[str]) -> None:
    assert "contrat.clos accompagnement.partir" in said
    assert "tests/referents/test_depart.py::test_who_accompanies_leaves_with_the_contract_once PASSED" in said


def test_an_added_act_is_in_the_table_of_who_may(said: list[str]) -> None:
    assert any(line.startswith("partenaire-renommer administration") for line in said)


def test_an_added_view_has_its_route_its_operation_and_its_reading(generated: Path, said: list[str]) -> None:
    path = "/v1/parcours/{prc}/accompagnants"
    openapi = json.loads((generated / "contracts/generated/openapi.json").read_text(encoding="utf-8"))

    routes = json.loads(run(generated, "-c", _ROUTES))

    assert f"GET {path}" in routes
    assert "VueAccompagnants" in json.dumps(openapi["paths"][path]["get"])
    assert any("test_who_accompanies_is_read_from_the_first_day_on" in line and "PASSED" in line for line in said)
