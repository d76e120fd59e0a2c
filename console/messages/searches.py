"""The searches that each operator keeps under a name of its own. SQL only."""

from chassis.database import Connection, Record

MOST = 50
_KEPT = "SELECT nom, requete FROM recherches WHERE agent = $1 ORDER BY nom"
_KEEP = """
INSERT INTO recherches (agent, nom, requete)
SELECT $1, $2, $3 WHERE (SELECT count(*) FROM recherches WHERE agent = $1 AND nom <> $2) < $4
ON CONFLICT (agent, nom) DO UPDATE SET requete = EXCLUDED.requete
"""
_FORGET = "DELETE FROM recherches WHERE agent = $1 AND nom = $2"


async def kept(conn: Connection, agent: str) -> list[Record]:
    return await conn.fetch(_KEPT, agent)


async def keep(conn: Connection, agent: str, nom: str, requete: str) -> bool:
    """Keep it, in place of the one of this name; False when there are `MOST` of them already."""
    return await conn.execute(_KEEP, agent, nom, requete, MOST) != "INSERT 0 0"


async def forget(conn: Connection, agent: str, nom: str) -> None:
    await conn.execute(_FORGET, agent, nom)
