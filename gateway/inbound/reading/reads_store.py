"""SQL of the reads: the events of a parcours, a partner's parcours, deposits and deliveries over a period."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from gateway.archives import NOT_PUT_AWAY

# A survivor has the events of those that it absorbed.
_EVENTS_OF = """
SELECT e.id AS evenement, e.type, e.corps, e.scelle, e.recu_a, l.numero, l.roles FROM evenements e
LEFT JOIN livraisons l ON l.evenement = e.id AND l.partenaire = $1
WHERE e.parcours = ANY($2 || ARRAY(SELECT absorbe FROM alias WHERE survivant = ANY($2)))
AND ($3::timestamptz IS NULL OR (e.recu_a, e.id) > ($3, $4))
ORDER BY e.recu_a, e.id LIMIT $5
"""
# Under the partner's own name of a person whom it only signalled, until something opens her parcours to it.
_PARCOURS_OF = """
SELECT p.parcours, bool_and(p.role = 'signalant') AS est_signale FROM participations p
WHERE p.partenaire = $1 AND p.fin IS NULL AND ($2::uuid IS NULL OR p.parcours > $2)
AND NOT EXISTS (
    SELECT FROM alias a WHERE a.absorbe = p.parcours AND (p.role <> 'signalant' OR EXISTS (
        SELECT FROM participations s
        WHERE s.parcours = a.survivant AND s.partenaire = $1 AND s.fin IS NULL AND s.role <> 'signalant'
    ))
)
GROUP BY p.parcours ORDER BY p.parcours LIMIT $3
"""
_DEPOSITS = """
SELECT numero, id, message, type, etat, recu_a, regle_a, reponse, reponse_scellee,
       (SELECT motif FROM gestes WHERE rebut = id AND geste = 'ecarte' ORDER BY gestes.numero DESC LIMIT 1) AS motif,
       NULL::jsonb AS refus
FROM depots
WHERE partenaire = $1 AND numero > $2 AND ($3::text IS NULL OR type = $3) AND ($4::text[] IS NULL OR etat = ANY($4))
AND ($5::timestamptz IS NULL OR recu_a >= $5)
UNION ALL
SELECT numero, NULL, message, type, 'refuse', a, a, NULL, NULL, NULL,
    jsonb_build_object('code', code, 'statut', statut, 'pointeurs', pointeurs, 'trace', trace, 'ligne', ligne)
FROM refus_de_depot
WHERE partenaire = $1 AND numero > $2 AND ($3::text IS NULL OR type = $3)
AND ($4::text[] IS NULL OR 'refuse' = ANY($4)) AND ($5::timestamptz IS NULL OR a >= $5)
ORDER BY numero LIMIT $6
"""
# The fence keeps the planner from walking the whole table by number to find the first of the period.
_BOUNDS = """
SELECT coalesce(min(numero), 0) AS premier, coalesce(max(numero), -1) AS dernier
FROM (SELECT numero FROM {table} WHERE {instant} >= $1 AND {instant} < $2 OFFSET 0) AS d
"""
_DEPOSITS_BETWEEN = """
SELECT numero, message, type, empreinte, etat, recu_a FROM depots
WHERE partenaire = $1 AND numero BETWEEN $2 AND $3 AND recu_a >= $4 AND recu_a < $5 ORDER BY numero LIMIT $6
"""
_DELIVERIES_BETWEEN = f"""
SELECT l.numero, l.evenement, l.parcours, l.type, l.roles, l.a, e.corps, e.scelle, l.relaisnumero
FROM livraisons l JOIN evenements e ON e.id = l.evenement
WHERE l.partenaire = $1 AND l.numero BETWEEN $2 AND $3 AND l.a >= $4 AND l.a < $5
AND {NOT_PUT_AWAY} ORDER BY l.numero LIMIT $6
"""  # noqa: S608  constants only


async def events_of(
    conn: Connection, partenaire: str, parcours: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[Record]:
    """Events with the partner's own delivery of them, if there was one."""
    recu_a, id_ = after or (None, None)
    return await conn.fetch(_EVENTS_OF, partenaire, [parcours], recu_a, id_, limit)


async def parcours_of(conn: Connection, partenaire: str, after: UUID | None, limit: int) -> list[Record]:
    """In the order of their ids, which is that of their opening."""
    return await conn.fetch(_PARCOURS_OF, partenaire, after, limit)


async def deposits(
    conn: Connection,
    partenaire: str,
    after: int,
    type_: str | None,
    etats: Sequence[str] | None,
    depuis: datetime | None,
    limit: int,
) -> list[Record]:
    return await conn.fetch(_DEPOSITS, partenaire, after, type_, etats, depuis, limit)


async def bounds(conn: Connection, sens: str, du: datetime, au: datetime) -> tuple[int, int]:
    """The first and last numbers of the period, over all partners; (0, -1) when there is nothing."""
    table, instant = ("depots", "recu_a") if sens == "depose" else ("livraisons", "a")
    row: Any = await conn.fetchrow(_BOUNDS.format(table=table, instant=instant), du, au)
    return row["premier"], row["dernier"]


async def between(
    conn: Connection, sens: str, partenaire: str, numbers: tuple[int, int], du: datetime, au: datetime, limit: int
) -> list[Record]:
    sql = _DEPOSITS_BETWEEN if sens == "depose" else _DELIVERIES_BETWEEN
    return await conn.fetch(sql, partenaire, *numbers, du, au, limit)
