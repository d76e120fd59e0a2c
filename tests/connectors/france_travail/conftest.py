from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.connectors.france_travail.place import Hub, Place


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
async def place(tmp_path: Path, hub: Hub) -> AsyncIterator[Place]:
    one = Place(tmp_path / "cd-59-ft", hub)
    async with one.http:
        yield await one.opened()
