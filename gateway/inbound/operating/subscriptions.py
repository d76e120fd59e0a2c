"""How each subscription is doing, for operators: what waits since when, what its endpoint answers, what is parked.

An address is told by its host alone: the rest of it may hold a secret of its partner.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from chassis.database import Connection, Pool, Record
from gateway.pseudonyms import Pseudonyms
from relais_contrats.catalogue import CATALOGUE

_PAGE = 50
_PARKED = 50
_ATTEMPTS_OF = timedelta(hours=24)

_LIST = """
SELECT a.id, a.partenaire, a.url, a.types, a.lot, a.etat, a.signature, a.cree_a, a.echecs, a.premier_echec_a,
    a.rouvre_a, a.suspendu_a, a.suspendu_par, coalesce(q.restants, 0) AS a_livrer, coalesce(q.arretes, 0) AS arretes,
    q.arrete_depuis, l.a AS attend_depuis
FROM abonnements a
LEFT JOIN (
    SELECT abonnement, sum(restants)::bigint AS restants, count(*) FILTER (WHERE essais > 0) AS arretes,
        min(premier_echec_a) AS arrete_depuis
    FROM files WHERE restants > 0 GROUP BY 1
) q ON q.abonnement = a.id
LEFT JOIN (SELECT abonnement, min(livraison) AS numero FROM envois WHERE etat = 'a-livrer' GROUP BY 1) w
    ON w.abonnement = a.id
LEFT JOIN livraisons l ON l.numero = w.numero
WHERE ($1::text IS NULL OR a.partenaire = $1) AND ($2::text IS NULL OR a.etat = $2)
    AND ($3::uuid IS NULL OR a.id = $3)
ORDER BY a.etat = 'suspendu' DESC, coalesce(q.arretes, 0) DESC, l.a NULLS LAST, a.partenaire, a.id
LIMIT $4 OFFSET $5
"""
# The newest sendings, and those that are parked however old: what an endpoint answers now.
_ATTEMPTS = """
SELECT a.id AS abonnement, coalesce(t ->> 'code', t ->> 'erreur') AS code, count(*) AS nombre,
    max((t ->> 'a')::timestamptz) AS dernier
FROM unnest($1::uuid[]) AS a(id)
CROSS JOIN LATERAL (
    (SELECT tentatives FROM envois WHERE abonnement = a.id ORDER BY relaisnumero DESC LIMIT $3)
    UNION ALL
    (SELECT v.tentatives FROM files f CROSS JOIN LATERAL (
        SELECT tentatives FROM envois e
        WHERE (e.abonnement, e.parcours, e.etat) = (f.abonnement, f.parcours, 'a-livrer') ORDER BY livraison LIMIT 1
    ) v WHERE f.abonnement = a.id AND f.restants > 0 AND f.essais > 0 LIMIT $3)
) v, jsonb_array_elements(v.tentatives) AS t
WHERE (t ->> 'a')::timestamptz >= $2 GROUP BY 1, 2 ORDER BY 3 DESC
"""
_QUEUES = """
SELECT f.parcours, f.restants, f.essais, f.premier_echec_a, f.prochain_a, t.code, t.erreur, l.type
FROM files f
LEFT JOIN LATERAL (
    SELECT livraison, code, erreur FROM envois e
    WHERE (e.abonnement, e.parcours, e.etat) = (f.abonnement, f.parcours, 'a-livrer') ORDER BY livraison LIMIT 1
) t ON true
LEFT JOIN livraisons l ON l.numero = t.livraison
WHERE f.abonnement = $1 AND f.restants > 0 AND f.essais > 0 ORDER BY f.premier_echec_a LIMIT $2
"""


class Subscriptions:
    def __init__(self, pool: Pool, pseudonyms: Pseudonyms) -> None:
        self._pool = pool
        self._pseudonyms = pseudonyms

    async def all(self, asked: dict[str, Any]) -> dict[str, Any]:
        """`{partenaire, etat, page}` → `{abonnements, suite}`: those in trouble first; `suite`, the next page."""
        page = int(asked.get("page") or 0)
        filters = (asked.get("partenaire") or None, asked.get("etat") or None, None)
        async with self._pool.acquire() as conn:
            rows = await conn.fetch(_LIST, *filters, _PAGE + 1, page * _PAGE)
            shown = rows[:_PAGE]
            attempts = await _attempts(conn, [row["id"] for row in shown], 100)
        listed = [_told(row) | {"tentatives": attempts.get(row["id"], [])} for row in shown]
        return {"abonnements": listed, "suite": page + 1 if len(rows) > _PAGE else None}

    async def one(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """`{id}` → the same of one, with its parked parcours, under the names that its partner knows them by."""
        try:
            id_ = UUID(asked["id"])
        except ValueError:
            return None
        async with self._pool.acquire() as conn:
            row = await conn.fetchrow(_LIST, None, None, id_, 1, 0)
            if row is None:
                return None
            attempts = await _attempts(conn, [id_], 2_000)
            queues = await conn.fetch(_QUEUES, id_, _PARKED)
        parked = [self._parked(row["partenaire"], queue) for queue in queues]
        return _told(row) | {"tentatives": attempts.get(id_, []), "files": parked}

    def _parked(self, partenaire: str, queue: Record) -> dict[str, Any]:
        # A notice about the subscription itself is of no parcours: nobody has a name of it.
        is_parcours = queue["type"] in CATALOGUE
        told = {name: value for name, value in queue.items() if name != "parcours"}
        return told | {"parcours": self._pseudonyms.of(partenaire, queue["parcours"]) if is_parcours else None}


async def _attempts(conn: Connection, ids: list[UUID], newest: int) -> dict[UUID, list[dict[str, Any]]]:
    """By subscription: its attempts of a day by HTTP status, or by why no answer came."""
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in await conn.fetch(_ATTEMPTS, ids, datetime.now(UTC) - _ATTEMPTS_OF, newest):
        told = {"code": row["code"], "nombre": row["nombre"], "dernier": row["dernier"]}
        found.setdefault(row["abonnement"], []).append(told)
    return found


def _told(row: Record) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "url"} | {"hote": urlsplit(row["url"]).hostname}
