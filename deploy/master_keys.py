"""The rotation of the master key, while the hub runs: add a version, wrap every key again, drop the versions before."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chassis.database import Connection
from coffre import masters, rotation
from coffre.masters import Masters
from deploy.datadir import LaunchError, write_private

_TOGETHER = 1_000
LINGER_S = 10.0
"""A process that read the file a moment ago may still wrap by the former key, or hold an envelope of it."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """`version` wraps now; `reemballees` keys were wrapped again; `abandonnees` are the versions that were dropped."""

    version: int
    reemballees: int
    abandonnees: list[int]


async def rotate(
    conn: Connection,
    path: Path,
    told: Callable[[int, int], None],
    *,
    drop: bool = True,
    linger_s: float = LINGER_S,
    table: str = rotation.EVERYDAY,
) -> Rotation:
    """Turn the master of `path`, which wraps the keys of `table`; `told(done, total)` as it goes on.

    One that was interrupted is resumed: no version is added then."""
    known = masters.read(path.read_text())
    former = await rotation.left(conn, max(known), table)
    if not former:
        known[max(known) + 1] = secrets.token_bytes(masters.KEY_BYTES)
        write_private(path, masters.write(known))
    version, done = max(known), 0
    while True:
        total = done + await rotation.left(conn, version, table)
        while moved := await rotation.rewrap(conn, Masters(path), _TOGETHER, table):
            done += moved
            told(done, max(total, done))
        if not drop:
            return Rotation(version, done, [])
        await asyncio.sleep(linger_s)
        if not await rotation.left(conn, version, table):
            break
    dropped = sorted(known.keys() - {version})
    write_private(path, masters.write({version: known[version]}))
    return Rotation(version, done, dropped)


def versions(path: Path) -> list[int]:
    """Raises LaunchError when there is no file of master keys."""
    try:
        return sorted(masters.read(path.read_text()))
    except (OSError, ValueError) as error:
        raise LaunchError(f"Le fichier des clés maîtres est absent ou illisible : {path}.") from error
