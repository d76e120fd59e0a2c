"""The withdrawals to come, and the ones that their prescriptions have still to follow."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, write
from relais_contrats.territoires import debut_du_jour
from services.dossiers.regles import Dit
from services.offres.domain.offre import Cle, Retiree
from services.offres.store.catalogue import RetraitOffre

_NEXT = "SELECT numero, service_id FROM retraits_a_annoncer ORDER BY numero LIMIT $1"
_CONCERNED = """
SELECT DISTINCT ON (parcours) parcours, departement FROM prescriptions
WHERE service_id = ANY($1) AND etat IN ('emise', 'a-l-etude') ORDER BY parcours
"""
_PLANNED = "SELECT genre, id, date FROM retraits_prevus WHERE id = ANY($1)"
# Of two days told in one batch, the last one counts.
_PLAN = """
INSERT INTO retraits_prevus (genre, id, date, raison, effet_a)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::timestamptz[])
"""
_FORGET = """
DELETE FROM retraits_prevus p USING unnest($1::text[], $2::text[]) AS r(genre, id)
WHERE (p.genre, p.id) = (r.genre, r.id)
"""
_ANY_DUE = "SELECT EXISTS (SELECT FROM retraits_prevus WHERE effet_a <= $1)"
_DUE = """
DELETE FROM retraits_prevus WHERE (genre, id) IN (
    SELECT genre, id FROM retraits_prevus WHERE effet_a <= $1 ORDER BY effet_a, genre, id LIMIT $2
) RETURNING id, genre, date, raison
"""
_TOLD = "DELETE FROM retraits_a_annoncer WHERE numero = ANY($1)"


async def prochains(conn: Connection, limite: int) -> list[tuple[int, str]]:
    """(number, service), the oldest first."""
    return [(row["numero"], row["service_id"]) for row in await conn.fetch(_NEXT, limite)]


async def concernes(conn: Connection, services: Sequence[str]) -> list[tuple[UUID, str]]:
    """Return (parcours, département of an emission) of dossiers that wait for an answer of one of these services."""
    return [(row["parcours"], row["departement"]) for row in await conn.fetch(_CONCERNED, services)]


async def annoncer(conn: Connection, numeros: Sequence[int]) -> None:
    """Delete the rows of announced withdrawals."""
    await conn.execute(_TOLD, numeros)


async def prevus(conn: Connection, ids: Sequence[str]) -> dict[Cle, date]:
    """The day on which each of these is to leave the offer."""
    return {(row["genre"], row["id"]): row["date"] for row in await conn.fetch(_PLANNED, ids)}


async def prevoir(conn: Connection, retraits: Mapping[Cle, Dit[Retiree, Any]]) -> None:
    """Store withdrawals for the beginning of their day, in the territory of their author."""
    dits = [(cle, fait.data, fait.departement) for cle, fait in retraits.items()]
    lignes = [(*cle, dit.date, dit.raison, debut_du_jour(departement, dit.date)) for cle, dit, departement in dits]
    await write(conn, _PLAN, lignes)


async def deprevoir(conn: Connection, cles: Sequence[Cle]) -> None:
    """They leave now, on another day, or not at all."""
    await write(conn, _FORGET, cles)


async def y_en_a_de_dus(conn: Connection, maintenant: datetime) -> bool:
    est_du: bool = await conn.fetchval(_ANY_DUE, maintenant)
    return est_du


async def dus(conn: Connection, maintenant: datetime, limite: int) -> list[RetraitOffre]:
    """Take the withdrawals of this day and before."""
    return [RetraitOffre(**row) for row in await conn.fetch(_DUE, maintenant, limite)]
