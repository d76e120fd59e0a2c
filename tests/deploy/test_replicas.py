"""`./relais up --repliques`: how many processes of which component."""

from pathlib import Path

import pytest
import typer
from rich.console import Console

from deploy import postgres
from deploy.cli.hub import replicas
from deploy.components import COMPONENTS
from deploy.datadir import DEFAULT_FOLDER, DataDir
from deploy.launcher import Hub


def test_the_first_process_bears_the_name_of_its_component_and_the_others_a_number() -> None:
    hub = Hub(DataDir(DEFAULT_FOLDER), Console(), replicas=replicas("entrant=3, usagers=1"))

    names = hub.names(COMPONENTS)

    assert [name for name in names if name.startswith(("entrant", "usagers"))] == [
        "usagers",
        "entrant",
        "entrant-2",
        "entrant-3",
    ]


@pytest.mark.parametrize(
    "said", ["console=2", "connecteurs=2", "inconnu=2", "entrant", "entrant=0", "entrant=x", "entrant=17"]
)
def test_what_cannot_be_is_refused_with_what_can(said: str) -> None:
    with pytest.raises(typer.BadParameter, match="NOM parmi usagers, orientation"):
        replicas(said)


def test_postgresql_takes_the_connections_of_all(tmp_path: Path) -> None:
    data = DataDir(tmp_path)

    assert "--max_connections=120" in postgres.command(data, 1, processes=10)
    assert "--max_connections=210" in postgres.command(data, 1, processes=19)
