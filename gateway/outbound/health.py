"""What the outgoing half says of itself: what it set aside, what waits for its turn, how far it has read."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from chassis.bus import STREAMS
from chassis.database import Pool
from chassis.process import Process

SUBJECT = "lecture.sortant.sante"
# What waits behind something set aside is that thing's: it is told once, under `rebut`.
_HEALTH = """
WITH parques AS (SELECT agregat, nature FROM rebut WHERE etat IN ('parque', 'a-reprendre')),
dus AS (
    SELECT d.regle_a FROM promis p JOIN depots d ON d.id = p.depot
    WHERE p.parcours NOT IN (SELECT agregat FROM parques WHERE agregat IS NOT NULL AND nature = 'evenement')
    AND NOT EXISTS (SELECT FROM evenements WHERE id = p.evenement)
    AND NOT EXISTS (SELECT FROM sans_destinataire WHERE evenement = p.evenement)
)
SELECT
    (SELECT count(*) FROM parques) AS rebut,
    (SELECT coalesce(jsonb_object_agg(attend, nombre), '{}') FROM (
        SELECT attend, count(*) AS nombre FROM retenus GROUP BY attend) AS r) AS retenus,
    (SELECT min(depuis) FROM retenus WHERE attend <> 'rebut') AS retenus_depuis,
    (SELECT count(*) FROM dus) AS a_distribuer,
    (SELECT min(regle_a) FROM dus) AS a_distribuer_depuis,
    (SELECT coalesce(jsonb_object_agg(motif, nombre), '{}') FROM (
        SELECT motif, sum(nombre)::bigint AS nombre FROM sans_destinataire_comptes GROUP BY motif) AS s
    ) AS sans_destinataire
"""


def answering(running: Process, durable: str) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(_: bytes) -> bytes:
        readers = {stream: await running.bus.reader(stream, durable) for stream in STREAMS}
        return orjson.dumps({**await waiting(running.pool), "lecteurs": readers})

    return answer


async def waiting(pool: Pool) -> dict[str, Any]:
    """What was set aside, what waits for its turn, what was accepted and is not told, and what nobody received."""
    async with pool.acquire(timeout=2) as conn:
        return dict(await conn.fetchrow(_HEALTH) or {})
