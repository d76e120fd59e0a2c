"""The health of a service: waiting entries, parked entries, and its place in the stream."""

from collections.abc import Awaitable, Callable, Mapping

import orjson

from chassis.process import Process

_HEALTH = """
SELECT (SELECT count(*) FROM rebut WHERE etat IN ('parque', 'a-reprendre')) AS rebut,
       (SELECT count(*) FROM faits WHERE publie_seq IS NULL) AS a_publier,
       (SELECT min(enregistre_a) FROM faits WHERE publie_seq IS NULL) AS a_publier_depuis,
       (SELECT count(*) FROM echeances WHERE du_a < now() - interval '1 minute') AS echeances_en_retard
"""


def answering(running: Process, reads: Mapping[str, str]) -> Callable[[bytes], Awaitable[bytes]]:
    """The answer to `lecture.<nom>.sante`; `reads` is the durable consumer by stream."""

    async def answer(_: bytes) -> bytes:
        async with running.pool.acquire(timeout=2) as conn:
            row = await conn.fetchrow(_HEALTH)
        readers = {stream: await running.bus.reader(stream, durable) for stream, durable in reads.items()}
        return orjson.dumps({**dict(row or {}), "lecteurs": readers})

    return answer
