"""A hub's engines on a scratch data folder, started once for this folder by the real launcher."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from deploy import background
from deploy.datadir import DataDir
from tests.hub import free_port

SILENT = Console(file=io.StringIO())
ENGINES_ONLY = ["--moteurs-seuls", "--port", str(free_port())]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataDir]:
    """PostgreSQL and NATS running and provisioned, without any component."""
    data = DataDir(tmp_path_factory.mktemp("relais") / "donnees")
    background.start_in_background(data, ENGINES_ONLY, SILENT)
    yield data
    background.stop(data, SILENT)


@pytest.fixture
def own_folder(tmp_path: Path) -> Iterator[DataDir]:
    """A data folder for one test, stopped at its end whatever happened."""
    data = DataDir(tmp_path / "donnees")
    yield data
    background.stop(data, SILENT)
