"""The partners on stage, and the three gestures of the story: deposit, see arrive, check that it did not arrive."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo import persons
from deploy.demo.display import Display, Sent
from deploy.demo.persons import Person
from deploy.demo.receiver import PATH, Receiver
from deploy.demo.telling import Stopped, Telling
from deploy.demo.witnesses import WEBHOOK, About, Received, Witnesses, end_of_feed
from relais_contrats.client import Answer, Partner

CAF, CD, FT, ML, ASSO = "caf-59", "cd-59", "ft-hauts-de-france", "ml-lille", "asso-mobilite"
OFFRE = "di-offres"
_AGENTS = {
    CAF: "batch",
    CD: "Lefebvre Camille cd-104",
    FT: "Hamon Solène ft-2210",
    ML: "Ba Idriss ml-31",
    ASSO: "Delattre Inès mob-17",
    OFFRE: "batch",
}
DEPARTEMENT = "59"
PATIENCE_S = 20.0
PARIS = ZoneInfo("Europe/Paris")


@dataclass(kw_only=True)
class Stage(Telling):
    partners: Mapping[str, Partner]
    witnesses: Witnesses = field(default_factory=Witnesses)
    run: str = field(default_factory=lambda: secrets.token_hex(5))

    def __post_init__(self) -> None:
        self.receiver = Receiver(lambda partner, event: self.witnesses.note(partner, WEBHOOK, event))
        # Seeded by the run: the persons are new each time, and the same within it.
        self._rng = random.Random(self.run)  # noqa: S311  names and numbers of fiction
        self._persons = 0
        # Each system numbers its own exchanges: what two partners hold never joins them.
        self._exchanges: dict[tuple[str, str], str] = defaultdict(lambda: secrets.token_hex(8))

    def person(self) -> Person:
        self._persons += 1
        return persons.create(self.run, self._persons, self._rng)

    async def deposit(
        self,
        partner: str,
        fait: str,
        person: Person,
        data: Mapping[str, Any],
        *,
        subject: str | None = None,
        finalite: str = "orientation",
    ) -> Answer:
        """Post it under a trace of its own, and wait until it is settled."""
        trace, instant = secrets.token_hex(16), datetime.now(UTC)
        person.instants.add(instant)
        message = self.partners[partner].message(
            fait,
            data,
            departement=DEPARTEMENT,
            subject=subject,
            instant=instant,
            finalite=finalite,
            agent=_AGENTS[partner],
        )
        message["correlationid"] = self._exchanges[partner, str(person)]
        answer = await self.partners[partner].post(message, traceparent=f"00-{trace}-{secrets.token_hex(8)}-01")
        if answer.etat == "en-attente":
            answer = await self.partners[partner].settled(message["id"])
        said = f"refusé, {answer.code} : {answer.detail}" if answer.code else answer.etat
        self.step.sent.append(Sent(partner, fait, str(person), said, trace))
        if answer.parcours:
            person.parcours.setdefault(partner, answer.parcours)
        return answer

    async def arrives(
        self,
        partner: str,
        fait: str,
        person: Person,
        way: str | None = None,
        *,
        about: About | None = None,
        is_shown: bool = True,
    ) -> Received:
        """Wait for it; `about` says which event is meant when it is not simply about the person."""
        one = await self.witnesses.wait_for(partner, fait, about or person.recognises, way, PATIENCE_S)
        sentence = f"{partner} reçoit {fait}{f' par {way}' if way else ''} ({person})"
        self.check(sentence, one)
        if one is None:
            raise Stopped(sentence)
        if is_shown:
            self.step.received.append(one)
        return one

    def does_not_arrive(self, partner: str, fait: str, person: Person) -> None:
        """Said once the same event has reached the others: it would be here too."""
        others = [r for r in self.witnesses.received if r.partner == partner and r.fait == fait]
        self.check(
            f"{partner} ne reçoit pas {fait} ({person})",
            not any(person.recognises(partner, received.event) for received in others),
        )
        if partner not in self.step.absents:
            self.step.absents.append(partner)


def today() -> date:
    """The calendar day in Paris: legal delays are counted there."""
    return datetime.now(PARIS).date()


@contextlib.asynccontextmanager
async def set_up(folder: Path, display: Display) -> AsyncIterator[Stage]:
    """Partners with their keys, feeds followed from now on, webhooks of the département and of the association open."""
    async with contextlib.AsyncExitStack() as stack:
        partners = {}
        for code in (CAF, CD, FT, ML, ASSO, OFFRE):
            partners[code] = await stack.enter_async_context(Partner.load(folder / code, patience_s=PATIENCE_S))
        stage = Stage(display, partners=partners)
        await stack.enter_async_context(stage.receiver.listening())
        async with asyncio.TaskGroup() as feeds:
            followers = [
                feeds.create_task(stage.witnesses.follow(partner, await end_of_feed(partner)))
                for partner in partners.values()
            ]
            try:
                async with _subscribed(stage, CD), _subscribed(stage, ASSO):
                    yield stage
            finally:
                for follower in followers:
                    follower.cancel()


@contextlib.asynccontextmanager
async def _subscribed(stage: Stage, code: str) -> AsyncIterator[None]:
    partner = stage.partners[code]
    for old in (await partner.get("/v1/abonnements"))["abonnements"]:
        # Left by a demonstration that was interrupted: nobody listens there any more.
        if f"{PATH}/" in old["url"]:
            await partner.call("DELETE", f"/v1/abonnements/{old['id']}")
    made = await partner.call("POST", "/v1/abonnements", {"url": stage.receiver.url(code), "types": []})
    stage.receiver.trust(code, made["secret"])
    try:
        yield
    finally:
        await partner.call("DELETE", f"/v1/abonnements/{made['id']}")
