"""Retention (CASF R. 263-8): two years after the last communication a parcours goes to the intermediate archive, where
nobody reads it without a motive; two years later it is erased.

SQL and the rule; `gateway.inbound.deposit.retention` runs it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Record
from coffre.keys import ask_back
from gateway import participations

# A communication is what a partner, or a structure by its link, told, also when nobody else was there to hear it; the
# clocks of the hub are none. The offer, whose events bear the key of a structure, has no participant.
_TOLD = """
(
    SELECT parcours, recu_a FROM evenements WHERE corps->>'source' NOT LIKE '/services/%'
    UNION ALL SELECT parcours, a FROM sans_destinataire WHERE est_une_communication
) AS e
"""
_ARCHIVE = f"""
INSERT INTO archives (parcours, derniere_a, depuis)
SELECT coalesce(a.survivant, e.parcours), max(e.recu_a), $1
FROM {_TOLD} LEFT JOIN alias a ON a.absorbe = e.parcours
WHERE EXISTS (SELECT FROM participations p WHERE p.parcours = e.parcours)
AND NOT EXISTS (SELECT FROM effaces f WHERE f.parcours = coalesce(a.survivant, e.parcours))
GROUP BY 1 HAVING max(e.recu_a) <= $1::timestamptz - interval '2 years'
ON CONFLICT (parcours) DO NOTHING
"""  # noqa: S608  constants only
_TAKE_OUT = f"""
DELETE FROM archives r WHERE EXISTS (
    SELECT FROM {_TOLD}
    WHERE e.parcours IN (SELECT r.parcours UNION SELECT absorbe FROM alias WHERE survivant = r.parcours)
    AND e.recu_a > r.derniere_a
) OR EXISTS (SELECT FROM alias WHERE absorbe = r.parcours) OR EXISTS (SELECT FROM effaces WHERE parcours = r.parcours)
"""  # noqa: S608  constants only
_SPOKEN_OF = """
DELETE FROM archives WHERE parcours IN (
    SELECT unnest($1::uuid[]) UNION SELECT survivant FROM alias WHERE absorbe = ANY($1))
RETURNING parcours
"""
_DUE = """
UPDATE archives r SET efface_a = $1 WHERE efface_a IS NULL AND derniere_a <= $1::timestamptz - interval '4 years'
AND depuis <= $1
RETURNING parcours, (
    SELECT e.corps->>'departement' FROM evenements e WHERE e.parcours = r.parcours ORDER BY e.recu_a DESC LIMIT 1
) AS departement
"""
_OPEN = """
INSERT INTO archives_ouvertes (parcours, partenaire, motif, agent, ouvert_a, jusqua)
SELECT parcours, $2, $3, $4, $5, $6 FROM archives WHERE parcours = $1 RETURNING parcours
"""


_TOLD_BEFORE = """NOT EXISTS (
    SELECT FROM archives r
    WHERE r.parcours = coalesce((SELECT survivant FROM alias WHERE absorbe = l.parcours), l.parcours)
    AND l.a <= r.depuis"""
NOT_IN_ARCHIVE = f"{_TOLD_BEFORE})"
"""Of deliveries `l`: those of no archived parcours, or told since it is one. What was held back waits for its return,
to whomever it is opened: to leave later is to be told anew."""
NOT_PUT_AWAY = f"""{_TOLD_BEFORE} AND NOT EXISTS (
        SELECT FROM archives_ouvertes v
        WHERE (v.parcours, v.partenaire) = (r.parcours, l.partenaire) AND v.jusqua > now()))"""
"""Of deliveries `l`: what was told before the parcours went to the archive is told again to nobody to whom it is not
opened. What is told since (it comes back, or is erased) passes."""


async def archive(conn: Connection, now: datetime) -> int:
    """Put away what was last spoken of two years before `now`; how many."""
    return int((await conn.execute(_ARCHIVE, now)).rpartition(" ")[2])


async def take_out(conn: Connection) -> int:
    """What a partner spoke of again meanwhile (see `spoken_of`), was merged or erased; how many."""
    return int((await conn.execute(_TAKE_OUT)).rpartition(" ")[2])


async def spoken_of(conn: Connection, parcours: Iterable[UUID]) -> None:
    """What a partner speaks of again comes back for good, with its own 201, and its keys with it."""
    if told := set(parcours):
        await _ask_back(conn, [row["parcours"] for row in await conn.fetch(_SPOKEN_OF, list(told))])


async def due(conn: Connection, now: datetime) -> Sequence[Record]:
    """The parcours to erase, each once: four years after the last communication."""
    return await conn.fetch(_DUE, now)


async def open_for(
    conn: Connection, parcours: UUID, partenaire: str, *, motif: str, agent: str, now: datetime, until: datetime
) -> bool:
    """Let this partner read it until then, and ask its keys back; False when it is not in the archive."""
    if await conn.fetchval(_OPEN, parcours, partenaire, motif, agent, now, until) is None:
        return False
    await _ask_back(conn, [parcours])
    return True


async def _ask_back(conn: Connection, parcours: Sequence[UUID]) -> None:
    if parcours:
        absorbed = await participations.absorbed(conn, parcours)
        await ask_back(conn, {*parcours, *(one for several in absorbed.values() for one in several)})
