"""The content of a deposit that waits, for an operator who says why: the access is on disk before anything is shown."""

from collections.abc import Mapping
from typing import Any

import orjson

from chassis.database import Pool
from gateway.accesses import Access
from gateway.inbound.deposit.cabinet import Cabinet
from gateway.inbound.deposit.journal import Journal

SUBJECT = "lecture.passerelle.contenu"
# No partner can bear this name: its first sign is not one of a code.
OPERATORS = "_console"
_FOUND = "SELECT id, parcours, etat, recu_a, corps FROM depots WHERE partenaire = $1 AND message = $2"
_HIDDEN = "•••"


class Contents:
    """Bodies are kept until their deposit is settled: of a settled one there is nothing to show."""

    def __init__(self, pool: Pool, cabinet: Cabinet, journal: Journal) -> None:
        self._pool = pool
        self._cabinet = cabinet
        self._journal = journal

    async def answer(self, asked: bytes) -> bytes:
        """`{partenaire, message, agent, motif, reference, masque}` → `{etat, contenu}`; null when it is unknown."""
        demande = orjson.loads(asked)
        async with self._pool.acquire() as conn:
            row = await conn.fetchrow(_FOUND, demande["partenaire"], demande["message"])
        if row is None:
            return b"null"
        is_kept = row["corps"] is not None
        await self._journal.record_access(_access(demande, row["id"], row["parcours"], is_kept=is_kept))
        contenu = None
        if is_kept:
            async with self._pool.acquire() as conn:
                [corps] = await self._cabinet.open(conn, [row])
            contenu = orjson.loads(corps)
        return orjson.dumps({"etat": row["etat"], "contenu": masked(contenu) if demande["masque"] else contenu})


def _access(demande: Mapping[str, Any], depot: Any, parcours: Any, *, is_kept: bool) -> Access:
    how = "masqué" if demande["masque"] else "clair"
    told = f"contenu {how} {depot} {demande['reference']}".rstrip()
    status = 200 if is_kept else 410
    named = [parcours] if parcours else []
    return Access(OPERATORS, demande["agent"], named, demande["motif"], told, status, None, None)


def masked(value: Any) -> Any:
    """The same fields, and none of what they hold."""
    if isinstance(value, dict):
        return {name: masked(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [masked(inside) for inside in value]
    return value if value is None else _HIDDEN
