"""The withdrawals that are still to be told to the prescriptions that they concern."""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Connection

_NEXT = "SELECT numero, service_id FROM retraits_a_annoncer ORDER BY numero LIMIT $1"
_CONCERNED = """
SELECT DISTINCT d.parcours, d.departement FROM prescriptions p JOIN dossiers d USING (parcours)
WHERE p.service_id = ANY($1) AND p.etat IN ('emise', 'a-l-etude') ORDER BY d.parcours
"""
_TOLD = "DELETE FROM retraits_a_annoncer WHERE numero = ANY($1)"


async def prochains(conn: Connection, limite: int) -> list[tuple[int, str]]:
    """(number, service), the oldest first."""
    return [(row["numero"], row["service_id"]) for row in await conn.fetch(_NEXT, limite)]


async def concernes(conn: Connection, services: Sequence[str]) -> list[tuple[UUID, str]]:
    """(parcours, département) of those that still wait for an answer of one of these services."""
    return [(row["parcours"], row["departement"]) for row in await conn.fetch(_CONCERNED, services)]


async def annoncer(conn: Connection, numeros: Sequence[int]) -> None:
    """They are told."""
    await conn.execute(_TOLD, numeros)
