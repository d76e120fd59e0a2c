"""The process of the archive, assembled: two files of masters, two loops, and what it says of itself."""

from pathlib import Path

import orjson

from chassis import process, settings
from chassis.process import Process
from coffre.masters import Masters
from gateway.archivist.keeper import Keeper

COMPONENT = SCHEMA = "archive"
SUBJECT = "lecture.archive.sante"


class Settings(settings.Settings):
    cles_maitres: Path
    cles_archive: Path


async def assemble(running: Process, configured: Settings) -> Keeper:
    """Start to put away and to give back."""
    keeper = Keeper(running.pool, Masters(configured.cles_maitres), Masters(configured.cles_archive))

    async def answer(_: bytes) -> bytes:
        return orjson.dumps({**await keeper.health(), "lecteurs": {}})

    await running.bus.respond(SUBJECT, COMPONENT, answer)
    running.loop("retours", keeper.keep_giving_back)
    running.loop("archive", keeper.keep_putting_away)
    return keeper


def main() -> None:
    configured = settings.read(Settings)
    process.run(COMPONENT, SCHEMA, configured, lambda running: assemble(running, configured))


if __name__ == "__main__":
    main()
