"""Fixtures that every folder of tests shares: the real engines once a session, a bench of one's own per test."""

import gc
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tests.engines import Bench, Engines, bench

# A traceback drawn with its variables holds the loop for seconds, in which whatever else it runs is late.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

HUBS = {"hub", "vivant"}
"""Fixtures that start one."""
MEMORY, ROOM_BYTES = Path("/dev/shm"), 4 << 30


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Files with slow tests first: the last of several workers then waits for a short one. With them what shares a
    hub, which stops when its folder is left and works at rest too."""
    slow = {item.path for item in items if item.get_closest_marker("lent") or HUBS & set(item.fixturenames)}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """What was collected lives as long as the session. Looking through it stops the loop of a test for 0.2 s of
    processor, which are seconds on a busy machine, in which every bound in time is missed."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Databases are copied and dropped by the thousand: in memory where there is room, three times as fast."""
    is_roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    with tempfile.TemporaryDirectory(prefix="relais-essais-", dir=MEMORY if is_roomy else None) as folder:
        started = Engines(Path(folder))
        yield started
        started.stop()


@pytest.fixture
async def banc(engines: Engines) -> AsyncIterator[Bench]:
    async with bench(engines) as one:
        yield one
