"""One hub for the whole folder: tests open parcours of their own in it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub import Hub, free_port


@pytest.fixture(scope="package")
def hub() -> Iterator[Hub]:
    with tempfile.TemporaryDirectory(prefix="relais-parcours-") as folder:
        started = Hub(Path(folder), free_port())
        started.up()
        yield started
        started.down()
