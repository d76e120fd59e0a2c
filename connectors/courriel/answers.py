"""What the structure answered, on its way to the hub: kept sealed here first, sent again until the hub has decided."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

import structlog

from connectors.courriel.following import FAILED
from connectors.courriel.reading import Said
from connectors.exchanges import ExchangeRefused
from connectors.hub import ACCEPTED, WAITING, HubUnreachable, PartnerError, deposit
from connectors.state import Held
from connectors.systems import Context
from relais_contrats.lecture import forme_canonique

_log = structlog.get_logger()
_PENDING: Final = "courriel envoi"
_LEASE: Final = timedelta(minutes=2)
_PATIENCE_S: Final = 5.0
"""For how long somebody looks at a page that does not come."""
Message = Mapping[str, Any]


class Fate(StrEnum):
    TRANSMISE = "transmise"
    GARDEE = "gardee"
    REFUSEE = "refusee"


class Answers:
    """The answers of one mandate."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def message(self, said: Said, parcours: str, departement: str, envoi: str, rang: int) -> dict[str, Any]:
        """`envoi`: of the form that was shown, so that the same one sent twice is one message. `rang`: who answers."""
        content = forme_canonique([envoi, said.fait, parcours, dict(said.data)])
        return self._context.hub.message(
            said.fait,
            said.data,
            departement=departement,
            subject=parcours,
            id_=f"courriel-{hashlib.sha256(content).hexdigest()[:40]}",
            instant=self._context.clock(),
            finalite=said.finalite,
            agent=f"courriel destinataire {self._context.mandate.code}-{rang}",
        )

    async def give(self, message: Message) -> tuple[Fate, str]:
        """Keep it, then try to send it now; the second value says why it is refused."""
        state, id_ = self._context.state, message["id"]
        held = await state.take(_name(id_), _LEASE)
        if held is None:
            is_done = await state.outcome(_name(id_)) == "fait"
            return (Fate.TRANSMISE if is_done else Fate.GARDEE), ""
        kept = {one["id"]: one for one in await self.pending()}
        if id_ not in kept:
            await state.link(_PENDING, [(json.dumps(message, ensure_ascii=False), message["subject"])])
        return await self._try(kept.get(id_, message), held, is_watched=True)

    async def pending(self, parcours: str | None = None) -> list[Message]:
        """The oldest first."""
        pairs = await self._context.state.pairs(_PENDING)
        found: list[Message] = [json.loads(text) for text, whose in pairs if parcours in (None, whose)]
        return sorted(found, key=lambda one: str(one["time"]))

    async def send_pending(self) -> None:
        """All that waits; what the hub does not decide now stays. The first that finds it away ends the round."""
        for message in await self.pending():
            held = await self._context.state.take(_name(message["id"]), _LEASE)
            if held is None:
                continue
            fate, _ = await self._try(message, held, is_watched=False)
            if fate is Fate.GARDEE:
                return

    async def _try(self, message: Message, held: Held, *, is_watched: bool) -> tuple[Fate, str]:
        async with held:
            try:
                await self._deposit(message, _PATIENCE_S if is_watched else None)
            except ExchangeRefused as refused:
                await self._forget(message)
                await held.release()
                if not is_watched:
                    kept = f"{message['id']} {str(message['time'])[:10]} : {refused}"
                    await self._context.state.link(FAILED, [(kept, message["subject"])])
                return Fate.REFUSEE, str(refused)
            except (PartnerError, TimeoutError) as error:
                _log.info("courriel.later", mandat=self._context.mandate.code, error=type(error).__name__)
                await held.release()
                return Fate.GARDEE, ""
            await held.settle("fait")
            await self._forget(message)
            await self._forget_failures(message["subject"])
            return Fate.TRANSMISE, ""

    async def _deposit(self, message: Message, patience_s: float | None) -> None:
        nature = message["type"].removeprefix("fr.insertion.").removesuffix(".v1")
        async with self._context.journal.exchange("entrant", f"courriel.{nature}", message["subject"]) as exchange:
            try:
                async with asyncio.timeout(patience_s):
                    [answer] = await deposit(self._context.hub, [message], exchange.traceparent)
            except (HubUnreachable, TimeoutError):
                exchange.motif = "le relais ne répond pas : la réponse est gardée, et repart"
                raise
            if answer.etat == WAITING or answer.est_relancable:
                exchange.motif = "le relais n'a pas encore décidé : la réponse est gardée"
                raise HubUnreachable(exchange.motif)
            exchange.counts["deja-depose" if answer.est_rejoue else answer.etat] += 1
            if answer.etat != ACCEPTED:
                raise ExchangeRefused(" : ".join(filter(None, (answer.code, answer.detail))))

    async def _forget(self, message: Message) -> None:
        await self._context.state.unlink(_PENDING, json.dumps(message, ensure_ascii=False))

    async def _forget_failures(self, parcours: str) -> None:
        for sentence, whose in await self._context.state.pairs(FAILED):
            if whose == parcours:
                await self._context.state.unlink(FAILED, sentence)


def _name(id_: str) -> str:
    return f"envoi {id_}"
