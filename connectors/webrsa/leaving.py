"""The files that leave for an ALI, once a day: all persons on the days of stock, on the others those who changed.

Who changed is read in the feed of the partner; what is written is read again at the hub, under its rights. The position
in the feed moves once the file is there: one that a crash cut short is begun again.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog
from lxml import etree

from chassis.waiting import wait
from connectors.archive import folder_of
from connectors.exchanges import Exchange
from connectors.folders import DEPARTURES
from connectors.hub import PartnerError, RequestRefused
from connectors.systems import Context
from connectors.webrsa import writing
from connectors.webrsa.taking import PERSONNE
from connectors.webrsa.xml import written
from relais_contrats.territoires import fuseau

_log = structlog.get_logger()
_LEASE = timedelta(minutes=10)
_LOOK_EVERY_S = 30.0
_PAGE = 200
_FEED, _LAST = "fil webrsa", "numero webrsa"
_UNSEEN = (403, 404, 410)


async def depart_daily(context: Context, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await leave(context)
        await wait(stop, _LOOK_EVERY_S)


async def leave(context: Context) -> None:
    """Write the file of today, unless it is too early or it is written; a hub that is away is asked again later."""
    settings = context.configuration
    now = context.clock().astimezone(fuseau(settings.departement))
    if now.strftime("%H:%M") < settings.heure:
        return
    held = await context.state.take(f"depart webrsa {now.date()}", _LEASE)
    if held is None:
        return
    try:
        async with held:
            name = f"WebRSA-ALI_{settings.id_structure_ali}_{now:%Y%m%d}.xml"
            async with context.journal.exchange("sortant", "webrsa.ali", name) as exchange:
                await _write(context, exchange, now, name)
            await held.settle("fait")
    except PartnerError as error:
        _log.info("webrsa.later", mandat=context.mandate.code, error=type(error).__name__)


async def _write(context: Context, exchange: Exchange, now: datetime, name: str) -> None:
    changed, cursor = await changes(context)
    is_stock = await context.state.position(_FEED) is None or now.day in context.configuration.jours_de_stock
    known = {parcours: int(theirs) for theirs, parcours in await context.state.pairs(PERSONNE)}
    wanted = sorted({*known, *changed} if is_stock else changed)
    dossiers = [one for parcours in wanted if (one := await _dossier(context, exchange, parcours)) is not None]
    root = writing.file(context.configuration, now, dossiers, is_stock=is_stock)
    await asyncio.to_thread(_keep, context, name, written(root))
    exchange.counts["dossiers"] = len(dossiers)
    await context.state.move(_FEED, cursor)


def _keep(context: Context, name: str, content: bytes) -> None:
    target = folder_of(context, DEPARTURES) / name
    draft = target.with_name(f".{name}.en-cours")
    draft.write_bytes(content)
    draft.replace(target)


async def changes(context: Context) -> tuple[set[str], str]:
    """Who was told about since the last file, from the beginning of the feed the first time; and where it ends."""
    cursor, changed = await context.state.position(_FEED), set()
    while True:
        start = {"apres": cursor} if cursor else {}
        try:
            page = await context.hub.get("/v1/evenements", limite=_PAGE, **start)
        except RequestRefused as refused:
            if refused.status != 409 or cursor is None:
                raise
            cursor = None  # of a database that was restored since: everybody, rather than nobody
            continue
        changed |= {event["subject"] for event in page["evenements"] if event.get("subject")}
        cursor = str(page["curseur"])
        if not page["evenements"]:
            return changed, cursor


async def _dossier(context: Context, exchange: Exchange, parcours: str) -> etree._Element | None:
    """None for a person whom the partner does not see, or not any more."""
    try:
        fiche = await context.hub.get(f"/v1/parcours/{parcours}")
        feuille = await context.hub.get(f"/v1/parcours/{parcours}/feuille-de-route")
    except RequestRefused as refused:
        if refused.status not in _UNSEEN:
            raise
        exchange.counts["non-vu"] += 1
        return None
    numbers: dict[tuple[str, str], int] = {}
    for kind, key in _named(feuille):
        numbers[kind, key] = await _number(context, kind, key)
    personne = await _number(context, PERSONNE, parcours)
    if context.configuration.allocataire is None:
        exchange.counts["sans-etat-civil"] += 1
    return writing.dossier(personne, fiche, feuille, context.configuration, lambda kind, key: numbers[kind, key])


def _named(feuille: Any) -> list[tuple[str, str]]:
    """What WebRSA would have given an id to."""
    told = [*(feuille.get("orientations_passees") or ()), feuille.get("orientation")]
    named = [("orientation", f"{feuille['parcours']} {one['rang']}") for one in told if one]
    contrat = feuille.get("contrat")
    return [*named, ("cer", str(contrat["contrat_id"]))] if contrat else named


async def _number(context: Context, kind: str, ours: str) -> int:
    """The id that stands for it in every file; the next one when it has none. One file at a time is written."""
    state = context.state
    if known := await state.theirs(kind, ours):
        return int(known)
    given = int(await state.position(f"{_LAST} {kind}") or 0) + 1
    await state.move(f"{_LAST} {kind}", str(given))
    await state.link(kind, [(str(given), ours)])
    return given
