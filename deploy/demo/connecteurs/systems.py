"""The systems that are not ours: a HubEE in memory, a real mail server, the SFTP client of the département."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import asyncssh
from aiosmtpd.smtp import SMTP, Envelope, Session

from connectors.hubee_mock.boxes import Boxes
from deploy.datadir import HOST

MONTHLY = "RSABEM-RSABAM"
"""The démarche under which HubEE carries the monthly flow of the CAF."""


class Mails:
    """What a mail server received, the oldest first."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, talk: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.received.append(mail)
        return "250 OK"

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[int]:
        """Its port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(self, loop=loop), HOST, 0)
        async with server:
            yield server.sockets[0].getsockname()[1]


def put_down(boxes: Boxes, content: bytes, external: str) -> str:
    """A flow, in the box of the département at HubEE; the id of its case."""
    case = {"externalId": f"{external}-01", "recipient": {"type": "SI", "companyRegister": "1", "branchCode": "59"}}
    attachment = {
        "fileName": f"{external}.xml",
        "type": "flux",
        "size": len(content),
        "mimeType": "application/xml",
        "recipients": [case["externalId"]],
    }
    folder = boxes.create_folder(
        {
            "processCode": MONTHLY,
            "externalId": external,
            "applicant": {"firstName": "CNAF", "lastName": "CNAF"},
            "cases": [case],
            "attachments": [attachment],
        }
    )
    boxes.upload(folder, folder["attachments"][0]["id"], content, None)
    boxes.update_folder(folder["id"], {"globalStatus": "HUBEE_COMPLETED"})
    return str(folder["cases"][0]["id"])


@dataclass(slots=True)
class Poste:
    """The computer of the département: its key, and the home that the hub opens to it by SFTP."""

    port: int
    host_key: str
    """Of the hub's server, public: nothing is sent to another one."""
    key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))

    @property
    def public_key(self) -> str:
        return self.key.export_public_key().decode().strip()

    @contextlib.asynccontextmanager
    async def session(self, user: str) -> AsyncIterator[asyncssh.SFTPClient]:
        connecting = asyncssh.connect(
            HOST,
            self.port,
            username=user,
            client_keys=[self.key],
            known_hosts=asyncssh.import_known_hosts(f"[{HOST}]:{self.port} {self.host_key}\n"),
            config=None,
            agent_path=None,
            connect_timeout=5,
        )
        async with connecting as connection, connection.start_sftp_client() as client:
            yield client


async def put(client: asyncssh.SFTPClient, files: Mapping[str, str]) -> None:
    """Each under another name until it is whole."""
    for name, content in files.items():
        async with client.open(f"/arrivees/{name}.part", "wb") as stream:
            await stream.write(content.encode("cp1252"))
        await client.posix_rename(f"/arrivees/{name}.part", f"/arrivees/{name}")


async def read(client: asyncssh.SFTPClient, path: str) -> str | None:
    """None while it is not there. What comes back is written as what was sent; what the hub makes itself, in UTF-8."""
    try:
        async with client.open(path, "rb") as stream:
            content: Any = await stream.read()
    except asyncssh.SFTPNoSuchFile:
        return None
    try:
        return str(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return str(content.decode("cp1252"))


def admitted(ask: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    """None while the server does not know the key yet: a mandate that changed is in service two seconds later."""

    async def asked() -> Any:
        try:
            return await ask()
        except (asyncssh.PermissionDenied, asyncssh.ConnectionLost):
            return None

    return asked
