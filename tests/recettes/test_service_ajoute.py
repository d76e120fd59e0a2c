"""The recipe that adds a service, followed to the letter: it starts, decides, answers, is rebuilt and fenced."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.recettes.recette import run, seen

_LINT = "from importlinter.cli import lint_imports_command as main; main()"
_PLANTED = "import services.referents.domain.dossier"
_TESTS = (
    "tests/prets/test_service.py",
    "tests/services/test_rejouer.py",
    "tests/passerelle/test_sealed_columns.py",
    "tests/passerelle/test_rights_table.py::test_who_receives_and_sends_what",
    "tests/contracts/test_exemples.py::test_an_example_gets_exactly_the_errors_it_announces",
    "tests/deploy/test_compose.py::test_every_component_is_a_service",
    "tests/deploy/test_compose.py::test_the_environment_is_that_of_the_table",
    "tests/deploy/test_compose.py::test_a_component_gets_its_own_secrets_and_no_other",
)


@pytest.fixture(scope="module")
def passed(generated: Path) -> str:
    return "\n".join(seen(generated, "prets or pret.accorde or every_component_is", *_TESTS))


def test_an_added_service_decides_its_message_and_answers_its_view_on_real_engines(passed: str) -> None:
    assert "tests/prets/test_service.py::test_a_loan_is_decided_once_and_read PASSED" in passed
    assert "announces[pret.accorde-Pr" in passed
    assert "who_receives_and_sends_what[pret.accorde-chez lui] PASSED" in passed


def test_an_added_service_is_rebuilt_from_its_facts_and_sealed(passed: str) -> None:
    assert "by_one_that_was_stopped_in_the_middle[prets] PASSED" in passed
    assert "test_each_damage_is_found_and_restored[prets] PASSED" in passed
    assert "given_back_is_nowhere_else[prets] PASSED" in passed
    assert "every_column_that_can_hold_words_is_classed_and_no_other[prets] PASSED" in passed


def test_an_added_service_has_its_container_its_keys_and_its_name_at_the_command(generated: Path, passed: str) -> None:
    assert "test_every_component_is_a_service PASSED" in passed
    assert "test_the_environment_is_that_of_the_table[prets] PASSED" in passed
    assert "test_a_component_gets_its_own_secrets_and_no_other[prets] PASSED" in passed
    assert "prets" in run(generated, "-m", "deploy.cli", "rejouer", "--help")


def test_an_added_service_is_behind_the_fences(generated: Path) -> None:
    app = generated / "services/prets/app.py"
    written = app.read_text(encoding="utf-8")
    assert "0 broken" in run(generated, "-c", _LINT, "--no-cache")

    app.write_text(f"{written}\n{_PLANTED}\n", encoding="utf-8")
    planted = subprocess.run(
        [sys.executable, "-c", _LINT, "--no-cache"],
        cwd=generated,
        env={"PYTHONPATH": f"{generated}:{generated / 'contracts'}", "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    app.write_text(written, encoding="utf-8")

    assert "Services are unaware of each other BROKEN" in planted.stdout
