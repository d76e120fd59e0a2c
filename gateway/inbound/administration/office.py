"""Does what the console asks for: one act, one transaction, one line of the register. Who may, the console decides."""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from pydantic import BaseModel, ValidationError

from chassis.bus import Respond
from chassis.bus_nats import NatsBus
from chassis.database import Connection, Pool
from relais_contrats.administration.acte import Acte
from relais_contrats.administration.actes import ACTES
from relais_contrats.phrases import traduire

_log = structlog.get_logger()
_SUBJECT = "administration.passerelle"
_WRITE = """
INSERT INTO administration (id, a, acte, par, confirme_par, objet, demande, avant, apres)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING numero
"""


class Demandee(BaseModel):
    """What the console sends. `id`: asked twice, it is done once; `par`, `confirme_par`: operators as journals name
    them."""

    id: UUID
    par: str
    confirme_par: str | None = None
    corps: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fait:
    """What was done to `objet`. `resultat` is told once and written nowhere: it may hold a secret."""

    objet: str
    avant: Mapping[str, Any] | None = None
    apres: Mapping[str, Any] | None = None
    resultat: Mapping[str, Any] = field(default_factory=dict)


class Refusee(Exception):
    """The act is not done. `phrase` tells an operator why; `pointeur`: which field of what was asked is to blame."""

    def __init__(self, code: str, phrase: str, pointeur: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.phrase = phrase
        self.pointeur = pointeur


AUTEUR: ContextVar[str] = ContextVar("auteur")
"""The operator whose act is being done."""
Geste = Callable[[Connection, Any, datetime], Awaitable[Fait]]
"""Does one act with what it is asked with, at that instant, within a transaction. Raises Refusee."""


class Office:
    """`gestes`: who does which act of the table. `quatre_yeux`: a sensitive one wants a second operator,
    whatever the console says."""

    def __init__(self, pool: Pool, gestes: Mapping[str, Geste], *, quatre_yeux: bool = False) -> None:
        self._quatre_yeux = quatre_yeux
        self._pool = pool
        self._gestes = gestes

    async def open(self, bus: NatsBus, component: str) -> None:
        """Answer the requests of each act. Raises a LookupError for one that nobody declared."""
        for nom, geste in self._gestes.items():
            await bus.respond(f"{_SUBJECT}.{nom}", component, self._answering(ACTES[nom], geste))

    def _answering(self, acte: Acte, geste: Geste) -> Respond:
        async def answer(asked: bytes) -> bytes:
            demande = Demandee.model_validate_json(asked)
            try:
                if acte.est_sensible and self._quatre_yeux and demande.confirme_par in (None, demande.par):
                    raise Refusee("second-operateur", "Cet acte demande un second opérateur.")
                corps = acte.corps.model_validate(demande.corps)
                return orjson.dumps(await self._do(acte, geste, demande, corps))
            except ValidationError as error:
                erreur = next(traduire(error))
                return _refusal(erreur.code, erreur.message, erreur.pointeur)
            except Refusee as refused:
                return _refusal(refused.code, refused.phrase, refused.pointeur)

        return answer

    async def _do(self, acte: Acte, geste: Geste, demande: Demandee, corps: BaseModel) -> dict[str, Any]:
        now, written = datetime.now(UTC), corps.model_dump(mode="json", exclude_none=True)
        async with self._pool.acquire() as conn, conn.transaction():
            AUTEUR.set(demande.par)
            fait = await geste(conn, corps, now)
            told = (dict(fait.avant) if fait.avant else None, dict(fait.apres) if fait.apres else None)
            who = (demande.par, demande.confirme_par)
            try:
                numero = await conn.fetchval(_WRITE, demande.id, now, acte.nom, *who, fait.objet, written, *told)
            except asyncpg.UniqueViolationError as error:
                raise Refusee("deja-fait", "Cet acte est déjà fait : voyez le registre.") from error
        _log.info("administration.done", acte=acte.nom, par=demande.par, objet=fait.objet, numero=numero)
        return {
            "numero": numero,
            "objet": fait.objet,
            "avant": told[0],
            "apres": told[1],
            "resultat": dict(fait.resultat),
        }


def _refusal(code: str, phrase: str, pointeur: str) -> bytes:
    return orjson.dumps({"refus": {"code": code, "phrase": phrase, "pointeur": pointeur}})
