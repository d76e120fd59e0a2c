"""The one place where an act is asked for, by a page or by the API: whether it may, then the gateway does it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import structlog
from pydantic import BaseModel
from uuid_utils.compat import uuid7

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.database import Pool
from console.access.rights import may
from console.access.sessions import Operator
from console.administration import waiting
from console.administration.waiting import Asked
from relais_contrats.administration.acte import Acte, ActeEnAttente, ActeFait

_log = structlog.get_logger()
_PATIENCE_S = 15.0
Administer = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""What the gateway answers to an act and what it is asked with. Raises Unavailable."""


class Refused(Exception):
    """The act is not done; `phrase` tells an operator why. `pointeur`: the field to blame; `status`: of HTTP."""

    def __init__(self, code: str, phrase: str, pointeur: str = "", status: int = 409) -> None:
        super().__init__(code)
        self.code = code
        self.phrase = phrase
        self.pointeur = pointeur
        self.status = status


def administering(bus: NatsBus) -> Administer:
    async def ask(acte: str, asked: Mapping[str, Any]) -> Any:
        subject = f"administration.passerelle.{acte}"
        return orjson.loads(await bus.request(subject, orjson.dumps(asked), timeout_s=_PATIENCE_S))

    return ask


class Desk:
    """`quatre_yeux`: sensitive acts wait for a second operator."""

    def __init__(
        self, administer: Administer, pool: Pool, clock: Callable[[], datetime], *, quatre_yeux: bool = False
    ) -> None:
        self._administer = administer
        self._pool = pool
        self._clock = clock
        self.quatre_yeux = quatre_yeux

    async def ask(self, operator: Operator, acte: Acte, corps: BaseModel) -> ActeFait | ActeEnAttente:
        """Raises Refused."""
        _check(operator, acte)
        asked = Asked(uuid7(), acte, corps, operator.agent)
        if not (acte.est_sensible and self.quatre_yeux):
            return await self._have_done(asked)
        async with self._pool.acquire() as conn:
            until = await waiting.keep(conn, asked, self._clock())
        _log.info("administration.waits", acte=acte.nom, par=operator.agent, id=str(asked.id))
        return ActeEnAttente(id=asked.id, acte=acte.nom, expire_le=until)

    async def confirm(self, operator: Operator, id_: UUID) -> ActeFait:
        """Do what another operator asked for. Raises Refused.

        Both who confirm at once have it done once: its id is unique in the register.
        """
        asked = await self._waiting(id_)
        _check(operator, asked.acte)
        if operator.origine == "outil":
            raise Refused("pas-une-personne", "Une commande de cette machine ne confirme rien.", status=403)
        if waiting.is_same_person(operator.agent, asked.par):
            _log.warning("administration.same_person", acte=asked.acte.nom, par=operator.agent, id=str(id_))
            raise Refused("meme-personne", "Qui a demandé ne confirme pas, même dans une autre session.", status=403)
        try:
            fait = await self._have_done(replace(asked, confirme_par=operator.agent))
        except Refused as refused:
            if refused.status != 503:
                etat = "fait" if refused.code == "deja-fait" else "refuse"
                await self._settle(id_, etat, operator, refused.phrase)
            raise
        await self._settle(id_, "fait", operator)
        return fait

    async def put_aside(self, operator: Operator, id_: UUID) -> None:
        """Drop a waiting act, for its author or for an operator who could confirm it. Raises Refused."""
        asked = await self._waiting(id_)
        _check(operator, asked.acte)
        await self._settle(id_, "ecarte", operator)

    async def listed(self) -> Sequence[Mapping[str, Any]]:
        async with self._pool.acquire() as conn:
            return [dict(row) for row in await waiting.listed(conn, self._clock())]

    async def _waiting(self, id_: UUID) -> Asked:
        async with self._pool.acquire() as conn:
            asked = await waiting.one(conn, id_, self._clock())
        if asked is None:
            raise Refused("inconnu", "Cette demande n'attend plus : réglée, ou de plus de 24 heures.", status=404)
        return asked

    async def _settle(self, id_: UUID, etat: str, operator: Operator, raison: str | None = None) -> None:
        async with self._pool.acquire() as conn:
            await waiting.settle(conn, id_, etat, operator.agent, self._clock(), raison)

    async def _have_done(self, asked: Asked) -> ActeFait:
        sent = {
            "id": str(asked.id),
            "par": asked.par,
            "confirme_par": asked.confirme_par,
            "corps": asked.corps.model_dump(mode="json", exclude_none=True),
        }
        try:
            told = await self._administer(asked.acte.nom, sent)
        except Unavailable as error:
            raise Refused(
                "indisponible",
                "La passerelle n'a pas répondu : l'acte est peut-être fait. Relisez l'état avant de recommencer.",
                status=503,
            ) from error
        if refus := told.get("refus"):
            raise Refused(**refus)
        _log.info("administration.done", acte=asked.acte.nom, par=asked.par, numero=told["numero"])
        return ActeFait.model_validate(told)


def _check(operator: Operator, acte: Acte) -> None:
    if not may(operator.role, acte.nom):
        raise Refused("non-permis", "Votre rôle ne le permet pas.", status=403)
