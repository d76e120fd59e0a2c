"""Erasure of a person: the vault was emptied with the state; protected fields and facts go, for its aliases too."""

from collections.abc import Mapping
from uuid import UUID

from chassis import ledger
from chassis.database import Connection
from services.usagers.store import dires, fusions

_LIGNEE = "SELECT id FROM parcours WHERE id = ANY($1) OR survivant = ANY($1)"
_OUBLIER_CHAMPS = "DELETE FROM champs_proteges WHERE parcours = ANY($1)"


async def effacer(conn: Connection, effaces: Mapping[UUID, UUID]) -> None:
    """`effaces`: each parcours with the fact that tells its erasure. That one stays, under the last number."""
    lignee = [ligne["id"] for ligne in await conn.fetch(_LIGNEE, list(effaces))]
    await conn.execute(_OUBLIER_CHAMPS, lignee)
    await dires.oublier(conn, lignee)
    await fusions.oublier(conn, lignee)
    await ledger.forget(conn, {id_: effaces.get(id_) for id_ in lignee})
