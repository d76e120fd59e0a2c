"""One copy of the tree in which every recipe was followed, for all tests of this folder."""

from pathlib import Path

import pytest

from tests.recettes.recette import TITLES, copy, steps


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy(tmp_path_factory.mktemp("recettes"))
    for title in TITLES:
        for step in steps(title):
            step.follow(made)
    return made
