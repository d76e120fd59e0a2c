"""SQL of the notices of suspension: whose is not told yet, and which of its partner's other subscriptions take them."""

from datetime import datetime
from uuid import UUID

from chassis.database import Connection, Record
from coffre.keys import Vault
from gateway.outbound.store import fanout
from gateway.outbound.told import Evenement, Livraison

_UNTOLD = "SELECT id FROM abonnements WHERE etat = 'suspendu' AND NOT suspension_dite ORDER BY suspendu_a, id"
_TELL = """
UPDATE abonnements a SET suspension_dite = true FROM partenaires p
WHERE a.id = $1 AND a.etat = 'suspendu' AND NOT a.suspension_dite AND p.code = a.partenaire
RETURNING a.id, a.partenaire, a.suspendu_a, a.suspendu_par, p.departements,
    coalesce(a.premier_echec_a, a.suspendu_a) AS echecs_depuis
"""


async def untold(conn: Connection) -> list[UUID]:
    return [row["id"] for row in await conn.fetch(_UNTOLD)]


async def tell(conn: Connection, abonnement: UUID) -> Record | None:
    """Mark it told and return what its notice says; None when another process was faster. Takes the fan-out lock: to be
    called in the transaction that tells it."""
    await fanout.lock(conn)
    return await conn.fetchrow(_TELL, abonnement)


async def insert(conn: Connection, vault: Vault, notice: Evenement, livraison: Livraison, now: datetime) -> int:
    """A notice, its one receiver, and the subscriptions that push it; how many those are."""
    await fanout.insert_events(conn, vault, [notice], now)
    return await fanout.insert_deliveries(conn, [livraison], now)


async def others_of(conn: Connection, partenaire: str, type_: str, suspendu: UUID) -> tuple[UUID, ...]:
    """The partner's subscriptions that take this type, but for the one that was suspended."""
    subscribers = await fanout.subscribers(conn)
    return tuple(s.id for s in subscribers if s.partenaire == partenaire and s.id != suspendu and s.prend(type_))
