"""The centre of a commune as its own services show it: the median of their places."""

from chassis.database import Connection

_FORGET = "DELETE FROM centres_observes"
_OBSERVE = """
INSERT INTO centres_observes (code, latitude, longitude, nombre)
SELECT code_commune, percentile_cont(0.5) WITHIN GROUP (ORDER BY latitude),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY longitude), count(*)
FROM services WHERE retire_a IS NULL AND latitude IS NOT NULL AND code_commune IS NOT NULL GROUP BY code_commune
"""
_OBSERVED = "SELECT latitude, longitude, nombre FROM centres_observes WHERE code = $1"


async def observer(conn: Connection) -> None:
    """Look at the whole catalogue again: after an import."""
    await conn.execute(_FORGET)
    await conn.execute(_OBSERVE)


async def observe(conn: Connection, code: str) -> tuple[float, float, int] | None:
    """Latitude, longitude, and how many services they are the median of."""
    row = await conn.fetchrow(_OBSERVED, code)
    return (row["latitude"], row["longitude"], row["nombre"]) if row else None
