"""What runs for a mandate of files: its folder, the partner's SFTP server if there is one, the tables that leave."""

import asyncio
from collections.abc import Mapping

from connectors import folders
from connectors.fichiers import departures, files, poller
from connectors.systems import Context, Loop


def loops(context: Context) -> Mapping[str, Loop]:
    async def arrivals(stop: asyncio.Event) -> None:
        await folders.watch(context, files.taking(context), stop)

    async def partner_server(stop: asyncio.Event) -> None:
        await poller.poll(context, stop)

    async def daily(stop: asyncio.Event) -> None:
        await departures.depart_daily(context, stop)

    settings = context.configuration
    running: dict[str, Loop] = {"arrivees": arrivals}
    if settings.sftp:
        running["sftp"] = partner_server
    if settings.departs:
        running["departs"] = daily
    return running
