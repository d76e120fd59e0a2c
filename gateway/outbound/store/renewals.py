"""SQL of what waits for a convention: which partners have something, of which kinds, and how it is due again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.database import Connection
from gateway.archives import NOT_IN_ARCHIVE
from gateway.outbound.store import fanout
from relais_contrats.droits import Role

# What no body can be made of waits for an operator, and what is in the archive for its return, whatever the convention
# says.
_FREE = f"""
NOT EXISTS (
    SELECT FROM rebut b WHERE b.id = l.evenement AND b.nature = 'livraison' AND b.etat IN ('parque', 'ecarte')
) AND {NOT_IN_ARCHIVE}
"""
_TRY_AGAIN = """
UPDATE rebut SET etat = 'repris', entree = '{}', regle_a = $1 WHERE nature = 'livraison' AND etat = 'a-reprendre'
"""
# Walks from partner to partner: there may be very many rows behind each.
_WAITING = f"""
SELECT code FROM partenaires p
WHERE EXISTS (SELECT FROM livraisons l WHERE l.partenaire = p.code AND l.retenue AND {_FREE})
OR EXISTS (
    SELECT FROM abonnements a WHERE a.partenaire = p.code AND EXISTS (
        SELECT FROM envois v JOIN livraisons l ON l.numero = v.livraison
        WHERE v.abonnement = a.id AND v.etat = 'retenu' AND {_FREE}
    )
)
"""  # noqa: S608  constants only
_KINDS = """
SELECT DISTINCT type, array_to_string(roles, ' ') AS roles FROM livraisons
WHERE partenaire = $1 AND (retenue OR numero IN (
    SELECT v.livraison FROM envois v JOIN abonnements a ON a.id = v.abonnement
    WHERE a.partenaire = $1 AND v.etat = 'retenu'
))
"""
_OF_KIND = "(l.type, array_to_string(l.roles, ' ')) IN (SELECT * FROM unnest($2::text[], $3::text[]))"
# In the order of the key, like the fan-out and the sender, so that they wait for one another instead of deadlocking.
_LOCK_QUEUES = """
SELECT FROM files f JOIN abonnements a ON a.id = f.abonnement WHERE a.partenaire = $1
ORDER BY f.abonnement, f.parcours FOR UPDATE OF f
"""
_RESUME = f"""
UPDATE envois v SET etat = 'a-livrer' FROM livraisons l, abonnements a
WHERE l.numero = v.livraison AND a.id = v.abonnement AND a.partenaire = $1 AND l.partenaire = $1
AND v.etat = 'retenu' AND {_OF_KIND} AND {_FREE}
RETURNING v.abonnement, v.parcours
"""  # noqa: S608  constants only
# The numbers are drawn in the order of the old ones, after everything that the partner's cursor has passed.
_RENUMBER = f"""
WITH suite AS (
    SELECT numero, nextval('livraisons_numero_seq') AS nouveau
    FROM (
        SELECT l.numero FROM livraisons l WHERE l.partenaire = $1 AND l.retenue AND {_OF_KIND} AND {_FREE}
        ORDER BY l.numero
    ) AS o
), rejouees AS (
    UPDATE rejeux_livraisons r SET livraison = s.nouveau FROM suite s WHERE r.livraison = s.numero
), envoyees AS (
    UPDATE envois v SET livraison = s.nouveau FROM suite s WHERE v.livraison = s.numero
)
UPDATE livraisons l SET numero = s.nouveau, retenue = false, a = $4 FROM suite s WHERE l.numero = s.numero
RETURNING l.numero
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True)
class Kind:
    """What the gate looks at of a delivery that waits; `ecrits` are its roles as they stand in the row."""

    type: str
    ecrits: str

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(map(Role, self.ecrits.split()))


async def try_again(conn: Connection, now: datetime) -> bool:
    """Free what an operator wants tried again; whether there was something."""
    return not (await conn.execute(_TRY_AGAIN, now)).endswith(" 0")


async def waiting(conn: Connection) -> list[str]:
    """The partners for whom something waits."""
    return [row["code"] for row in await conn.fetch(_WAITING)]


async def kinds(conn: Connection, partenaire: str) -> list[Kind]:
    return [Kind(row["type"], row["roles"]) for row in await conn.fetch(_KINDS, partenaire)]


async def resume(conn: Connection, partenaire: str, opened: Sequence[Kind], now: datetime) -> int:
    """Make what waits of these kinds due again, for the feed and in the queues; how many rows.

    Takes the fan-out lock: numbers are given there. To be called in a transaction.
    """
    await fanout.lock(conn)
    await conn.execute(_LOCK_QUEUES, partenaire)
    columns = ([kind.type for kind in opened], [kind.ecrits for kind in opened])
    queued = await conn.fetch(_RESUME, partenaire, *columns)
    if queued:
        await fanout.fill_queues(conn, Counter((row["abonnement"], row["parcours"]) for row in queued), now)
    shown = await conn.fetch(_RENUMBER, partenaire, *columns, now)
    if shown:
        await fanout.mark(conn, max(row["numero"] for row in shown))
    return len(queued) + len(shown)
