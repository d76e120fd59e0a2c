"""What the hub holds on one person, for an operator to whom an act opened it."""

from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from gateway.inbound.timeline import lookup

_OPEN = "INSERT INTO ouvertures_personne (id, parcours, ouvert_a, jusqua) VALUES ($1, $2, $3, $4)"


async def open_for(conn: Connection, id_: UUID, parcours: UUID, now: datetime, until: datetime) -> bool:
    """Open it until then; False when nobody bears this id."""
    if not await lookup.is_known(conn, parcours):
        return False
    await conn.execute(_OPEN, id_, parcours, now, until)
    return True
