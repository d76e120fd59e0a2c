"""The events of the hub, followed for the partner France Travail: each is sent to its API, in order for each person.

The position moves once a whole page is decided there, accepted or refused: a refusal is in the journal, and not sent
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog

from chassis.waiting import wait
from connectors.exchanges import ExchangeRefused
from connectors.france_travail.api import FranceTravail, FranceTravailRefused, FranceTravailUnavailable
from connectors.france_travail.collecting import collect
from connectors.france_travail.sending import FAITS, Sending
from connectors.hub import PartnerError, RequestRefused
from connectors.state import Outcome
from connectors.systems import Context, Loop

_log = structlog.get_logger()
_FEED, _PAGE, _LEASE = "sortie", 100, timedelta(minutes=5)
_RETRY_S = 30.0
Event = Mapping[str, Any]


def loops(context: Context) -> Mapping[str, Loop]:
    async def run(stop: asyncio.Event) -> None:
        async with FranceTravail(context.configuration.sortie) as there:
            while not stop.is_set():
                await wait(stop, await follow(context, there) or context.configuration.sortie.toutes_les_s)

    async def look(stop: asyncio.Event) -> None:
        async with FranceTravail(context.configuration.sortie) as there:
            while not stop.is_set():
                await wait(stop, await collect(context, there) or context.configuration.sortie.paniers_toutes_les_s)

    return {"sortie": run, "paniers": look} if context.configuration.sortie else {}


async def follow(context: Context, there: FranceTravail) -> float:
    """Send what was told since; the seconds to wait when France Travail, or the hub, asks for a pause, else 0."""
    try:
        while (page := await _page(context))["evenements"]:
            own = context.hub.source
            told = [one for one in page["evenements"] if one.get("subject") and one.get("source") != own]
            await _sent(context, there, told)
            await context.state.move(_FEED, page["curseur"])
    except FranceTravailUnavailable as error:
        _log.info("france_travail.pause", mandat=context.mandate.code, error=str(error))
        return error.pause_s
    except PartnerError as error:
        _log.info("france_travail.later", mandat=context.mandate.code, error=type(error).__name__)
        return _RETRY_S
    return 0.0


async def _page(context: Context) -> Any:
    cursor, hub = await context.state.position(_FEED), context.hub
    since = {"depuis": context.mandate.cree_a.isoformat()}
    asked: dict[str, Any] = {"limite": _PAGE, "types": ",".join(FAITS)}
    try:
        return await hub.get("/v1/evenements", **asked, **({"apres": cursor} if cursor else since))
    except RequestRefused as refused:
        if refused.status != 409:  # of a database that was restored since: from the beginning, without what is done
            raise
    return await hub.get("/v1/evenements", **asked, **since)


async def _sent(context: Context, there: FranceTravail, events: Sequence[Event]) -> None:
    """Persons beside one another, the events of one in their order. Raises the first fault once all have ended."""
    persons: dict[str, list[Event]] = {}
    for event in events:
        persons.setdefault(str(event["subject"]), []).append(event)
    together = asyncio.Semaphore(context.configuration.sortie.parallele)

    async def one_person(told: Sequence[Event]) -> None:
        async with together:
            for event in told:
                await _once(context, there, event)

    outcomes = await asyncio.gather(*map(one_person, persons.values()), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def _once(context: Context, there: FranceTravail, event: Event) -> None:
    held = await context.state.take(f"sortie {event['id']}", _LEASE)
    if held is None:
        if await context.state.outcome(f"sortie {event['id']}") == "en-cours":
            raise FranceTravailUnavailable("Un autre envoi de cet événement n'a pas fini.", _RETRY_S)
        return
    fait = str(event["type"]).removeprefix("fr.insertion.").removesuffix(".v1")
    outcome: Outcome = "fait"
    async with held:
        try:
            async with context.journal.exchange("sortant", f"france-travail.{fait}", event["id"]) as exchange:
                await _through(Sending(context, there, exchange, event), fait)
        except ExchangeRefused:
            outcome = "refuse"
        await held.settle(outcome)


async def _through(sending: Sending, fait: str) -> None:
    try:
        await sending.run(fait)
    except FranceTravailRefused as refused:
        raise ExchangeRefused(str(refused)) from refused
    except RequestRefused as refused:
        if refused.status not in (403, 404):
            raise
        raise ExchangeRefused("Le relais ne montre plus ce parcours.") from refused
