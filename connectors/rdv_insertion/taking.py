"""What a webhook changes, deposited: each participant's appointment, or what is known of a person.

The state told last and the instant of its webhook are kept per participant: a replayed or late webhook changes nothing.
One that a crash cut short is taken again, under the same ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.appointments import Step, Told, gone, steps
from connectors.archive import archived
from connectors.exchanges import Exchange, ExchangeRefused
from connectors.hub import ACCEPTED, WAITING, Answer, HubUnreachable, deposit, find
from connectors.rdv_insertion import reading
from connectors.rdv_insertion.codes import EVENEMENTS, USAGERS
from connectors.rdv_insertion.reading import ContentRefused, Participation, Rdv, User, Webhook, content_of
from connectors.state import Held
from connectors.systems import Context
from relais_contrats.lecture import forme_canonique

LEASE = timedelta(minutes=2)
_RDV, _PARTICIPATION, _PARTICIPANTS, _LAST = "rdv", "participation", "participants", "rdv-recu"
_DESTROYED = "destroyed"
_UNKNOWN = "personne inconnue du relais"
_PURGED = "le webhook de son rendez-vous n'est plus conservé"


class Busy(Exception):
    """Another webhook of the same thing is being taken: it is to be sent again."""


async def take(context: Context, exchange: Exchange, webhook: Webhook, digest: str) -> None:
    """`digest`: under which its body is archived. Raises `ExchangeRefused`, `PartnerError` or `Busy`."""
    taking = Taking(context, exchange, webhook, digest)
    handle = {"Rdv": taking.rdv, "Participation": taking.participation, "User": taking.user}.get(webhook.meta.model)
    if handle is None or webhook.meta.event not in EVENEMENTS:
        exchange.counts["note"] += 1
        exchange.motif = "modèle ou événement que le relais n'exploite pas : conservé"
        return
    try:
        await handle()
    except ContentRefused as refused:
        exchange.counts["illisible"] += 1
        raise ExchangeRefused(f"Webhook refusé : {refused}.") from refused


class Taking:
    """One webhook on its way."""

    def __init__(self, context: Context, exchange: Exchange, webhook: Webhook, digest: str) -> None:
        self._context = context
        self._exchange = exchange
        self._webhook = webhook
        self._digest = digest
        self._instant = webhook.meta.timestamp
        self._held: Held | None = None

    async def rdv(self) -> None:
        """Every participant of it, and those who were of it and are no more."""
        rdv, state = content_of(Rdv, self._webhook.data), self._context.state
        wanted = {one.user.id: reading.appointment(rdv, one.status, self._settings) for one in rdv.participations}
        async with self._alone(f"rdv {rdv.id}"):
            if await self._is_late(f"Rdv {rdv.id}"):
                return
            refused, is_gone = [], self._is_destroyed
            for one in rdv.participations:
                refused += await self._follow(rdv, one.user.id, one.user, wanted[one.user.id], is_gone=is_gone)
            former = {int(user) for user in (await state.ours(_PARTICIPANTS, str(rdv.id)) or "").split()}
            left = reading.appointment(rdv, "revoked", self._settings)
            for user in sorted(former - wanted.keys()):
                refused += await self._follow(rdv, user, None, left, is_gone=True)
            await state.link(_PARTICIPATION, ((str(one.id), str(rdv.id)) for one in rdv.participations))
            self._refuse(refused)
            await state.link(_PARTICIPANTS, [(str(rdv.id), " ".join(map(str, wanted)))])
            await state.link(_LAST, [(str(rdv.id), self._digest)])
            await state.move(f"Rdv {rdv.id}", self._instant.isoformat())

    async def participation(self) -> None:
        """It says neither when nor where: that is in the last webhook of its appointment."""
        one, state = content_of(Participation, self._webhook.data), self._context.state
        rdv_id = await state.ours(_PARTICIPATION, str(one.id))
        last = await state.ours(_LAST, rdv_id) if rdv_id else None
        if last is None:
            raise ContentRefused(f"participation {one.id} : le webhook de son rendez-vous n'est pas encore pris")
        try:
            rdv = content_of(Rdv, reading.webhook(archived(self._context, last)).data)
        except FileNotFoundError:
            raise ContentRefused(f"participation {one.id} : {_PURGED}") from None
        async with self._alone(f"rdv {rdv.id}"):
            data = reading.appointment(rdv, one.status, self._settings)
            self._refuse(await self._follow(rdv, one.user.id, one.user, data, is_gone=self._is_destroyed))

    async def user(self) -> None:
        """Coordinates of a person whom the hub knows, or is to know; an unknown one is no fault of rdv-insertion."""
        user, state = content_of(User, self._webhook.data), self._context.state
        if self._is_destroyed:
            self._exchange.counts["note"] += 1
            return
        async with self._alone(f"user {user.id}"):
            if await self._is_late(f"User {user.id}"):
                return
            known, parcours = f"coordonnees {user.id}", await self._person(user)
            told = reading.coordonnees(user)
            digest = self._context.vault.digest(known, forme_canonique(told).decode())
            if parcours is None:
                self._exchange.counts["inconnu"] += 1
            elif not told or await state.position(known) == digest:
                self._exchange.counts["inchange"] += 1
            else:
                answer = await self._deposit("usager.corrige", {"coordonnees": told}, parcours)
                self._refuse(_refusal(f"user {user.id}", answer))
            await state.move(known, digest)
            await state.move(f"User {user.id}", self._instant.isoformat())

    async def _follow(
        self, rdv: Rdv, user_id: int, user: User | None, data: Mapping[str, Any], *, is_gone: bool
    ) -> list[str]:
        """Deposit what leads one participant to `data`; why not, in sentences."""
        theirs, state, counts = f"{rdv.id} {user_id}", self._context.state, self._exchange.counts
        kept = await state.ours(_RDV, theirs)
        told = Told.read(kept) if kept else None
        if told and told.instant > self._instant:
            counts["depasse"] += 1
            return []
        found = (gone if is_gone else steps)(told, data, f"rdvi-{rdv.id}", self._instant)
        if not found.steps:
            counts["perdu" if found.lost else "inchange"] += 1
            self._exchange.motif = found.lost or self._exchange.motif
            if told:
                await state.link(_RDV, [(theirs, replace(told, instant=self._instant).written())])
            return []
        try:
            parcours = await self._person(user) if user else await state.ours(USAGERS, str(user_id))
        except ContentRefused as refused:
            return [str(refused)]
        if parcours is None:
            counts["inconnu"] += 1
            return [f"user {user_id} : {_UNKNOWN}"]
        for step in found.steps:
            if sentences := await self._step(step, theirs, parcours):
                return sentences
        return []

    async def _step(self, step: Step, theirs: str, parcours: str) -> list[str]:
        answer = await self._deposit(step.fait, step.data, parcours)
        if answer.etat == ACCEPTED:
            await self._context.state.link(_RDV, [(theirs, step.told.written())])
        return _refusal(f"rdv {theirs.split(' ')[0]}, {step.fait}", answer)

    async def _person(self, user: User) -> str | None:
        """Known here, else asked of the hub, else reported where the mandate says how. Raises `ContentRefused`."""
        theirs, state = str(user.id), self._context.state
        if known := await state.ours(USAGERS, theirs):
            return known
        numbers = [one for one in reading.identifiants(user, self._settings) if one["type"] != "local"]
        parcours = await find(self._context.hub, self._context.mandate, numbers)
        if parcours is None and self._settings.signalement is not None:
            answer = await self._deposit("usager.signale", reading.signalement(user, self._settings), None)
            if sentences := _refusal(f"user {user.id}", answer):
                raise ContentRefused(sentences[0])
            parcours = answer.parcours
        if parcours:
            await state.link(USAGERS, [(theirs, parcours)])
        return parcours

    async def _deposit(self, fait: str, data: Mapping[str, Any], parcours: str | None) -> Answer:
        """The id comes from the webhook: the same one again has no second effect."""
        hub, meta = self._context.hub, self._webhook.meta
        content = forme_canonique([meta.model, self._instant.isoformat(), fait, parcours, dict(data)])
        message = hub.message(
            fait,
            data,
            departement=self._settings.departement,
            subject=parcours,
            id_=f"rdvi-{hashlib.sha256(content).hexdigest()[:40]}",
            instant=self._instant,
            finalite="accompagnement",
        )
        if self._held and not await self._held.extend():
            raise Busy
        [answer] = await deposit(hub, [message], self._exchange.traceparent)
        if answer.etat == WAITING or answer.est_relancable:
            raise HubUnreachable("Le relais n'a pas tout décidé : ce webhook est à renvoyer.")
        outcome = "deja-depose" if answer.etat == ACCEPTED and answer.est_rejoue else answer.etat
        self._exchange.counts[outcome] += 1
        return answer

    async def _is_late(self, name: str) -> bool:
        """Whether a younger webhook of the same thing was taken (`meta.timestamp`)."""
        last = await self._context.state.position(name)
        is_late = last is not None and datetime.fromisoformat(last) > self._instant
        if is_late:
            self._exchange.counts["depasse"] += 1
        return is_late

    @asynccontextmanager
    async def _alone(self, what: str) -> AsyncIterator[None]:
        held = await self._context.state.take(f"verrou {what}", LEASE)
        if held is None:
            raise Busy
        self._held = held
        try:
            yield
        finally:
            await held.release()

    def _refuse(self, sentences: list[str]) -> None:
        if sentences:
            raise ExchangeRefused(f"Webhook refusé : {' ; '.join(sentences)}.")

    @property
    def _is_destroyed(self) -> bool:
        return self._webhook.meta.event == _DESTROYED

    @property
    def _settings(self) -> Any:
        return self._context.configuration


def _refusal(what: str, answer: Answer) -> list[str]:
    told = " : ".join(filter(None, (what, answer.code, answer.detail)))
    return [] if answer.etat == ACCEPTED else [told.rstrip(".")]
