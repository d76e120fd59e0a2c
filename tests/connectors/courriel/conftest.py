"""One mail server for the tests of the connector by e-mail, forgotten from one to the next."""

from __future__ import annotations

from collections.abc import Iterator
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
def mails(mail_server: tuple[Mailbox, int]) -> Mailbox:
    mail_server[0].forget()
    return mail_server[0]


@pytest.fixture
def one(mail_server: tuple[Mailbox, int], mails: Mailbox, tmp_path: Path) -> Structure:
    return structure(mails, mail_server[1], tmp_path)
