"""One copy of the tree in which every recipe was followed, for all tests of this folder."""

import shutil
from pathlib import Path

import pytest

from tests.recettes.recette import TITLES, copy, run, steps


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
