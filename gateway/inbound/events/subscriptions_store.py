"""SQL of the subscriptions as their partner manages them. Every statement names the partner: another's is not there."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from gateway import numbering
from gateway.archives import NOT_PUT_AWAY

_COLUMNS = """
id, url, types, lot, etat, signature, suspendu_a, suspendu_par, cree_a, echecs, premier_echec_a, rouvre_a,
essai_demande_a, essai_a, essai_code, essai_erreur,
(SELECT max(jusqua) FROM secrets_anciens WHERE abonnement = abonnements.id) AS ancien_jusqua
"""
# Counted and inserted under one lock per partner, so that two requests cannot both take the last place.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('abonnements ' || $1, 0))"
_COUNT = "SELECT count(*) FROM abonnements WHERE partenaire = $1"
_INSERT = f"""
INSERT INTO abonnements (id, partenaire, url, types, lot, etat, signature, secret, cree_a, portees)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {_COLUMNS}
"""  # noqa: S608  constants only
_LIST = f"SELECT {_COLUMNS} FROM abonnements WHERE partenaire = $1 ORDER BY cree_a, id"  # noqa: S608
_ONE = f"SELECT {_COLUMNS} FROM abonnements WHERE partenaire = $1 AND id = $2"  # noqa: S608
_SEALED = "SELECT secret FROM abonnements WHERE partenaire = $1 AND id = $2"
_LOCK_ONE = f"{_ONE} FOR UPDATE"
_UPDATE = f"""
UPDATE abonnements SET url = $3, types = $4, lot = $5, etat = $6,
    echecs = CASE WHEN $7 THEN 0 ELSE echecs END,
    premier_echec_a = CASE WHEN $7 THEN NULL ELSE premier_echec_a END,
    dernier_echec = CASE WHEN $7 THEN NULL ELSE dernier_echec END,
    rouvre_a = CASE WHEN $7 THEN NULL ELSE rouvre_a END,
    suspendu_a = CASE WHEN $7 THEN NULL ELSE suspendu_a END,
    suspendu_par = CASE WHEN $7 THEN NULL ELSE suspendu_par END
WHERE partenaire = $1 AND id = $2 RETURNING {_COLUMNS}
"""  # noqa: S608
# Whatever had been put off, or parked, is due again once the address is verified.
_RESUME = "UPDATE files SET prochain_a = $2, essais = 0, premier_echec_a = NULL WHERE abonnement = $1 AND essais > 0"
_DELETE = "DELETE FROM abonnements WHERE partenaire = $1 AND id = $2"
_END_OVERLAPS = "DELETE FROM secrets_anciens WHERE abonnement = $1 AND jusqua <= $2"
_OVERLAP = """
INSERT INTO secrets_anciens (abonnement, secret, jusqua)
SELECT id, secret, $3 FROM abonnements WHERE partenaire = $1 AND id = $2 AND signature = 'v1'
"""
_OVERLAPS = "SELECT count(*) FROM secrets_anciens WHERE abonnement = $1"
_ROTATE = "UPDATE abonnements SET secret = $3 WHERE partenaire = $1 AND id = $2 AND signature = 'v1'"
_ASK_TEST = f"""
UPDATE abonnements SET essai_demande_a = $3 WHERE partenaire = $1 AND id = $2 RETURNING {_COLUMNS}
"""  # noqa: S608
_SENDINGS = """
SELECT v.relaisnumero, l.evenement, l.type, l.parcours, l.a, v.etat, v.essais, v.code, v.erreur, v.essaye_a,
    CASE WHEN v.etat = 'a-livrer' THEN f.prochain_a END AS prochain_a, f.essais AS echecs_de_file, r.jws AS recu
FROM envois v
JOIN livraisons l ON l.numero = v.livraison
JOIN files f ON f.abonnement = v.abonnement AND f.parcours = v.parcours
LEFT JOIN recus r ON r.chaine = v.recu_chaine AND r.rang = v.recu_rang
WHERE v.abonnement = $1 AND v.relaisnumero < $2
AND ($3::text IS NULL OR CASE WHEN v.etat = 'a-livrer' AND f.essais > 0 THEN 'en-echec' ELSE v.etat END = $3)
ORDER BY v.relaisnumero DESC LIMIT $4
"""
_NUMBER_OF = """
SELECT v.relaisnumero FROM livraisons l JOIN envois v ON v.livraison = l.numero AND v.abonnement = $3
WHERE l.partenaire = $1 AND l.evenement = $2
"""
_OWN = "SELECT id FROM abonnements WHERE partenaire = $1"
# One event for one subscription: of the pairs that an id may stand for, the one that exists.
_OWN_SENDING = f"""
SELECT v.abonnement, v.livraison, v.parcours FROM unnest($2::uuid[], $3::uuid[]) AS d(abonnement, evenement)
JOIN livraisons l ON l.partenaire = $1 AND l.evenement = d.evenement
JOIN envois v ON v.livraison = l.numero AND v.abonnement = d.abonnement
JOIN abonnements a ON a.id = v.abonnement
WHERE a.etat <> 'inactif' AND {NOT_PUT_AWAY}
"""  # noqa: S608  constants only
_LOCK_QUEUES = """
SELECT FROM files WHERE (abonnement, parcours) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
ORDER BY abonnement, parcours FOR UPDATE
"""
_SEND_AGAIN = """
WITH remis AS (
    UPDATE envois v SET etat = 'a-livrer' FROM unnest($1::uuid[], $2::bigint[]) AS d(abonnement, livraison)
    WHERE (v.abonnement, v.livraison) = (d.abonnement, d.livraison) AND v.etat <> 'a-livrer'
    RETURNING v.abonnement, v.parcours
)
UPDATE files f SET restants = f.restants + (
        SELECT count(*) FROM remis r WHERE (r.abonnement, r.parcours) = (f.abonnement, f.parcours)
    ), prochain_a = $4, essais = 0, premier_echec_a = NULL
FROM unnest($1::uuid[], $3::uuid[]) AS q(abonnement, parcours)
WHERE (f.abonnement, f.parcours) = (q.abonnement, q.parcours)
"""


async def lock(conn: Connection, partenaire: str) -> None:
    await conn.execute(_LOCK, partenaire)


async def count(conn: Connection, partenaire: str) -> int:
    number: int = await conn.fetchval(_COUNT, partenaire)
    return number


async def insert(conn: Connection, *columns: Any) -> Record:
    """(id, partenaire, url, types, lot, etat, signature, sealed secret of v1, cree_a, scopes)"""
    return _there(await conn.fetchrow(_INSERT, *columns))


async def all_of(conn: Connection, partenaire: str) -> list[Record]:
    return await conn.fetch(_LIST, partenaire)


async def sealed_secret(conn: Connection, code: str, id_: UUID) -> bytes:
    """Of a subscription of `v1`, for `webhook_secrets.Safe`."""
    sealed: bytes = await conn.fetchval(_SEALED, code, id_)
    return sealed


async def one(conn: Connection, partenaire: str, abonnement: UUID) -> Record | None:
    return await conn.fetchrow(_ONE, partenaire, abonnement)


async def lock_one(conn: Connection, partenaire: str, abonnement: UUID) -> Record | None:
    return await conn.fetchrow(_LOCK_ONE, partenaire, abonnement)


async def update(
    conn: Connection, partenaire: str, abonnement: UUID, changed: Mapping[str, Any], *, restarts: bool, now: datetime
) -> Record:
    """Write url, types, lot and etat; `restarts` forgets past failures, of the endpoint and of its queues."""
    columns = (changed["url"], changed["types"], changed["lot"], changed["etat"])
    row = _there(await conn.fetchrow(_UPDATE, partenaire, abonnement, *columns, restarts))
    if restarts:
        await conn.execute(_RESUME, abonnement, now)
    return row


async def delete(conn: Connection, partenaire: str, abonnement: UUID) -> bool:
    is_deleted = (await conn.execute(_DELETE, partenaire, abonnement)).endswith("1")
    if is_deleted:
        await numbering.forget(conn, abonnement)
    return is_deleted


async def overlaps(conn: Connection, abonnement: UUID, now: datetime) -> int:
    """How many earlier secrets are still good; those that are not are forgotten."""
    await conn.execute(_END_OVERLAPS, abonnement, now)
    number: int = await conn.fetchval(_OVERLAPS, abonnement)
    return number


async def rotate(conn: Connection, partenaire: str, abonnement: UUID, secret: bytes, old_until: datetime) -> None:
    """To be called in a transaction that has locked the subscription."""
    await conn.execute(_OVERLAP, partenaire, abonnement, old_until)
    await conn.execute(_ROTATE, partenaire, abonnement, secret)


async def ask_test(conn: Connection, partenaire: str, abonnement: UUID, now: datetime) -> Record | None:
    return await conn.fetchrow(_ASK_TEST, partenaire, abonnement, now)


async def sendings(conn: Connection, abonnement: UUID, before: int, etat: str | None, limit: int) -> list[Record]:
    """The latest first, below the number `before`."""
    return await conn.fetch(_SENDINGS, abonnement, before, etat, limit)


async def number_of(conn: Connection, partenaire: str, abonnement: UUID, evenement: UUID) -> int | None:
    """The number of this event in what the subscription pushes."""
    numero: int | None = await conn.fetchval(_NUMBER_OF, partenaire, evenement, abonnement)
    return numero


async def own_ids(conn: Connection, partenaire: str) -> list[UUID]:
    return [row["id"] for row in await conn.fetch(_OWN, partenaire)]


async def sending(conn: Connection, partenaire: str, pairs: Sequence[tuple[UUID, UUID]]) -> Record | None:
    """Which of these (subscription, event) was sent, or waits to be: `abonnement, livraison, parcours`."""
    return await conn.fetchrow(_OWN_SENDING, partenaire, [a for a, _ in pairs], [e for _, e in pairs])


async def send_again(conn: Connection, row: Record, now: datetime) -> None:
    """Put one of `sending` back into its queue, due now."""
    await conn.execute(_LOCK_QUEUES, [row["abonnement"]], [row["parcours"]])
    await conn.execute(_SEND_AGAIN, [row["abonnement"]], [row["livraison"]], [row["parcours"]], now)


def _there(row: Record | None) -> Record:
    assert row is not None
    return row
