"""The loops of a mandate: what the feed brings is counted and told by mail, what was answered is sent on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from chassis.waiting import wait
from connectors.courriel.answers import Answers
from connectors.courriel.codes import Nature
from connectors.courriel.delivery import deliver
from connectors.courriel.following import NEWS, REMINDED, dossiers, follow, forget_over
from connectors.courriel.links import Recipient, recipients
from connectors.courriel.mail import Count, MailLater, MailRefused, told
from connectors.hub import PartnerError
from connectors.systems import Context, Loop
from relais_contrats.territoires import PARIS

_log = structlog.get_logger()
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_SENDING_S, _LONGEST_SENDING_S = 15.0, 300.0


def loops(context: Context) -> Mapping[str, Loop]:
    notices, answers = Notices(context), Answers(context)

    async def tell(stop: asyncio.Event) -> None:
        while not stop.is_set():
            await notices.look()
            await wait(stop, context.configuration.toutes_les_s)

    async def send_on(stop: asyncio.Event) -> None:
        pause_s = _SENDING_S
        while not stop.is_set():
            await answers.send_pending()
            left = await answers.pending()
            pause_s = min(pause_s * 2, _LONGEST_SENDING_S) if left else _SENDING_S
            await wait(stop, pause_s)

    return {"avis": tell, "envois": send_on}


@dataclass(slots=True)
class _Silence:
    """A server that is in trouble is left alone, longer each time."""

    until: datetime
    pause: timedelta


@dataclass(slots=True)
class Notices:
    """Who is to be told what. What was told is stored once the mail server has it."""

    context: Context
    _silences: dict[str, _Silence] = field(default_factory=dict)

    async def look(self) -> None:
        """Read the feed, then write to the recipients to whom something is due. A hub that is away is asked later."""
        try:
            await follow(self.context)
            due = [(to, nature) for to in recipients(self.context) if (nature := await self._due(to))]
            if due:
                read = await dossiers(self.context)
                await forget_over(self.context, read)
                count = total([one.count for one in read])
                for to, nature in due:
                    await self._tell(to, nature, count)
        except PartnerError as error:
            _log.info("courriel.hub_later", mandat=self.context.mandate.code, error=type(error).__name__)

    async def _due(self, to: Recipient) -> Nature | None:
        """Of several, the daily one tells all. A mandate made after the hour begins with the next day."""
        state, now = self.context.state, self.context.clock()
        if (silence := self._silences.get(to.empreinte)) and silence.until > now:
            return None
        here = now.astimezone(ZoneInfo(PARIS))
        is_time = here.time() >= self.context.configuration.heure
        last = await state.position(_told(Nature.POINT, to))
        if last is None:
            yesterday = here.date() - timedelta(days=1)
            await state.move(_told(Nature.POINT, to), (here.date() if is_time else yesterday).isoformat())
        elif is_time and last < here.date().isoformat():
            return Nature.POINT
        if await state.position(REMINDED) != await state.position(_told(Nature.RAPPEL, to)):
            return Nature.RAPPEL
        if await state.position(NEWS) != await state.position(_told(Nature.AVIS, to)) and await self._is_spaced(to):
            return Nature.AVIS
        return None

    async def _is_spaced(self, to: Recipient) -> bool:
        last = await self.context.state.position(_sent_at(to))
        between = timedelta(minutes=self.context.configuration.avis_espaces_min)
        return last is None or datetime.fromisoformat(last) + between <= self.context.clock()

    async def _tell(self, to: Recipient, nature: Nature, count: Count) -> None:
        """Nothing waits any more: there is nothing to tell, and it is as if it were told."""
        today = self.context.clock().astimezone(ZoneInfo(PARIS)).date().isoformat()
        news, reminded = await self.context.state.position(NEWS), await self.context.state.position(REMINDED)
        key = {Nature.POINT: today, Nature.RAPPEL: reminded, Nature.AVIS: news}.get(nature) or ""
        if not count.is_empty:
            try:
                await deliver(self.context, to, nature, told(self.context, to, nature, count, key))
            except MailRefused:
                _log.warning("courriel.refused", mandat=self.context.mandate.code, destinataire=to.rang)
            except MailLater:
                self._be_silent(to)
                return
            await self.context.state.move(_sent_at(to), self.context.clock().isoformat())
        self._silences.pop(to.empreinte, None)
        if nature is Nature.POINT:
            await self.context.state.move(_told(Nature.POINT, to), today)
        # Each mail names everything that waits: the news until now are in it.
        for told_of, mark in ((Nature.AVIS, news), (Nature.RAPPEL, reminded)):
            if mark:
                await self.context.state.move(_told(told_of, to), mark)

    def _be_silent(self, to: Recipient) -> None:
        before = self._silences.get(to.empreinte)
        pause = min(before.pause * 2, _LONGEST_PAUSE) if before else _FIRST_PAUSE
        self._silences[to.empreinte] = _Silence(self.context.clock() + pause, pause)


def total(counts: list[Count]) -> Count:
    return Count(
        demandes=sum(one.demandes for one in counts),
        designations=sum(one.designations for one in counts),
        a_renseigner=sum(one.a_renseigner for one in counts),
        a_venir=sum(one.a_venir for one in counts),
        refusees=sum(one.refusees for one in counts),
    )


def _told(nature: Nature, to: Recipient) -> str:
    return f"courriel {nature} {to.empreinte}"


def _sent_at(to: Recipient) -> str:
    return f"courriel dernier {to.empreinte}"
