"""What the hub decides, told to rdv-insertion: a decided orientation invites, a référent and coordinates follow.

A message only hints that something of a person changed: what she is now is read, and told if it was not yet. So a
late, repeated or overtaken message changes nothing, and what was refused goes again once the person changes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from chassis.waiting import wait
from connectors.exchanges import ExchangeRefused
from connectors.hub import ACCEPTED, PartnerError, RequestRefused
from connectors.rdv_insertion.api import RdvInsertion, RdviRefused, RdviUnreachable
from connectors.rdv_insertion.codes import USAGERS
from connectors.rdv_insertion.writing import Wanted, wanted
from connectors.systems import Context, Loop
from relais_contrats.lecture import forme_canonique

_log = structlog.get_logger()
_DECISIONS = ("orientation.decidee", "reorientation.decidee", "reprise.declaree")
_FAITS = (
    *_DECISIONS,
    *("referent.designe", "referent.accepte", "referent.remplace", "usager.signale", "usager.corrige"),
)
"""Only a decision brings somebody whom rdv-insertion was told nothing of: the others are not even looked at."""
_FEED, _DEPOSITS, _TOLD = "sortie fil", "sortie depots", "sortie"
_OVERLAP = timedelta(minutes=10)
"""A deposit is decided later than it came: those of the last minutes are looked at again."""
_LEASE = timedelta(minutes=2)
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Hint:
    """`deposit`: the message that names the parcours, if it is to be looked at once."""

    parcours: str
    is_decision: bool
    deposit: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`mark`: the position after it."""

    hints: Sequence[Hint]
    mark: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Step:
    """What rdv-insertion does not know yet of one person. `told`: what will be kept, but for the outcome."""

    wanted: Wanted
    invites: bool
    tried: Sequence[str]
    invited: str | None


def loops(context: Context) -> Mapping[str, Loop]:
    async def run(stop: asyncio.Event) -> None:
        async with RdvInsertion(context) as rdvi:
            while not stop.is_set():
                await wait(stop, max(context.configuration.sortie.toutes_les_s, await poll(context, rdvi)))

    return {"sortie": run} if context.configuration.sortie else {}


async def poll(context: Context, rdvi: RdvInsertion) -> float:
    """Tell what changed since the last look; for how many seconds rdv-insertion wants to be left alone."""
    try:
        async for page in pages(context):
            for hint in page.hints:
                await _look(context, rdvi, hint)
            if page.mark:
                await context.state.move(*page.mark)
    except RdviUnreachable as error:
        _log.warning("rdv_insertion.unreachable", mandat=context.mandate.code)
        return error.retry_after_s
    except PartnerError as error:
        _log.info("rdv_insertion.later", mandat=context.mandate.code, error=type(error).__name__)
    return 0.0


async def pages(context: Context) -> AsyncIterator[Page]:
    """Whom the partner's own deposits name, then whom the others' do: its feed holds the others' only."""
    async for page in _deposits(context):
        yield page
    async for page in _feed(context):
        yield page


async def _deposits(context: Context) -> AsyncIterator[Page]:
    read = await context.state.position(_DEPOSITS)
    since = datetime.fromisoformat(read) - _OVERLAP if read else context.mandate.cree_a
    after: dict[str, str] = {}
    while True:
        asked = {"etat": ACCEPTED, "depuis": since.isoformat(), **after}
        found = await context.hub.get("/v1/messages", limite=_PAGE, **asked)
        messages = found["messages"]
        named = [one for one in messages if one["type"] in _FAITS and one.get("parcours")]
        hints = [Hint(one["parcours"], one["type"] in _DECISIONS, str(one["id"])) for one in named]
        yield Page(hints, (_DEPOSITS, messages[-1]["recu_a"]) if messages else None)
        if not found["suite"]:
            return
        after = {"apres": found["suite"]}


async def _feed(context: Context) -> AsyncIterator[Page]:
    cursor = await context.state.position(_FEED)
    while True:
        start = {"apres": cursor} if cursor else {"depuis": context.mandate.cree_a.isoformat()}
        try:
            found = await context.hub.get("/v1/evenements", limite=_PAGE, types=",".join(_FAITS), **start)
        except RequestRefused as refused:
            if refused.status != 409 or cursor is None:
                raise
            cursor = None  # of a database that was restored since: from the beginning, which tells nothing twice
            continue
        cursor = found["curseur"]
        decided: dict[str, bool] = {}
        for one in found["evenements"]:
            if parcours := one.get("subject"):
                is_decision = one["type"].removeprefix("fr.insertion.").removesuffix(".v1") in _DECISIONS
                decided[parcours] = decided.get(parcours, False) or is_decision
        yield Page([Hint(parcours, is_decision) for parcours, is_decision in decided.items()], (_FEED, cursor))
        if not found["evenements"]:
            return


async def _look(context: Context, rdvi: RdvInsertion, hint: Hint) -> None:
    held = await context.state.take(f"sortie {hint.deposit}", _LEASE) if hint.deposit else None
    if hint.deposit and held is None:
        return
    async with held or nullcontext():
        if found := await step(context, hint):
            await _tell(context, rdvi, hint.parcours, found)
        if held:
            await held.settle("fait")


async def step(context: Context, hint: Hint) -> Step | None:
    """What is to be told of this person now. Raises `PartnerError`."""
    kept = await context.state.ours(_TOLD, hint.parcours)
    if kept is None and not hint.is_decision:
        return None
    found = await _wanted(context, hint.parcours)
    if found is None:
        return None
    *tried, invited = json.loads(kept) if kept else (None,)
    digest = context.vault.digest(_TOLD, forme_canonique(dict(found.user)).decode())
    if tried == [found.cle, digest]:
        return None
    return Step(found, invited != found.cle, [found.cle, digest], invited)


async def _wanted(context: Context, parcours: str) -> Wanted | None:
    """Read as the partner reads it; what it may not see is not told."""

    async def view(path: str) -> Mapping[str, Any]:
        try:
            seen: Mapping[str, Any] = await context.hub.get(f"/v1/parcours/{parcours}{path}")
        except RequestRefused as refused:
            if refused.status not in (403, 404):
                raise
            return {}
        return seen

    seen = await view(""), await view("/orientations"), await view("/referent")
    return wanted(*seen, context.configuration, context.hub.source)


async def _tell(context: Context, rdvi: RdvInsertion, parcours: str, step: Step) -> None:
    nature = f"rdv-insertion.{'invitation' if step.invites else 'usager'}"
    person, organisation = step.wanted.invited if step.invites else step.wanted.user, step.wanted.ligne.organisation
    try:
        async with context.journal.exchange("sortant", nature, parcours) as exchange:
            try:
                user = await rdvi.write(organisation, person, invite=step.invites)
            except RdviUnreachable as error:
                exchange.motif = str(error)
                raise
            except RdviRefused as refused:
                await _keep(context, parcours, step, step.invited)
                raise ExchangeRefused(str(refused)) from refused
            exchange.counts["invite" if step.invites else "mis-a-jour"] += 1
    except ExchangeRefused:
        _log.info("rdv_insertion.refused", mandat=context.mandate.code)
        return
    await context.state.link(USAGERS, [(str(user), parcours)])
    await _keep(context, parcours, step, step.wanted.cle)


async def _keep(context: Context, parcours: str, step: Step, invited: str | None) -> None:
    await context.state.link(_TOLD, [(parcours, json.dumps([*step.tried, invited]))])
