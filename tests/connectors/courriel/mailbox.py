"""A real mail server on a port of this machine: it offers STARTTLS, wants an account, and refuses whom it is told."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from aiosmtpd.smtp import Session as Talk

USER, PASSWORD = "relais", "mot de passe"


class _AnyPort(Controller):
    """The controller looks whether the port that it was given answers: 0 is any."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        socket.create_connection((self.hostname, self.port), timeout=5).close()


class Mailbox:
    """`refuses`: address → the answer to RCPT, such as `550 5.1.1 unknown`."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.refuses: dict[str, str] = {}
        self.authority = trustme.CA()

    async def handle_RCPT(
        self, server: Server, talk: Talk, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Server, talk: Talk, envelope: Envelope) -> str:
        assert talk.ssl is not None
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self.raw.append(content)
        received = message_from_bytes(content, policy=policy.default)
        assert isinstance(received, EmailMessage)
        self.received.append(received)
        return "250 OK"

    def forget(self) -> None:
        self.received.clear()
        self.raw.clear()
        self.refuses.clear()

    @property
    def pem(self) -> str:
        return self.authority.cert_pem.bytes().decode()

    def settings(self, port: int, /, **others: Any) -> dict[str, Any]:
        account = {"utilisateur": USER, "mot_de_passe": PASSWORD, "autorite": self.pem}
        return {"hote": "127.0.0.1", "port": port, "delai_s": 30, **account, **others}

    @contextmanager
    def served(self, *, tls: bool = False, starttls: bool = True) -> Iterator[int]:
        """Its port. `tls`: from the first byte."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert("127.0.0.1").configure_cert(context)

        def account(_: Server, __: Talk, ___: Envelope, ____: str, said: Any) -> AuthResult:
            is_known = isinstance(said, LoginPassword) and said.password == PASSWORD.encode()
            return AuthResult(success=is_known, handled=False)

        offered: dict[str, Any] = {"authenticator": account, "auth_require_tls": starttls and not tls}
        if starttls and not tls:
            offered |= {"tls_context": context, "require_starttls": True, "auth_required": True}
        controller = _AnyPort(self, hostname="127.0.0.1", port=0, ssl_context=context if tls else None, **offered)
        controller.start()
        try:
            yield controller.port
        finally:
            controller.stop()
