"""The one place where an act is asked for, by a page or by the API: whether it may, then the gateway does it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import structlog
from pydantic import BaseModel
from uuid_utils.compat import uuid7

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from console.access.rights import may
from console.access.sessions import Operator
from relais_contrats.administration.acte import Acte, ActeFait

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


@dataclass(frozen=True, slots=True)
class Asked:
    """An act as somebody asks for it."""

    id: UUID
    acte: Acte
    corps: BaseModel
    par: str
    confirme_par: str | None = None


def administering(bus: NatsBus) -> Administer:
    async def ask(acte: str, asked: Mapping[str, Any]) -> Any:
        subject = f"administration.passerelle.{acte}"
        return orjson.loads(await bus.request(subject, orjson.dumps(asked), timeout_s=_PATIENCE_S))

    return ask


class Desk:
    def __init__(self, administer: Administer) -> None:
        self._administer = administer

    async def ask(self, operator: Operator, acte: Acte, corps: BaseModel) -> ActeFait:
        """Raises Refused."""
        if not may(operator.role, acte.nom):
            raise Refused("non-permis", "Votre rôle ne le permet pas.", status=403)
        return await self._have_done(Asked(uuid7(), acte, corps, operator.agent))

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
