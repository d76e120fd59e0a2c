"""`relaisnumero`: each feed and each subscription numbers what is decided for it, 1, 2, 3…, once and for good.

A receiver sees by itself that something is missing; `trous` says what became of it. SQL of both gateway processes.
"""

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Connection, Record, write

ATTRIBUT = "relaisnumero"
"""An integer extension attribute of CloudEvents, on what a feed or a webhook carries."""

# What exists keeps its number. The identity is drawn after the sort, so `numero` follows the order of the events too.
_INSERT_DELIVERIES = """
WITH d AS (
    SELECT *, row_number() OVER (PARTITION BY partenaire ORDER BY rang) AS n,
        count(*) OVER (PARTITION BY partenaire) AS nombre
    FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
        WITH ORDINALITY AS u(partenaire, evenement, parcours, type, roles, rang)
    WHERE NOT EXISTS (SELECT FROM livraisons l WHERE (l.evenement, l.partenaire) = (u.evenement, u.partenaire))
), s AS (
    INSERT INTO numeros (suite, dernier) SELECT partenaire, count(*) FROM d GROUP BY partenaire ORDER BY partenaire
    ON CONFLICT (suite) DO UPDATE SET dernier = numeros.dernier + EXCLUDED.dernier RETURNING suite, dernier
)
INSERT INTO livraisons (partenaire, evenement, parcours, type, roles, a, relaisnumero)
SELECT d.partenaire, d.evenement, d.parcours, d.type, string_to_array(d.roles, ' '), $6, s.dernier - d.nombre + d.n
FROM d JOIN s ON s.suite = d.partenaire ORDER BY d.rang
RETURNING numero, partenaire, evenement
"""
_INSERT_SENDINGS = """
WITH d AS (
    SELECT *, row_number() OVER (PARTITION BY abonnement ORDER BY livraison) AS n,
        count(*) OVER (PARTITION BY abonnement) AS nombre
    FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS u(abonnement, livraison, parcours)
), s AS (
    INSERT INTO numeros (suite, dernier) SELECT abonnement::text, count(*) FROM d GROUP BY 1 ORDER BY 1
    ON CONFLICT (suite) DO UPDATE SET dernier = numeros.dernier + EXCLUDED.dernier RETURNING suite, dernier
)
INSERT INTO envois (abonnement, livraison, parcours, relaisnumero)
SELECT d.abonnement, d.livraison, d.parcours, s.dernier - d.nombre + d.n FROM d JOIN s ON s.suite = d.abonnement::text
"""
_HOLD = "SELECT FROM numeros WHERE suite = $1 FOR UPDATE"
_LAST = "SELECT coalesce((SELECT dernier FROM numeros WHERE suite = $1), 0)"
_FORGET = "DELETE FROM numeros WHERE suite = $1"


async def insert_deliveries(conn: Connection, rows: Sequence[Sequence[object]], now: object) -> list[Record]:
    """(partner, event, parcours, type, roles by spaces), in order and each pair of partner and event once; returns
    `numero, partenaire, evenement` of those that did not exist. To be called under the lock of the fan-out."""
    return await conn.fetch(_INSERT_DELIVERIES, *[list(column) for column in zip(*rows, strict=True)], now)


async def insert_sendings(conn: Connection, rows: Sequence[tuple[UUID, int, UUID]]) -> None:
    """(subscription, `livraisons.numero`, parcours) of what is pushed from now on. Takes the numbers of these
    subscriptions before their queues, like everybody: to be called before `files` is written."""
    await write(conn, _INSERT_SENDINGS, rows)


async def hold(conn: Connection, abonnement: UUID) -> None:
    """Take the numbers of a subscription until the transaction ends."""
    await conn.execute(_HOLD, str(abonnement))


async def last(conn: Connection, suite: str | UUID) -> int:
    """The last number of a feed (code of its partner) or of a subscription (its id); 0 before the first."""
    number: int = await conn.fetchval(_LAST, str(suite))
    return number


async def forget(conn: Connection, abonnement: UUID) -> None:
    """The subscription is deleted."""
    await conn.execute(_FORGET, str(abonnement))
