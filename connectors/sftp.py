"""The hub's own SFTP server: a home per mandate that asks for one, opened by the public keys of its partner only.

No password, no shell, no forwarding, no link; a session sees its own `echanges` only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncssh

from connectors.archive import folder_of
from connectors.systems import Context

HOME = "echanges"
Lookup = Callable[[str], Context | None]
"""The context of an active mandate, by its code: it is the name under which its partner signs in."""


def public_key(line: str) -> str:
    """The same line. Raises ValueError, in French, for what is no public key: the check of a configuration."""
    try:
        asyncssh.import_public_key(line)
    except asyncssh.KeyImportError:
        raise ValueError("une clé publique OpenSSH est attendue (ssh-ed25519 AAAA…)") from None
    return line


class _Door(asyncssh.SSHServer):
    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        context = self._lookup(username)
        accepted = getattr(context.configuration, "cles_sftp", ()) if context else ()
        return any(asyncssh.import_public_key(line) == key for line in accepted)


def _home(lookup: Lookup) -> Callable[[asyncssh.SSHServerChannel[bytes]], asyncssh.SFTPServer]:
    def open_home(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        context = lookup(str(channel.get_extra_info("username")))
        if context is None:
            raise asyncssh.SFTPPermissionDenied("Ce connecteur n'est plus en service.")
        for name in ("arrivees", "retours", "departs"):
            folder_of(context, f"{HOME}/{name}")
        return _Home(channel, chroot=str(context.folder / HOME).encode())

    return open_home


class _Home(asyncssh.SFTPServer):
    """A link could lead out of the home: none is made."""

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("Les liens ne sont pas admis.")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("Les liens ne sont pas admis.")


async def serve(lookup: Lookup, host: str, port: int, host_key: Path, stop: asyncio.Event) -> None:
    """Answer until `stop`."""
    server = await asyncssh.create_server(
        lambda: _Door(lookup),
        host,
        port,
        server_host_keys=[asyncssh.read_private_key(host_key)],
        sftp_factory=_home(lookup),
        allow_scp=False,
        login_timeout=20,
        keepalive_interval=30,
        server_version="Relais",
    )
    async with server:
        await stop.wait()
        server.close()
