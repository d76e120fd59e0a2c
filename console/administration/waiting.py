"""Sensitive acts that wait for a second operator, who confirms what was asked for as it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from chassis.database import Connection, Record
from relais_contrats.administration.acte import Acte
from relais_contrats.administration.actes import ACTES

LASTS = timedelta(hours=24)
_KEEP = "INSERT INTO actes_a_confirmer (id, acte, corps, par, a, expire_le) VALUES ($1, $2, $3, $4, $5, $6)"
_ONE = "SELECT id, acte, corps, par FROM actes_a_confirmer WHERE id = $1 AND etat = 'a-confirmer' AND expire_le > $2"
_SETTLE = """
UPDATE actes_a_confirmer SET etat = $2, regle_par = $3, regle_a = $4, raison = $5 WHERE id = $1 AND etat = 'a-confirmer'
"""
_ALL = """
SELECT id, acte, corps, par, a, expire_le, regle_par, regle_a, raison,
       CASE WHEN etat = 'a-confirmer' AND expire_le <= $1 THEN 'expire' ELSE etat END AS etat
FROM actes_a_confirmer ORDER BY etat <> 'a-confirmer', a DESC LIMIT 200
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """An act as somebody asks for it."""

    id: UUID
    acte: Acte
    corps: BaseModel
    par: str
    confirme_par: str | None = None


async def keep(conn: Connection, asked: Asked, now: datetime) -> datetime:
    """Have it wait; returns until when."""
    until = now + LASTS
    corps = asked.corps.model_dump(mode="json", exclude_none=True)
    await conn.execute(_KEEP, asked.id, asked.acte.nom, corps, asked.par, now, until)
    return until


async def one(conn: Connection, id_: UUID, now: datetime) -> Asked | None:
    """What waits under this id; None when it is unknown, settled or too old."""
    row = await conn.fetchrow(_ONE, id_, now)
    if row is None:
        return None
    acte = ACTES[row["acte"]]
    return Asked(row["id"], acte, acte.corps.model_validate(row["corps"]), row["par"])


async def settle(conn: Connection, id_: UUID, etat: str, par: str, now: datetime, raison: str | None = None) -> None:
    await conn.execute(_SETTLE, id_, etat, par, now, raison)


async def listed(conn: Connection, now: datetime) -> Sequence[Record]:
    """Return all acts, the waiting ones first."""
    return await conn.fetch(_ALL, now)


def is_same_person(one: str, other: str) -> bool:
    """Whether two agents (`oidc/Nom (sub)`, `local/nom`) are one person: a provider promises `sub` only, and a name may
    be changed there between two sessions."""
    return _identity(one) == _identity(other)


def _identity(agent: str) -> tuple[str, str]:
    origin, _, name = agent.partition("/")
    if origin == "oidc" and name.endswith(")") and " (" in name:
        name = name[name.rindex(" (") + 2 : -1]
    return origin, name.casefold()
