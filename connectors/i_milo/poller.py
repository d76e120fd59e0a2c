"""The queue of i-milo, emptied: what an event is about is read, told to the hub, and only then acknowledged.

An event is acknowledged once what it leads to is decided, accepted or refused: a refusal is kept here, in the journal
and in the sealed archive. What cannot be decided now stays in the queue, and the events after it too.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from chassis.waiting import wait
from connectors.appointments import Steps, Told, gone, steps
from connectors.archive import about, archive, archived
from connectors.exchanges import Exchange, ExchangeRefused
from connectors.hub import ACCEPTED, WAITING, Answer, HubUnreachable, PartnerError, deposit, find
from connectors.i_milo import reading
from connectors.i_milo.api import Imilo, ImiloUnreachable
from connectors.i_milo.codes import ECRITS, SUPPRIME, Objet
from connectors.i_milo.reading import ContentRefused, Event, Named, Rdv, Seance, content_of
from connectors.state import Held
from connectors.systems import Context, Loop
from relais_contrats.lecture import forme_canonique

_log = structlog.get_logger()
_LEASE = timedelta(minutes=2)
_DOSSIER, _RDV, _LAST = "dossier", "rdv", "rdv-dit"


def loops(context: Context) -> Mapping[str, Loop]:
    async def run(stop: asyncio.Event) -> None:
        async with Imilo(context.configuration) as imilo:
            while not stop.is_set():
                await poll(context, imilo)
                await wait(stop, context.configuration.toutes_les_s)

    return {"file": run} if context.configuration.base else {}


async def poll(context: Context, imilo: Imilo) -> int:
    """Handle what waits; how many events were acknowledged."""
    acknowledged = 0
    try:
        found = await imilo.events()
        for event in await _readable(context, imilo, found):
            acknowledged += await _event(context, imilo, event)
    except (ImiloUnreachable, PartnerError) as error:
        _log.info("i_milo.later", mandat=context.mandate.code, error=type(error).__name__)
    return acknowledged


async def _readable(context: Context, imilo: Imilo, found: Sequence[Any]) -> list[Event]:
    """The oldest first. One that cannot be read is refused, so that it does not stop those behind it."""
    events: list[Event] = []
    for written in found:
        try:
            events.append(content_of(Event, written))
        except ContentRefused as refused:
            await _unreadable(context, imilo, written, str(refused))
    return sorted(events, key=lambda event: event.date)


async def _unreadable(context: Context, imilo: Imilo, written: Any, why: str) -> None:
    try:
        identifiant = content_of(Named, written).identifiant
    except ContentRefused:
        _log.warning("i_milo.nameless", mandat=context.mandate.code)
        return
    with suppress(ExchangeRefused):
        async with context.journal.exchange("entrant", "i-milo.illisible", identifiant):
            await _kept(context, json.dumps(written).encode())
            raise ExchangeRefused(f"Événement refusé : {why}.")
    await imilo.acknowledge(identifiant)


async def _kept(context: Context, content: bytes) -> str:
    """Archived; its digest."""
    digest = hashlib.sha256(content).hexdigest()
    await asyncio.to_thread(archive, context, digest, io.BytesIO(content))
    return digest


async def _event(context: Context, imilo: Imilo, event: Event) -> bool:
    held = await context.state.take(f"evenement {event.identifiant}", _LEASE)
    if held is None and await context.state.outcome(f"evenement {event.identifiant}") == "en-cours":
        return False
    if held is not None:
        async with held:
            await _once(context, imilo, event, held)
    await imilo.acknowledge(event.identifiant)
    return True


async def _once(context: Context, imilo: Imilo, event: Event, held: Held) -> None:
    try:
        async with context.journal.exchange("entrant", _nature(event), event.identifiant) as exchange:
            try:
                await Taking(context, imilo, exchange, event).run()
            except ContentRefused as refused:
                raise ExchangeRefused(f"Événement refusé : {refused}.") from refused
            except ImiloUnreachable as error:
                exchange.motif = str(error)
                raise
    except ExchangeRefused:
        await held.settle("refuse")
    else:
        await held.settle("fait")


def _nature(event: Event) -> str:
    """Words of ours: what i-milo writes there is not repeated when it is none of them."""
    known = event.type if event.type in set(Objet) else "inconnu"
    return f"i-milo.{known}"


class Taking:
    """One event on its way."""

    def __init__(self, context: Context, imilo: Imilo, exchange: Exchange, event: Event) -> None:
        self._context = context
        self._imilo = imilo
        self._exchange = exchange
        self._event = event
        self._settings = context.configuration

    async def run(self) -> None:
        """Raises `ContentRefused` and `ExchangeRefused`; `ImiloUnreachable` and `PartnerError`, to be tried again."""
        event = self._event
        match event.type:
            case Objet.RDV if event.idType:
                found = None if event.action == SUPPRIME else await self._imilo.rdv(event.idDossier, event.idType)
                await self._follow(found, f"imilo-{event.idType}")
            case Objet.SEANCE if event.idType:
                place = None if event.action == SUPPRIME else await self._imilo.seance(event.idDossier, event.idType)
                await self._follow(place, f"imilo-seance-{event.idType}")
            case Objet.DOSSIER if event.action in ECRITS:
                await self._person()
                self._exchange.counts["connu"] += 1
            case _:
                self._exchange.counts["note"] += 1
                self._exchange.motif = "événement que le relais n'exploite pas"

    async def _follow(self, found: Rdv | Seance | None, key: str) -> None:
        """From what the hub was told last to what is there now; None: it is there no more."""
        state = self._context.state
        kept = await state.ours(_RDV, key)
        told = Told.read(kept) if kept else None
        next_ = await self._next(told, found, key)
        if not next_.steps:
            self._exchange.counts["perdu" if next_.lost else "inchange"] += 1
            self._exchange.motif = next_.lost or None
            return
        parcours = await self._person()
        for one in next_.steps:
            self._accepted(one.fait, await self._deposit(one.fait, one.data, parcours))
            await state.link(_RDV, [(key, one.told.written())])

    async def _next(self, told: Told | None, found: Rdv | Seance | None, key: str) -> Steps:
        state, at = self._context.state, self._event.date
        if found is not None:
            data = reading.data_of(found, self._settings)
            digest = await _kept(self._context, found.model_dump_json().encode())
            await about(self._context, digest, [state.name(_DOSSIER, str(self._event.idDossier))])
            await state.link(_LAST, [(key, digest)])
            return steps(told, data, key, at)
        last = await state.ours(_LAST, key)
        if told is None or last is None:
            return Steps()
        model = Seance if self._event.type == Objet.SEANCE else Rdv
        try:
            was = model.model_validate_json(archived(self._context, last))
        except FileNotFoundError:
            return Steps(lost="l'état de ce rendez-vous n'est plus conservé : à annuler à la main")
        return gone(told, reading.data_of(was, self._settings), key, at)

    async def _person(self) -> str:
        """Known here, else asked of the hub, else reported where the mandate says how. Raises `ContentRefused`."""
        state, theirs = self._context.state, str(self._event.idDossier)
        if known := await state.ours(_DOSSIER, theirs):
            return known
        dossier = await self._imilo.dossier(self._event.idDossier)
        if dossier is None:
            raise ContentRefused("dossier : i-milo ne le connaît plus")
        parcours = None
        for one in reading.identifiants(dossier):
            parcours = parcours or await find(self._context.hub, self._context.mandate, [one])
        if parcours is None and self._settings.signalement is not None:
            answer = await self._deposit("usager.signale", reading.signalement(dossier, self._settings), None)
            parcours = self._accepted("usager.signale", answer).parcours
        if parcours is None:
            raise ContentRefused("personne inconnue du relais")
        await state.link(_DOSSIER, [(theirs, parcours)])
        return parcours

    def _accepted(self, fait: str, answer: Answer) -> Answer:
        if answer.etat != ACCEPTED:
            raise ContentRefused(" : ".join(filter(None, (fait, answer.code, (answer.detail or "").rstrip(".")))))
        return answer

    async def _deposit(self, fait: str, data: Mapping[str, Any], parcours: str | None) -> Answer:
        """The id comes from the event and the content: the same one again has no second effect."""
        content = forme_canonique([self._event.identifiant, fait, parcours, dict(data)])
        message = self._context.hub.message(
            fait,
            data,
            departement=self._settings.departement,
            subject=parcours,
            id_=f"imilo-{hashlib.sha256(content).hexdigest()[:40]}",
            instant=self._event.date,
            finalite="accompagnement",
        )
        [answer] = await deposit(self._context.hub, [message], self._exchange.traceparent)
        if answer.etat == WAITING or answer.est_relancable:
            raise HubUnreachable("Le relais n'a pas tout décidé : cet événement revient.")
        self._exchange.counts["deja-depose" if answer.est_rejoue else answer.etat] += 1
        return answer


async def try_out(context: Context, _: Path | None) -> AsyncIterator[str]:
    """What waits in the queue, by kind; nothing is read of anybody, told or acknowledged."""
    if context.mandate.jeton is None:
        yield "Ce connecteur n'a pas de jeton : aucun client ne peut l'appeler."
    if context.configuration.base is None:
        return
    try:
        async with Imilo(context.configuration) as imilo:
            found = await imilo.events()
    except ImiloUnreachable as error:
        raise ExchangeRefused(str(error)) from error
    said = [one.get("type") if isinstance(one, dict) else None for one in found]
    kinds = Counter(str(one) if one in set(Objet) else "autre" for one in said)
    yield f"{len(found)} événement(s) en attente" + "".join(f", {n} {kind}" for kind, n in sorted(kinds.items()))
