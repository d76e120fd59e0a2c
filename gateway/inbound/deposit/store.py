"""Every SQL statement of the journal: what is deposited, what became of it, who read what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from chassis.database import Connection, Record, write
from gateway.receipts import Receipt

_KNOWN = """
SELECT d.id, d.partenaire, d.message, d.empreinte, d.etat, d.reponse, d.reponse_scellee
FROM unnest($1::text[], $2::text[]) AS k(partenaire, message) JOIN depots d USING (partenaire, message)
"""
# Numbers follow the order in which the deposits came: it is the order of each parcours from here on.
_NUMBERS = "SELECT nextval('depots_numero_seq') AS numero FROM generate_series(1, $1)"
_OLDEST_WAITING = """
SELECT parcours, min(numero) AS numero FROM depots
WHERE parcours = ANY($1) AND etat IN ('en-attente', 'rebut') GROUP BY parcours
"""
_HOLD = "UPDATE depots SET prochain_essai = $2, a_rejuger = true WHERE id = ANY($1) AND etat = 'en-attente'"
_RELEASE = """
UPDATE depots SET prochain_essai = $2, attend = coalesce($3, attend) WHERE id = ANY($1) AND etat = 'en-attente'
"""

# Only the oldest unsettled deposit of a parcours may be tried: nothing overtakes it, nor one that was set aside.
_CLAIM = """
WITH pretes AS (
    SELECT d.id, d.a_rejuger FROM depots d
    WHERE d.etat = 'en-attente' AND d.prochain_essai <= $1 AND NOT EXISTS (
        SELECT FROM depots p
        WHERE p.parcours = d.parcours AND p.etat IN ('en-attente', 'rebut') AND p.numero < d.numero
    )
    ORDER BY d.numero LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE depots SET prochain_essai = $2, essais = essais + 1, a_rejuger = false
FROM pretes
WHERE depots.id = pretes.id
RETURNING depots.id, depots.numero, depots.brique, depots.corps, depots.essais, pretes.a_rejuger
"""
# Its body goes with its settlement, but for one that is set aside: it may be tried again.
_SETTLE = """
UPDATE depots d SET etat = r.etat, reponse_scellee = r.reponse, parcours = coalesce(r.parcours, d.parcours),
    code = r.code, regle_a = $6, corps = CASE WHEN r.etat = 'rebut' THEN d.corps END
FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[], $5::text[]) AS r(id, etat, reponse, parcours, code)
WHERE d.id = r.id AND d.etat IN ('en-attente', 'rebut')
"""
_PROMISE = """
INSERT INTO promis (evenement, parcours, brique, depot)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) ON CONFLICT DO NOTHING
"""
_LOCK_UNSETTLED = "SELECT id FROM depots WHERE id = ANY($1) AND etat IN ('en-attente', 'rebut') ORDER BY id FOR UPDATE"
# By its emitter's own id, or by the event that another partner received of it.
_CANCELLED = """
SELECT id FROM depots WHERE partenaire = $1 AND message = $2
UNION ALL
SELECT d.id FROM livraisons l JOIN evenements e ON e.id = l.evenement
JOIN depots d ON d.partenaire = split_part(e.corps ->> 'causeid', ':', 1)
    AND d.message = split_part(e.corps ->> 'causeid', ':', 2)
WHERE l.partenaire = $1 AND l.evenement = $3
LIMIT 1
"""
_ANSWERS = "SELECT id, etat, reponse, reponse_scellee FROM depots WHERE id = ANY($1)"
# What the door refused is found too, the last time first, unless the same id was taken later.
_OWN = """
SELECT id, message, type, etat, recu_a, regle_a, reponse, reponse_scellee,
       (SELECT motif FROM gestes WHERE rebut = id AND geste = 'ecarte' ORDER BY numero DESC LIMIT 1) AS motif,
       NULL::jsonb AS refus
FROM depots WHERE partenaire = $1 AND message = $2
UNION ALL
SELECT * FROM (
    SELECT NULL::uuid, message, type, 'refuse', a, a, NULL::jsonb, NULL::bytea, NULL,
        jsonb_build_object('code', code, 'statut', statut, 'pointeurs', pointeurs, 'trace', trace, 'ligne', ligne)
    FROM refus_de_depot WHERE partenaire = $1 AND message = $2 ORDER BY numero DESC LIMIT 1
) AS porte
ORDER BY refus NULLS FIRST LIMIT 1
"""
_INSERT_REFUSALS = """
INSERT INTO refus_de_depot (partenaire, message, type, code, statut, pointeurs, ligne, trace, a)
SELECT n.partenaire, n.message, n.type, n.code, n.statut, n.pointeurs::text[], n.ligne, n.trace, $9
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::int[], $8::text[])
    WITH ORDINALITY AS n(partenaire, message, type, code, statut, pointeurs, ligne, trace, rang)
ORDER BY n.rang
"""
# Past so many of one partner, its oldest go before their time: a flood fills no disk.
_FORGET_REFUSALS = """
DELETE FROM refus_de_depot r USING (
    SELECT p.code, (
        SELECT numero FROM refus_de_depot WHERE partenaire = p.code ORDER BY numero DESC OFFSET $1 LIMIT 1
    ) AS dernier
    FROM partenaires p
) AS trop
WHERE r.partenaire = trop.code AND r.numero <= trop.dernier
"""
_FORGET_OLD_REFUSALS = "DELETE FROM refus_de_depot WHERE a < $1"
_WAITING = "SELECT count(*) AS nombre, min(recu_a) AS plus_ancien FROM depots WHERE etat = 'en-attente'"


@dataclass(frozen=True, slots=True)
class NewDeposit:
    """A deposit as it enters the journal. `empreinte` is the SHA-256 of its RFC 8785 form, `corps` is sealed.

    Until `prochain_essai` it is left to the process that received it. `reconnait_dans` lists the territories in
    which its emitter may be told who a person is.
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
    reconnait_dans: Sequence[str] = ()
    departement: str | None = None


_COLUMNS_OF = attrgetter(*NewDeposit.__slots__)


@dataclass(frozen=True, slots=True)
class RefusedDeposit:
    """What the door refused: nothing of its body. `message` and `type` as far as they could be read and may be kept;
    `ligne` is its place in the deposit of several."""

    partenaire: str
    message: str | None
    type: str | None
    code: str
    statut: int
    pointeurs: Sequence[str]
    ligne: int | None
    trace: str | None


async def known(conn: Connection, keys: Sequence[tuple[str, str]]) -> list[Record]:
    """The deposits that these (partner, message id) already name."""
    return await conn.fetch(_KNOWN, [partenaire for partenaire, _ in keys], [message for _, message in keys])


async def insert(conn: Connection, deposits: Sequence[NewDeposit], now: datetime) -> dict[UUID, int]:
    """Journal the deposits, by COPY; returns the number of each. Raises `database.CONFLICT` when another process has
    taken one of these ids meanwhile."""
    numbers = [row["numero"] for row in await conn.fetch(_NUMBERS, len(deposits))]
    rows = [(numero, now, *_COLUMNS_OF(d)) for numero, d in zip(numbers, deposits, strict=True)]
    await conn.copy_records_to_table("depots", records=rows, columns=("numero", "recu_a", *NewDeposit.__slots__))
    return {d.id: numero for numero, d in zip(numbers, deposits, strict=True)}


async def oldest_waiting(conn: Connection, parcours: Sequence[UUID]) -> dict[UUID, int]:
    """Per parcours, the number of its oldest unsettled deposit."""
    rows = await conn.fetch(_OLDEST_WAITING, parcours) if parcours else ()
    return {row["parcours"]: row["numero"] for row in rows}


async def release(conn: Connection, ids: Sequence[UUID], at: datetime, attend: str | None = None) -> None:
    """Let these deposits be tried again from `at` on. `attend`, for operators: `service` when theirs did not answer,
    `suite` when it has something to hear first."""
    await conn.execute(_RELEASE, ids, at, attend)


async def hold(conn: Connection, ids: Sequence[UUID], at: datetime) -> None:
    """Let others take these up from then on, and judge them once more: they wait behind older ones."""
    await conn.execute(_HOLD, ids, at)


async def claim(conn: Connection, now: datetime, lease_until: datetime, limit: int) -> list[Record]:
    """Unsettled deposits to try now, each the oldest of its parcours; nobody else tries them before `lease_until`."""
    return sorted(await conn.fetch(_CLAIM, now, lease_until, limit), key=lambda row: row["numero"])


async def lock_unsettled(conn: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Those that no other process has settled meanwhile, locked until commit."""
    return {row["id"] for row in await conn.fetch(_LOCK_UNSETTLED, ids)}


async def settle(
    conn: Connection, settlements: Sequence[tuple[UUID, str, bytes | None, UUID | None, str | None]], now: datetime
) -> int:
    """Write (id, etat, sealed answer, parcours, code of its refusal) of deposits; returns how many were not settled
    yet, the others stay."""
    status = await conn.execute(_SETTLE, *[list(column) for column in zip(*settlements, strict=True)], now)
    return int(status.removeprefix("UPDATE "))


async def promise(conn: Connection, faits: Sequence[tuple[UUID, UUID, str, UUID]]) -> None:
    """Write what the fan-out has to tell: (event, parcours, brique, deposit)."""
    await write(conn, _PROMISE, faits)


async def cancelled(conn: Connection, partenaire: str, texte: str, evenement: UUID | None) -> UUID | None:
    """The deposit that this partner names; None when it made none of that id, and received no such event."""
    depot: UUID | None = await conn.fetchval(_CANCELLED, partenaire, texte, evenement)
    return depot


async def answers(conn: Connection, ids: Sequence[UUID]) -> list[Record]:
    return await conn.fetch(_ANSWERS, ids)


async def own_deposit(conn: Connection, partenaire: str, message: str) -> list[Record]:
    """One row, or none."""
    return await conn.fetch(_OWN, partenaire, message)


async def insert_receipts(conn: Connection, receipts: Sequence[tuple[UUID, Receipt]]) -> None:
    rows = [(r.chaine, r.rang, depot, r.jws, r.empreinte) for depot, r in receipts]
    await conn.copy_records_to_table("recus", records=rows, columns=("chaine", "rang", "depot", "jws", "empreinte"))


async def insert_refusals(conn: Connection, refused: Sequence[RefusedDeposit], now: datetime) -> None:
    columns = [[getattr(one, name) for one in refused] for name in RefusedDeposit.__slots__]
    columns[5] = ["{" + ",".join(f'"{_quoted(p)}"' for p in one.pointeurs) + "}" for one in refused]
    await conn.execute(_INSERT_REFUSALS, *columns, now)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


async def forget_refusals(conn: Connection, before: datetime, most: int) -> None:
    """Delete what is older, and the oldest of each partner that has more than `most`."""
    await conn.execute(_FORGET_OLD_REFUSALS, before)
    await conn.execute(_FORGET_REFUSALS, most)


async def waiting(conn: Connection) -> Record:
    """How many deposits wait, and since when the oldest."""
    row = await conn.fetchrow(_WAITING)
    assert row is not None
    return row
