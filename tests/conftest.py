"""Fixtures that every folder of tests shares: the real engines once a session, a bench of one's own per test."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.engines import Bench, Engines, bench


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    with tempfile.TemporaryDirectory(prefix="relais-essais-") as folder:
        started = Engines(Path(folder))
        yield started
        started.stop()


@pytest.fixture
async def banc(engines: Engines) -> AsyncIterator[Bench]:
    async with bench(engines) as one:
        yield one
