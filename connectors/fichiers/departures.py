"""The tables that leave each day: written once a day after their hour, into `echanges/departs`."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from chassis.waiting import wait
from connectors.archive import folder_of
from connectors.fichiers.configuration import Depart
from connectors.fichiers.writing import is_due, write
from connectors.folders import DEPARTURES
from connectors.hub import PartnerError
from connectors.systems import Context

_log = structlog.get_logger()
_PARIS = ZoneInfo("Europe/Paris")
_LEASE = timedelta(minutes=10)
_LOOK_EVERY_S = 30.0


async def depart_daily(context: Context, stop: asyncio.Event) -> None:
    while not stop.is_set():
        for depart in context.configuration.departs:
            await leave(context, depart)
        await wait(stop, _LOOK_EVERY_S)


async def leave(context: Context, depart: Depart) -> None:
    """Write today's table, unless it is too early or it is written; a hub that does not answer is asked again later."""
    now = context.clock().astimezone(_PARIS)
    if not is_due(depart, now):
        return
    name = f"{depart.nom}-{now.date().isoformat()}.{depart.format}"
    held = await context.state.take(f"depart {name}", _LEASE)
    if held is None:
        return
    try:
        async with held:
            async with context.journal.exchange("sortant", f"fichiers.{depart.vue}", name) as exchange:
                await write(context, exchange, depart, now.date(), folder_of(context, DEPARTURES) / name)
            await held.settle("fait")
    except PartnerError as error:
        _log.info("departures.later", mandat=context.mandate.code, error=type(error).__name__)
