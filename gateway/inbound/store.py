"""Every SQL statement of the journal: what is deposited, what became of it, who read what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection, Record
from gateway.receipts import Receipt

_KNOWN = """
SELECT d.id, d.partenaire, d.message, d.empreinte, d.etat, d.reponse
FROM unnest($1::text[], $2::text[]) AS k(partenaire, message) JOIN depots d USING (partenaire, message)
"""
# Numbers follow the order in which the deposits came: it is the order of each parcours from here on.
_INSERT = """
INSERT INTO depots (id, partenaire, message, empreinte, type, brique, parcours, agent, finalite, corps, trace,
                    prochain_essai, recu_a)
SELECT d.id, d.partenaire, d.message, d.empreinte, d.type, d.brique, d.parcours, d.agent, d.finalite, d.corps, d.trace,
       d.prochain_essai, $13
FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::text[],
    $10::bytea[], $11::text[], $12::timestamptz[]
) WITH ORDINALITY AS d(id, partenaire, message, empreinte, type, brique, parcours, agent, finalite, corps, trace,
                       prochain_essai, rang)
ORDER BY d.rang
ON CONFLICT (partenaire, message) DO NOTHING
RETURNING id, numero, parcours
"""
_OLDEST_WAITING = """
SELECT parcours, min(numero) AS numero FROM depots WHERE parcours = ANY($1) AND etat = 'en-attente' GROUP BY parcours
"""
_RELEASE = "UPDATE depots SET prochain_essai = $2 WHERE id = ANY($1) AND etat = 'en-attente'"

# Only the oldest unsettled deposit of a parcours may be tried: nothing overtakes it.
_CLAIM = """
WITH pretes AS (
    SELECT d.id FROM depots d
    WHERE d.etat = 'en-attente' AND d.prochain_essai <= $1 AND NOT EXISTS (
        SELECT FROM depots p WHERE p.parcours = d.parcours AND p.etat = 'en-attente' AND p.numero < d.numero
    )
    ORDER BY d.numero LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE depots SET prochain_essai = $2, essais = essais + 1 FROM pretes WHERE depots.id = pretes.id
RETURNING depots.id, depots.numero, depots.brique, depots.corps, depots.essais
"""
_SETTLE = """
UPDATE depots d SET etat = r.etat, reponse = r.reponse, parcours = coalesce(r.parcours, d.parcours), regle_a = $5
FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::uuid[]) AS r(id, etat, reponse, parcours)
WHERE d.id = r.id
"""
_LOCK_UNSETTLED = "SELECT id FROM depots WHERE id = ANY($1) AND etat IN ('en-attente', 'rebut') ORDER BY id FOR UPDATE"
_ANSWERS = "SELECT id, etat, reponse FROM depots WHERE id = ANY($1)"
_OWN = """
SELECT id, message, type, etat, recu_a, regle_a, reponse FROM depots WHERE partenaire = $1 AND message = $2
"""
_INSERT_RECEIPTS = """
INSERT INTO recus (chaine, rang, depot, jws, empreinte)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::bytea[])
"""
_INSERT_ACCESSES = """
INSERT INTO acces (partenaire, agent, parcours, finalite, quoi, resultat, trace, liaison, a)
SELECT a.*, $9 FROM unnest(
    $1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[]
) AS a
"""
# A deposited body goes seven days after its settlement; its hash, its answer and its receipt stay.
_FORGET_BODIES = """
UPDATE depots SET corps = NULL WHERE id IN (
    SELECT id FROM depots WHERE corps IS NOT NULL AND regle_a < $1 AND etat IN ('accepte', 'refuse') LIMIT 1000
)
"""
_WAITING = "SELECT count(*) AS nombre, min(recu_a) AS plus_ancien FROM depots WHERE etat = 'en-attente'"


@dataclass(frozen=True, slots=True)
class NewDeposit:
    """A deposit as it enters the journal. `empreinte` is the SHA-256 of its RFC 8785 form, `corps` is encrypted.

    Until `prochain_essai` it is left to the process that received it.
    """

    id: UUID
    partenaire: str
    message: str
    empreinte: bytes
    type: str
    brique: str
    parcours: UUID | None
    agent: str
    finalite: str
    corps: bytes
    trace: str | None
    prochain_essai: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """One request by a partner: who, whose parcours, for what, what, and the HTTP status that it got.

    `liaison`: to what its token was bound; `aucune`, a token that whoever steals it can use, is the profil hérité.
    """

    partenaire: str
    agent: str | None
    parcours: UUID | None
    finalite: str | None
    quoi: str
    resultat: int
    trace: str | None
    liaison: str


async def known(conn: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Record]:
    """The deposits that these (partner, message id) already name."""
    rows = await conn.fetch(_KNOWN, [partenaire for partenaire, _ in keys], [message for _, message in keys])
    return {(row["partenaire"], row["message"]): row for row in rows}


async def insert(conn: Connection, deposits: Sequence[NewDeposit], now: datetime) -> dict[UUID, int]:
    """Journal the deposits; returns the number of each that is new (another process may have taken the same id)."""
    columns = [[getattr(d, name) for d in deposits] for name in NewDeposit.__slots__]
    rows = await conn.fetch(_INSERT, *columns, now)
    return {row["id"]: row["numero"] for row in rows}


async def oldest_waiting(conn: Connection, parcours: Sequence[UUID]) -> dict[UUID, int]:
    """Per parcours, the number of its oldest unsettled deposit."""
    return {row["parcours"]: row["numero"] for row in await conn.fetch(_OLDEST_WAITING, parcours)}


async def release(conn: Connection, ids: Sequence[UUID], at: datetime) -> None:
    """Let these deposits be tried again from `at` on."""
    await conn.execute(_RELEASE, ids, at)


async def claim(conn: Connection, now: datetime, lease_until: datetime, limit: int) -> list[Record]:
    """Unsettled deposits to try now, each the oldest of its parcours; nobody else tries them before `lease_until`."""
    return sorted(await conn.fetch(_CLAIM, now, lease_until, limit), key=lambda row: row["numero"])


async def lock_unsettled(conn: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Those that no other process has settled meanwhile, locked until commit."""
    return {row["id"] for row in await conn.fetch(_LOCK_UNSETTLED, ids)}


async def settle(
    conn: Connection, settlements: Sequence[tuple[UUID, str, dict[str, Any] | None, UUID | None]], now: datetime
) -> None:
    """Write (id, etat, answer, parcours) of deposits that the caller has locked."""
    await conn.execute(_SETTLE, *[list(column) for column in zip(*settlements, strict=True)], now)


async def answers(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Record]:
    return {row["id"]: row for row in await conn.fetch(_ANSWERS, ids)}


async def own_deposit(conn: Connection, partenaire: str, message: str) -> Record | None:
    return await conn.fetchrow(_OWN, partenaire, message)


async def insert_receipts(conn: Connection, receipts: Sequence[tuple[UUID, Receipt]]) -> None:
    await conn.execute(
        _INSERT_RECEIPTS,
        [r.chaine for _, r in receipts],
        [r.rang for _, r in receipts],
        [depot for depot, _ in receipts],
        [r.jws for _, r in receipts],
        [r.empreinte for _, r in receipts],
    )


async def insert_accesses(conn: Connection, accesses: Sequence[Access], now: datetime) -> None:
    await conn.execute(_INSERT_ACCESSES, *[[getattr(a, name) for a in accesses] for name in Access.__slots__], now)


async def forget_bodies(conn: Connection, settled_before: datetime) -> int:
    return int((await conn.execute(_FORGET_BODIES, settled_before)).removeprefix("UPDATE "))


async def waiting(conn: Connection) -> Record:
    """How many deposits wait, and since when the oldest."""
    row = await conn.fetchrow(_WAITING)
    assert row is not None
    return row
