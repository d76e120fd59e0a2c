"""SQL of operators, of their sessions, and of what they did to come in and to leave."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis.database import Connection, Record

# A local operator that is gone, or whose role was changed, is so at the next request.
_SESSION = """
UPDATE sessions s SET vue_a = $2
FROM (
    SELECT s.empreinte, coalesce(o.role, s.role) AS role
    FROM sessions s LEFT JOIN operateurs o ON s.origine = 'local' AND o.nom = s.operateur
    WHERE s.empreinte = $1 AND s.ouverte_a > $3 AND s.vue_a > $4 AND (s.origine = 'oidc' OR o.nom IS NOT NULL)
) lue
WHERE s.empreinte = lue.empreinte
RETURNING s.origine, s.operateur, lue.role
"""

# A proof that shares its request with a spent one is spent too: it is never acceptable again anyway.
_RESERVE = """
WITH reserves AS (
    INSERT INTO usages_uniques (empreinte, expire_le) SELECT * FROM unnest($1::bytea[], $2::timestamptz[])
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*) FROM reserves
"""


async def digest_of(conn: Connection, name: str) -> str | None:
    found: str | None = await conn.fetchval("SELECT condensat FROM operateurs WHERE nom = $1", name)
    return found


async def role_of(conn: Connection, name: str) -> str | None:
    found: str | None = await conn.fetchval("SELECT role FROM operateurs WHERE nom = $1", name)
    return found


async def has_local(conn: Connection) -> bool:
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM operateurs)"))


async def open_session(
    conn: Connection, digest: bytes, origin: str, operator: str, role: str, now: datetime, address: str | None
) -> None:
    """Store a session, and that its operator came in."""
    await conn.execute(
        "WITH entree AS (INSERT INTO gestes (geste, origine, operateur, provenance) VALUES ('entree', $2, $3, $6)) "
        "INSERT INTO sessions (empreinte, origine, operateur, role, ouverte_a, vue_a) VALUES ($1, $2, $3, $4, $5, $5)",
        *(digest, origin, operator, role, now, address),
    )


async def session(conn: Connection, digest: bytes, now: datetime, longest: timedelta, idle: timedelta) -> Record | None:
    """Origin, operator and role of a session that is neither too old nor left idle; it is then no more idle."""
    return await conn.fetchrow(_SESSION, digest, now, now - longest, now - idle)


async def close_session(conn: Connection, digest: bytes, address: str | None) -> None:
    await conn.execute(
        "WITH close AS (DELETE FROM sessions WHERE empreinte = $1 RETURNING origine, operateur) "
        "INSERT INTO gestes (geste, origine, operateur, provenance) SELECT 'sortie', origine, operateur, $2 FROM close",
        *(digest, address),
    )


async def note_refused(conn: Connection, origin: str, operator: str, address: str | None) -> None:
    await conn.execute(
        "INSERT INTO gestes (geste, origine, operateur, provenance) VALUES ('entree-refusee', $1, $2, $3)",
        *(origin, operator, address),
    )


async def forget_sessions(conn: Connection, before: datetime) -> None:
    await conn.execute("DELETE FROM sessions WHERE ouverte_a < $1", before)


async def operators(conn: Connection) -> Sequence[Record]:
    """Local operators and those of open sessions, with the last time that each came in."""
    return await conn.fetch(
        "SELECT q.origine, q.operateur, q.role, (SELECT max(a) FROM gestes g WHERE g.geste = 'entree' "
        "AND g.origine = q.origine AND g.operateur = q.operateur) AS entree, "
        "(SELECT count(*) FROM sessions s WHERE s.origine = q.origine AND s.operateur = q.operateur) AS sessions "
        "FROM (SELECT 'local' AS origine, nom AS operateur, role FROM operateurs "
        "UNION SELECT origine, operateur, role FROM sessions WHERE origine = 'oidc') q ORDER BY 1, 2"
    )


async def last_acts(conn: Connection, limit: int) -> Sequence[Record]:
    return await conn.fetch(
        "SELECT a, geste, origine, operateur, provenance FROM gestes ORDER BY numero DESC LIMIT $1", limit
    )


async def reserve(conn: Connection, uses: Sequence[tuple[bytes, datetime]]) -> bool:
    """Whether none of these was used before; they are now."""
    fingerprints, ends = [one for one, _ in uses], [end for _, end in uses]
    taken: int = await conn.fetchval(_RESERVE, fingerprints, ends)
    return taken == len(uses)


async def forget_uses(conn: Connection, before: datetime) -> None:
    await conn.execute("DELETE FROM usages_uniques WHERE expire_le < $1", before)
