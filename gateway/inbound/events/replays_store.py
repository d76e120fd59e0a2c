"""SQL of the replays: what is selected, put back into the queues piece by piece, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from gateway import numbering
from gateway.archives import NOT_PUT_AWAY

_SUBSCRIPTION = "SELECT id, types, etat FROM abonnements WHERE partenaire = $1 AND id = $2"
_SELECTED = f"""
FROM livraisons l LEFT JOIN envois e ON e.abonnement = $2 AND e.livraison = l.numero
WHERE l.partenaire = $1 AND l.numero BETWEEN $3 AND $4 AND l.a >= $5 AND l.a < $6
AND (cardinality($7::text[]) = 0 OR l.type = ANY($7)) AND {NOT_PUT_AWAY}
"""
_DRY_RUN = f"""
SELECT count(*) AS selectionnes, count(*) FILTER (WHERE e.etat = 'livre' AND NOT $8) AS deja_livres {_SELECTED}
"""
_SELECT = f"""
INSERT INTO rejeux_livraisons (rejeu, livraison, parcours, etat)
SELECT $9, l.numero, l.parcours, CASE WHEN e.etat = 'livre' AND NOT $8 THEN 'deja-livre' ELSE 'a-remettre' END
{_SELECTED}
"""
_INSERT = """
INSERT INTO rejeux (id, partenaire, abonnement, du, au, types, renvoyer, selectionnes, demande_a, demande_par)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_ONE = "SELECT id, abonnement, du, au, types, selectionnes, demande_a FROM rejeux WHERE partenaire = $1 AND id = $2"
_ACCOUNTS = """
SELECT count(*) AS selectionnes,
    count(*) FILTER (WHERE r.etat = 'deja-livre') AS deja_livres,
    count(*) FILTER (WHERE r.etat = 'remise' AND e.etat = 'livre') AS livres,
    count(*) FILTER (WHERE r.etat = 'a-remettre' OR (r.etat = 'remise' AND e.etat IN ('a-livrer', 'retenu')))
        AS en_attente,
    count(*) FILTER (WHERE r.etat = 'remise' AND (e.etat IS NULL OR e.etat = 'sans-objet')) AS refuses
FROM rejeux_livraisons r LEFT JOIN envois e ON e.abonnement = $2 AND e.livraison = r.livraison WHERE r.rejeu = $1
"""
_OPEN = """
SELECT id, abonnement, renvoyer FROM rejeux r
WHERE NOT en_pause AND EXISTS (SELECT FROM rejeux_livraisons l WHERE l.rejeu = r.id AND l.etat = 'a-remettre')
ORDER BY demande_a LIMIT 64
"""
# A queue of which something is on its way is left alone until that is settled: its receiver may have it already.
_NEXT = """
SELECT livraison, parcours, NOT EXISTS (SELECT FROM envois e WHERE (e.livraison, e.abonnement) = (l.livraison, $2))
    AS est_nouvelle
FROM rejeux_livraisons l
WHERE rejeu = $1 AND etat = 'a-remettre' AND NOT EXISTS (
    SELECT FROM files f WHERE (f.abonnement, f.parcours) = ($2, l.parcours) AND f.bail_jusqua > $4
)
ORDER BY livraison LIMIT $3 FOR UPDATE OF l SKIP LOCKED
"""
# In the order of the key, like the fan-out and the sender, so that they wait for one another instead of deadlocking.
_LOCK_QUEUES = """
INSERT INTO files (abonnement, parcours, restants, prochain_a)
SELECT DISTINCT a.id, p, 0, $3::timestamptz FROM abonnements a, unnest($2::uuid[]) AS p WHERE a.id = $1 ORDER BY 1, 2
ON CONFLICT (abonnement, parcours) DO UPDATE SET prochain_a = EXCLUDED.prochain_a, essais = 0, premier_echec_a = NULL
RETURNING parcours, bail_jusqua
"""
# An erased delivery, or a subscription that is gone, leaves nothing to hand over. The lock: an erasure that comes now
# waits, and takes the sending along.
_NEW = """
SELECT a.id, l.numero, l.parcours FROM livraisons l, abonnements a WHERE l.numero = ANY($2) AND a.id = $1
AND NOT EXISTS (SELECT FROM envois e WHERE (e.livraison, e.abonnement) = (l.numero, a.id))
FOR KEY SHARE OF l
"""
_HAND_OVER = """
WITH remises AS (
    UPDATE envois SET etat = 'a-livrer' WHERE abonnement = $1 AND livraison = ANY($2)
    AND etat <> 'a-livrer' AND ($3 OR etat <> 'livre')
    RETURNING parcours
)
UPDATE files f SET restants = f.restants + r.nombre
FROM (
    SELECT parcours, count(*)::int AS nombre
    FROM (SELECT parcours FROM remises UNION ALL SELECT unnest($4::uuid[])) AS t GROUP BY parcours
) AS r
WHERE f.abonnement = $1 AND f.parcours = r.parcours
"""
_HANDED_OVER = "UPDATE rejeux_livraisons SET etat = 'remise' WHERE rejeu = $1 AND livraison = ANY($2)"
_FORGET = "DELETE FROM rejeux WHERE demande_a < $1"


async def subscription(conn: Connection, partenaire: str, abonnement: UUID) -> Record | None:
    return await conn.fetchrow(_SUBSCRIPTION, partenaire, abonnement)


async def dry_run(conn: Connection, *selection: Any) -> Record:
    """(partenaire, abonnement, first, last, du, au, types, renvoyer) → selectionnes, deja_livres."""
    row = await conn.fetchrow(_DRY_RUN, *selection)
    assert row is not None
    return row


async def select(conn: Connection, rejeu: UUID, selection: Sequence[Any], now: datetime, par: str | None) -> int:
    """Write a replay and what it selects; how much that is. `par`: the operator who asked, if it was one."""
    partenaire, abonnement, _, _, du, au, types, renvoyer = selection
    await conn.execute(_INSERT, rejeu, partenaire, abonnement, du, au, types, renvoyer, 0, now, par)
    number = int((await conn.execute(_SELECT, *selection, rejeu)).rpartition(" ")[2])
    await conn.execute("UPDATE rejeux SET selectionnes = $2 WHERE id = $1", rejeu, number)
    return number


async def one(conn: Connection, partenaire: str, rejeu: UUID) -> Record | None:
    return await conn.fetchrow(_ONE, partenaire, rejeu)


async def accounts(conn: Connection, rejeu: UUID, abonnement: UUID) -> dict[str, int]:
    row = await conn.fetchrow(_ACCOUNTS, rejeu, abonnement)
    assert row is not None
    return dict(row)


async def unfinished(conn: Connection) -> list[Record]:
    """The oldest replays of which something is still to be handed over."""
    return await conn.fetch(_OPEN)


async def hand_over(conn: Connection, rejeu: Record, limit: int, now: datetime) -> int:
    """Put the next deliveries of one of `unfinished` back into their queues, due now; how many. To be called in a
    transaction."""
    id_, abonnement, renvoyer = rejeu["id"], rejeu["abonnement"], rejeu["renvoyer"]
    rows = await conn.fetch(_NEXT, id_, abonnement, limit, now)
    if not rows:
        return 0
    if any(row["est_nouvelle"] for row in rows):
        await numbering.hold(conn, abonnement)
    queues = await conn.fetch(_LOCK_QUEUES, abonnement, list({row["parcours"] for row in rows}), now)
    taken = {queue["parcours"] for queue in queues if queue["bail_jusqua"] and queue["bail_jusqua"] > now}
    numbers = [row["livraison"] for row in rows if row["parcours"] not in taken]
    new = [tuple(row) for row in await conn.fetch(_NEW, abonnement, numbers)]
    await numbering.insert_sendings(conn, new)
    again = [number for number in numbers if number not in {numero for _, numero, _ in new}]
    await conn.execute(_HAND_OVER, abonnement, again, renvoyer, [parcours for _, _, parcours in new])
    await conn.execute(_HANDED_OVER, id_, numbers)
    return len(numbers)


async def forget(conn: Connection, before: datetime) -> None:
    await conn.execute(_FORGET, before)
