"""One copy of the tree in which every recipe was followed, for all tests of this folder."""

import shutil
from pathlib import Path

import pytest

from tests.recettes.recette import TITLES, copy, run, steps

_CHOSEN = (
    "accompagnant.modifie or one_rule_and_one_fold or listened_to or names_every or been_released "
    "or test_accompagnement or test_depart or test_accompagnants or prets or pret.accorde or every_component_is "
    "or who_may_do"
)
_TESTS = (
    "tests/contracts/test_exemples.py::test_an_example_gets_exactly_the_errors_it_announces",
    "tests/contracts/test_exemples.py::test_every_type_has_a_valid_example_and_two_instructive_mistakes",
    "tests/contracts/test_compatibilite.py::test_every_message_has_been_released",
    "tests/passerelle/test_rights_table.py::test_the_table_names_every_message_and_twelve_kinds",
    "tests/passerelle/test_rights_table.py::test_who_receives_and_sends_what",
    "tests/passerelle/test_sealed_columns.py",
    "tests/referents/test_translation.py",
    "tests/referents/test_accompagnement.py",
    "tests/referents/test_depart.py",
    "tests/referents/test_accompagnants.py",
    "tests/prets/test_service.py",
    "tests/services/test_rejouer.py",
    "tests/console/test_access.py::test_the_table_of_who_may_do_what",
    "tests/deploy/test_compose.py::test_every_component_is_a_service",
    "tests/deploy/test_compose.py::test_the_environment_is_that_of_the_table",
    "tests/deploy/test_compose.py::test_a_component_gets_its_own_secrets_and_no_other",
)


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy(tmp_path_factory.mktemp("recettes"))
    for title in TITLES:
        for step in steps(title):
            step.follow(made)
    return made


@pytest.fixture(scope="session")
def generated(tree: Path) -> Path:
    """The copy after the two commands of the page."""
    run(tree, "-m", "relais_contrats.generer")
    for added in ("accompagnant.modifie", "pret.accorde"):
        for schema in (tree / "contracts/generated/schemas").glob(f"{added}*.json"):
            shutil.copy(schema, tree / "contracts/released/v1")
    return tree


@pytest.fixture(scope="session")
def said(generated: Path) -> list[str]:
    """The output and the outcomes of the tests that the recipes add, or that look at their additions."""
    out = run(generated, "-m", "pytest", "-v", "-s", "-p", "no:cacheprovider", "-k", _CHOSEN, *_TESTS)
    return [" ".join(line.split()) for line in out.splitlines()]
