"""The register of acts as an auditor reads it: what operators did, the newest first, page by page."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from chassis.database import Pool

SUBJECT = "lecture.passerelle.actes"
_PAGE = 50
_LAST = """
SELECT numero, a, acte, par, confirme_par, objet, avant, apres FROM administration
WHERE ($1::bigint IS NULL OR numero < $1) AND ($2::text IS NULL OR par = $2) AND ($3::text IS NULL OR objet = $3)
ORDER BY numero DESC LIMIT $4
"""


def answering(pool: Pool) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(asked: bytes) -> bytes:
        """`{par, objet, apres}` → `{actes, suite}`."""
        demande: dict[str, Any] = orjson.loads(asked)
        filters = (demande.get(name) or None for name in ("apres", "par", "objet"))
        async with pool.acquire() as conn:
            rows = [dict(row) for row in await conn.fetch(_LAST, *filters, _PAGE + 1)]
        suite = rows[_PAGE - 1]["numero"] if len(rows) > _PAGE else None
        return orjson.dumps({"actes": rows[:_PAGE], "suite": suite})

    return answer
