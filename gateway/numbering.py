"""`relaisnumero`: each feed and each subscription numbers what is decided for it, 1, 2, 3…, once and for good.

A receiver sees by itself that something is missing; `trous` says what became of it. SQL of both gateway processes.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Connection

ATTRIBUT = "relaisnumero"
"""An integer extension attribute of CloudEvents, on what a feed or a webhook carries."""

# In the order of the key, so that two writers of the same suites wait for one another instead of deadlocking.
_TAKE = """
INSERT INTO numeros (suite, dernier) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (suite) DO UPDATE SET dernier = numeros.dernier + EXCLUDED.dernier RETURNING suite, dernier
"""
# Drawn under the lock of the fan-out: they follow the order of the events.
_DRAW = "SELECT nextval('livraisons_numero_seq') AS numero FROM generate_series(1, $1)"
_KNOWN = "SELECT partenaire, evenement FROM livraisons WHERE evenement = ANY($1)"
_DELIVERIES = ("numero", "partenaire", "evenement", "parcours", "type", "roles", "a", "relaisnumero")
_SENDINGS = ("abonnement", "livraison", "parcours", "relaisnumero")
_HOLD = "SELECT FROM numeros WHERE suite = $1 FOR UPDATE"
_LAST = "SELECT coalesce((SELECT dernier FROM numeros WHERE suite = $1), 0)"
_FORGET = "DELETE FROM numeros WHERE suite = $1"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one partner, with the roles that it holds then."""

    partenaire: str
    evenement: UUID
    parcours: UUID
    type: str
    roles: Sequence[str]

    @property
    def key(self) -> tuple[str, UUID]:
        return (self.partenaire, self.evenement)


async def insert_deliveries(
    conn: Connection, deliveries: Sequence[Delivery], now: datetime
) -> dict[tuple[str, UUID], int]:
    """Write those that do not exist, in order; return the number of each. Call it under the lock of the fan-out."""
    known = {tuple(row) for row in await conn.fetch(_KNOWN, list({one.evenement for one in deliveries}))}
    new: dict[tuple[str, UUID], Delivery] = {}
    for one in deliveries:
        if one.key not in known:
            new.setdefault(one.key, one)
    if not new:
        return {}
    numbers = {key: row["numero"] for key, row in zip(new, await conn.fetch(_DRAW, len(new)), strict=True)}
    told = await _taken(conn, [one.partenaire for one in new.values()])
    rows = [
        (numbers[key], *key, one.parcours, one.type, one.roles, now, next(told[one.partenaire]))
        for key, one in new.items()
    ]
    await conn.copy_records_to_table("livraisons", records=rows, columns=_DELIVERIES)
    return numbers


async def insert_sendings(conn: Connection, rows: Sequence[tuple[UUID, int, UUID]]) -> None:
    """(subscription, `livraisons.numero`, parcours) of what is pushed from now on. Takes the numbers of these
    subscriptions before their queues, like everybody: to be called before `files` is written."""
    if rows:
        ordered = sorted(rows, key=lambda row: row[1])
        told = await _taken(conn, [str(abonnement) for abonnement, _, _ in ordered])
        await conn.copy_records_to_table(
            "envois", records=[(*row, next(told[str(row[0])])) for row in ordered], columns=_SENDINGS
        )


async def _taken(conn: Connection, suites: Sequence[str]) -> dict[str, Iterator[int]]:
    """The next numbers of each suite, as many as it is named times."""
    wanted = sorted(Counter(suites).items())
    rows = await conn.fetch(_TAKE, [suite for suite, _ in wanted], [nombre for _, nombre in wanted])
    last = {row["suite"]: row["dernier"] for row in rows}
    return {suite: iter(range(last[suite] - nombre + 1, last[suite] + 1)) for suite, nombre in wanted}


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
