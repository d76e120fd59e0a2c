"""The recipe that adds a service, followed to the letter: it starts, decides, answers, is rebuilt and fenced."""

import subprocess
import sys
from pathlib import Path

from tests.recettes.recette import run

_LINT = "from importlinter.cli import lint_imports_command as main; main()"
_PLANTED = "import services.referents.domain.dossier"


def test_an_added_service_decides_its_message_and_answers_its_view_on_real_engines(said: list[str]) -> None:
    passed = "\n".join(said)

    assert "tests/prets/test_service.py::test_a_loan_is_decided_once_and_read PASSED" in passed
    assert "announces[pret.accorde-Pr" in passed
    assert "who_receives_and_sends_what[pret.accorde-chez lui] PASSED" in passed


def test_an_added_service_is_rebuilt_from_its_facts_and_sealed(said: list[str]) -> None:
    passed = "\n".join(said)

    assert "by_one_that_was_stopped_in_the_middle[prets] PASSED" in passed
    assert "test_each_damage_is_found_and_restored[prets] PASSED" in passed
    assert "given_back_is_nowhere_else[prets] PASSED" in passed
    assert "every_column_that_can_hold_words_is_classed_and_no_other[prets] PASSED" in passed


def test_an_added_service_has_its_container_its_keys_and_its_name_at_the_command(
    generated: Path, said: list[str]
) -> None:
    passed = "\n".join(said)

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
