"""SQL of a person's file: who opened it, what was told of her, to whom, who looked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record

_OPEN = "INSERT INTO ouvertures_personne (id, parcours, ouvert_a, jusqua) VALUES ($1, $2, $3, $4)"
# The act that opened it is this operator's own: `a` is one instant for both rows.
_OPENING = """
SELECT o.jusqua, a.demande FROM ouvertures_personne o
JOIN administration a ON a.acte = 'personne-ouvrir' AND a.objet = $2 AND a.a = o.ouvert_a
WHERE o.parcours = $1 AND o.jusqua > $4 AND a.par = $3 ORDER BY o.jusqua DESC LIMIT 1
"""
_EVENTS = "SELECT id, type, corps, scelle, recu_a FROM evenements WHERE parcours = ANY($1) ORDER BY recu_a, id"
_TOLD: dict[str, str] = {
    "participations": """
SELECT partenaire, role, depuis, fin FROM participations WHERE parcours = ANY($1) ORDER BY depuis, partenaire, role
""",
    "messages": """
SELECT partenaire, message, type, etat, recu_a FROM depots WHERE parcours = ANY($1) ORDER BY numero
""",
    "destinataires": """
SELECT l.partenaire, l.type, l.a AS distribue_a,
    (SELECT min(v.essaye_a) FROM envois v WHERE v.livraison = l.numero AND v.etat = 'livre') AS livre_a
FROM livraisons l WHERE l.parcours = ANY($1) ORDER BY l.numero
""",
    "acces": """
SELECT a, partenaire, agent, finalite, quoi, resultat, nombre FROM acces WHERE parcours && $1 ORDER BY a, rang
""",
}


async def open_person(conn: Connection, id_: UUID, parcours: UUID, now: datetime, until: datetime) -> None:
    await conn.execute(_OPEN, id_, parcours, now, until)


async def opening(conn: Connection, parcours: UUID, objet: str, agent: str, now: datetime) -> Record | None:
    """Until when this operator may read it, and what the act was asked with."""
    return await conn.fetchrow(_OPENING, parcours, objet, agent, now)


async def events(conn: Connection, family: Sequence[UUID]) -> list[Record]:
    return await conn.fetch(_EVENTS, family)


async def told_of(conn: Connection, family: Sequence[UUID]) -> dict[str, list[dict[str, Any]]]:
    """By section of the document."""
    return {name: [dict(row) for row in await conn.fetch(query, family)] for name, query in _TOLD.items()}
