"""One console per test, on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.console.serving import Served, served
from tests.engines import Bench


@pytest.fixture
async def console(banc: Bench) -> AsyncIterator[Served]:
    async with served(banc) as one:
        yield one
