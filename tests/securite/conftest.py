"""One running hub for the attacks of this folder; OAuth in process has its own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub import Hub, free_port


@pytest.fixture(scope="package")
def vivant() -> Iterator[Hub]:
    with tempfile.TemporaryDirectory(prefix="relais-securite-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        yield started
        started.down()
