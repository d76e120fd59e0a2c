"""Somebody is erased: what the connectors of her partners know and archived of her goes too, within the minute.

The feed tells it, except to the partner that asked for it: its own deposits do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import structlog

from chassis.waiting import wait
from connectors.archive import erase
from connectors.hub import ACCEPTED, PartnerError, RequestRefused
from connectors.systems import Context

_log = structlog.get_logger()
_ERASURE = "usager.efface"
_FEED, _DEPOSITS = "effacements fil", "effacements depots"
_OVERLAP = timedelta(minutes=10)
"""A deposit is decided later than it came: those of the last minutes are looked at again."""
_EVERY_S = 20.0
_PAGE = 200


async def follow_erasures(context: Context, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await look(context)
        except PartnerError as error:
            _log.info("erasures.later", mandat=context.mandate.code, error=type(error).__name__)
        await wait(stop, _EVERY_S)


async def look(context: Context) -> None:
    """Raises `PartnerError`: read again from the last page. A partner without the scope for a list has none of it."""
    for told in (_feed(context), _deposits(context)):
        try:
            async for parcours in told:
                await _erase(context, parcours)
        except RequestRefused as refused:
            if refused.status != 403:
                raise


async def _erase(context: Context, parcours: str) -> None:
    """An erasure that finds nothing, as when it is read again, has no line."""
    if counts := await erase(context, parcours):
        async with context.journal.exchange("entrant", "relais.effacement", parcours) as exchange:
            exchange.counts.update(counts)


async def _feed(context: Context) -> AsyncIterator[str]:
    cursor = await context.state.position(_FEED)
    while True:
        start = {"apres": cursor} if cursor else {"depuis": context.mandate.cree_a.isoformat()}
        try:
            page = await context.hub.get("/v1/evenements", limite=_PAGE, types=_ERASURE, **start)
        except RequestRefused as refused:
            if refused.status != 409 or cursor is None:
                raise
            cursor = None  # of a database that was restored since: from the beginning, which erases nothing twice
            continue
        for event in page["evenements"]:
            if _is_erasure(event) and event.get("subject"):
                yield event["subject"]
        cursor = page["curseur"]
        await context.state.move(_FEED, cursor)
        if not page["evenements"]:
            return


async def _deposits(context: Context) -> AsyncIterator[str]:
    read = await context.state.position(_DEPOSITS)
    since = datetime.fromisoformat(read) - _OVERLAP if read else context.mandate.cree_a
    after: dict[str, str] = {}
    while True:
        asked = {"etat": ACCEPTED, "type": _ERASURE, "depuis": since.isoformat(), **after}
        found = await context.hub.get("/v1/messages", limite=_PAGE, **asked)
        for one in found["messages"]:
            if _is_erasure(one) and one.get("parcours"):
                yield one["parcours"]
            await context.state.move(_DEPOSITS, one["recu_a"])
        if not found["suite"]:
            return
        after = {"apres": found["suite"]}


def _is_erasure(one: dict[str, str]) -> bool:
    return one["type"].removeprefix("fr.insertion.").removesuffix(".v1") == _ERASURE
