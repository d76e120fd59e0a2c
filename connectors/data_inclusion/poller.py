"""Follows the hub's catalogue: what changed since the last time goes to the copy from which pages are answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import structlog

from chassis.waiting import wait
from connectors.data_inclusion import pages
from connectors.data_inclusion.catalogue import Catalogue
from connectors.data_inclusion.pages import SourceUnreachable
from connectors.data_inclusion.publishing import GENRES, pull_daily
from connectors.hub import RequestRefused
from connectors.systems import Context, Loop

_log = structlog.get_logger()
_CHANGES = "/v1/offres/changements"
_MOST = 1_000


def catalogue_of(context: Context) -> Catalogue:
    return Catalogue(context.folder / "catalogue.sqlite", context.clock)


def loops(context: Context) -> Mapping[str, Loop]:
    async def run(stop: asyncio.Event) -> None:
        catalogue = catalogue_of(context)
        while not stop.is_set():
            await follow(context, catalogue)
            await wait(stop, context.configuration.toutes_les_s)

    async def pull(stop: asyncio.Event) -> None:
        await pull_daily(context, stop)

    return {"catalogue": run} | ({"tirage": pull} if context.configuration.tirage else {})


async def follow(context: Context, catalogue: Catalogue) -> None:
    """Read what changed, to its end. When the hub refuses this partner, the copy is no longer shown."""
    try:
        await _read(context, catalogue)
    except RequestRefused as refused:
        if (await asyncio.to_thread(catalogue.reading)).curseur and _is_of_another_list(refused):
            _log.warning("catalogue.forgotten", mandat=context.mandate.code)
            await asyncio.to_thread(catalogue.forget)
            await follow(context, catalogue)
            return
        _log.warning("catalogue.refused", mandat=context.mandate.code, status=refused.status)
        await asyncio.to_thread(catalogue.refuse)


async def _read(context: Context, catalogue: Catalogue) -> None:
    page = await _page(context, (await asyncio.to_thread(catalogue.reading)).curseur)
    if page["changements"]:
        async with context.journal.exchange("entrant", "catalogue", "changements") as exchange:
            while page["changements"]:
                await asyncio.to_thread(catalogue.apply, page["changements"], page["curseur"])
                exchange.counts.update(change["nature"] for change in page["changements"])
                if not page["reste"]:
                    break
                page = await _page(context, page["curseur"], {"traceparent": exchange.traceparent})
    await asyncio.to_thread(catalogue.confirm)


async def _page(context: Context, curseur: str | None, headers: Mapping[str, str] | None = None) -> Any:
    asked = {"limite": _MOST} | ({"apres": curseur} if curseur else {})
    return await context.hub.call("GET", f"{_CHANGES}?{urlencode(asked)}", headers=headers)


def _is_of_another_list(refused: RequestRefused) -> bool:
    """The position that was kept is not one of this hub any more."""
    return any(fault["pointeur"] == "apres" for fault in refused.problem.get("erreurs") or ())


async def try_out(context: Context, _: Path | None) -> AsyncIterator[str]:
    """Whether the catalogue can be read, and what its first page holds; nothing is kept."""
    page = await _page(context, None)
    counted = {genre: sum(one["genre"] == genre for one in page["changements"]) for genre in ("structure", "service")}
    more = ", et il y en a d'autres" if page["reste"] else ""
    yield f"Catalogue lu : {counted['structure']} structure(s), {counted['service']} service(s){more}."
    if context.mandate.jeton is None:
        yield "Ce connecteur n'a pas de jeton : aucun client ne peut l'appeler."
    if context.configuration.tirage:
        try:
            structures, services = [await pages.announced(context, genre) for genre in GENRES]
        except SourceUnreachable as error:
            yield f"Tirage : {error}"
        else:
            yield f"Tirage : data·inclusion annonce {structures} structures et {services} services."
