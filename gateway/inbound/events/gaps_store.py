"""SQL of the gaps: of a range of numbers, those that were not delivered or acknowledged, and what became of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Record
from gateway.archives import NOT_PUT_AWAY
from gateway.inbound.reading import reads_store

_OF_SUBSCRIPTION = """
SELECT n AS relaisnumero, l.evenement, l.a, v.essais, v.code, v.erreur,
    CASE WHEN v.etat IS NULL THEN 'efface' WHEN v.etat = 'a-livrer' AND f.essais > 0 THEN 'en-echec' ELSE v.etat END
        AS etat,
    CASE WHEN v.etat = 'a-livrer' THEN f.prochain_a END AS prochain_a
FROM generate_series($2::bigint, $3::bigint) AS n
LEFT JOIN envois v ON v.abonnement = $1 AND v.relaisnumero = n
LEFT JOIN livraisons l ON l.numero = v.livraison
LEFT JOIN files f ON (f.abonnement, f.parcours) = (v.abonnement, v.parcours)
WHERE v.etat IS DISTINCT FROM 'livre' ORDER BY n
"""
# An acknowledged number may be a gap all the same: it was passed over, and nobody was shown it.
_OF_FEED = f"""
SELECT n AS relaisnumero, l.numero, l.evenement, l.parcours, l.type, l.roles, l.a, e.corps, e.scelle,
    CASE WHEN l.numero IS NULL THEN 'efface' WHEN l.retenue THEN 'retenu' WHEN NOT ({NOT_PUT_AWAY}) THEN 'archive'
        WHEN l.numero > coalesce((SELECT numero FROM curseurs WHERE partenaire = $1), 0) THEN 'a-lire' ELSE 'lu' END
        AS etat, NOT ({NOT_PUT_AWAY}) AS est_archive
FROM generate_series($2::bigint, $3::bigint) AS n
LEFT JOIN livraisons l ON l.partenaire = $1 AND l.relaisnumero = n
LEFT JOIN evenements e ON e.id = l.evenement
ORDER BY n
"""  # noqa: S608  constants only
_FEED_BETWEEN = """
SELECT min(relaisnumero) AS premier, max(relaisnumero) AS dernier FROM livraisons
WHERE partenaire = $1 AND numero BETWEEN $2 AND $3
"""
_PUSHED_BETWEEN = """
SELECT min(relaisnumero) AS premier, max(relaisnumero) AS dernier FROM envois
WHERE abonnement = $1 AND livraison BETWEEN $2 AND $3
"""


async def of_subscription(conn: Connection, abonnement: UUID, du: int, au: int) -> Sequence[Record]:
    return await conn.fetch(_OF_SUBSCRIPTION, abonnement, du, au)


async def of_feed(conn: Connection, partenaire: str, du: int, au: int) -> Sequence[Record]:
    """Every number of the range: of `lu` the caller sees whether anything was to be shown."""
    return await conn.fetch(_OF_FEED, partenaire, du, au)


async def decided_between(conn: Connection, suite: str | UUID, du: datetime, au: datetime) -> tuple[int, int] | None:
    """The first and last numbers that were decided in this period, of a feed (code) or a subscription (id)."""
    first, last = await reads_store.bounds(conn, "recu", du, au)
    sql = _FEED_BETWEEN if isinstance(suite, str) else _PUSHED_BETWEEN
    row = await conn.fetchrow(sql, suite, first, last)
    return (row["premier"], row["dernier"]) if row and row["premier"] else None
