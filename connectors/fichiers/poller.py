"""The SFTP server of the partner: what it puts down there comes to our folder, and the reports go back to it.

Its host key is known in advance; a file is fetched when it did not change between two looks, and once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncssh
import structlog

from chassis.waiting import wait
from connectors.archive import folder_of
from connectors.fichiers.configuration import ServeurSftp
from connectors.fichiers.files import matching
from connectors.folders import ARRIVALS, DRAFTS, RETURNS
from connectors.systems import Context

_log = structlog.get_logger()
_LEASE = timedelta(minutes=10)
_TIMEOUT_S = 30
Seen = dict[str, tuple[int, int]]


async def poll(context: Context, stop: asyncio.Event) -> None:
    """Look again and again; a server that does not answer is logged, and tried at the next turn."""
    settings: ServeurSftp = context.configuration.sftp
    seen: Seen = {}
    while not stop.is_set():
        try:
            async with opened(settings) as client:
                seen = await fetch(context, client, seen)
                await give_back(context, client)
        except (asyncssh.Error, OSError, TimeoutError) as error:
            _log.warning("sftp.unreachable", mandat=context.mandate.code, error=type(error).__name__)
        await wait(stop, settings.toutes_les_s)


@contextlib.asynccontextmanager
async def opened(settings: ServeurSftp) -> AsyncIterator[asyncssh.SFTPClient]:
    known = asyncssh.import_known_hosts(f"[{settings.hote}]:{settings.port} {settings.cle_hote}\n")
    connecting = asyncssh.connect(
        settings.hote,
        settings.port,
        username=settings.utilisateur,
        client_keys=[asyncssh.import_private_key(settings.cle)],
        known_hosts=known,
        config=None,
        agent_path=None,
        connect_timeout=_TIMEOUT_S,
    )
    async with connecting as connection, connection.start_sftp_client() as client:
        yield client


async def fetch(context: Context, client: asyncssh.SFTPClient, seen: Seen) -> Seen:
    """Bring what did not change since the last look; returns what is there now."""
    settings: ServeurSftp = context.configuration.sftp
    present: Seen = {}
    for entry in await client.readdir(settings.arrivees):
        name = str(entry.filename)
        if name.startswith(".") or name.endswith(DRAFTS) or matching(context, name) is None or "/" in name:
            continue
        present[name] = (entry.attrs.size or 0, entry.attrs.mtime or 0)
        if seen.get(name) == present[name]:
            await _bring(context, client, f"{settings.arrivees}/{name}", present[name])
    return present


async def _bring(context: Context, client: asyncssh.SFTPClient, remote: str, mark: tuple[int, int]) -> None:
    held = await context.state.take(f"sftp {remote} {mark[0]} {mark[1]}", _LEASE)
    if held is None:
        return
    target = folder_of(context, ARRIVALS) / Path(remote).name
    draft = target.with_name(f".{target.name}.part")
    async with held:
        try:
            await client.get(remote, draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        await held.settle("fait")
    if context.configuration.sftp.apres == "supprimer":
        await client.remove(remote)


async def give_back(context: Context, client: asyncssh.SFTPClient) -> None:
    """Reports that its server does not have yet, under another name until they are whole."""
    folder = context.configuration.sftp.retours
    if folder is None:
        return
    for path in sorted(folder_of(context, RETURNS).iterdir()):
        if path.name.startswith("."):
            continue
        found = path.stat()
        held = await context.state.take(f"sftp retour {path.name} {found.st_size} {found.st_mtime_ns}", _LEASE)
        if held is None:
            continue
        async with held:
            await client.put(path, f"{folder}/.{path.name}.part")
            await client.posix_rename(f"{folder}/.{path.name}.part", f"{folder}/{path.name}")
            await held.settle("fait")
