"""One mail server for the tests of the connector by e-mail, forgotten from one to the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.connectors.courriel.mailbox import Mailbox
from tests.connectors.courriel.structure import Structure, structure


@pytest.fixture(scope="package")
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    mails = Mailbox()
    with mails.served() as port:
        yield mails, port


@pytest.fixture
async def mails(mail_server: tuple[Mailbox, int]) -> AsyncIterator[Mailbox]:
    """A connection over TLS closes in a few turns of the loop: the test ends once none is left."""
    mail_server[0].forget()
    yield mail_server[0]
    selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]  # nothing else tells what is open
    async with asyncio.timeout(10):
        while len(selector.get_map()) > 1:  # the loop's own
            await asyncio.sleep(0.005)


@pytest.fixture
def one(mail_server: tuple[Mailbox, int], mails: Mailbox, tmp_path: Path) -> Structure:
    return structure(mails, mail_server[1], tmp_path)
