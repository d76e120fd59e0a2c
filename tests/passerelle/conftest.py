"""The outgoing half, and a partner's endpoint, new for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.engines import Bench
from tests.passerelle.entrance import Entrance, entrance
from tests.passerelle.outgoing import Sortant, outgoing
from tests.passerelle.receiver import Receiver, receiver


@pytest.fixture
async def sortant(banc: Bench) -> AsyncIterator[Sortant]:
    async with outgoing(banc) as one:
        yield one


@pytest.fixture
async def endpoint() -> AsyncIterator[Receiver]:
    async with receiver() as one:
        yield one


@pytest.fixture
async def entree(banc: Bench) -> AsyncIterator[Entrance]:
    async with entrance(banc) as one:
        yield one
