"""`GET /v1/recus/racine`: the signed root of a day, and the way to it from the partner's own chains."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from chassis.database import Pool
from gateway import roots
from gateway.inbound.reading.sight import answer
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.query import parameters
from gateway.inbound.request.routes import Declared
from gateway.receipts import Chains
from relais_contrats.demandes import jour_clos
from relais_contrats.racines import TYP, chemin, racine


class Roots:
    def __init__(self, pool: Pool, chains: Chains, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._chains = chains
        self._now = now

    def routes(self, door: Door) -> list[Declared]:
        return [door.route("GET /v1/recus/racine", self.get, own_books=True)]

    async def get(self, call: Call, request: Request) -> Response:
        now = self._now()
        start = jour_clos(parameters(request), now)
        async with self._pool.acquire() as conn:
            heads = await roots.heads(conn, start)
        leaves = [head.leaf for head in heads]
        signed = {"iat": int(now.timestamp()), "jour": str(start.date()), "racine": racine(leaves).hex()}
        own = [_shown(head, leaves, rank) for rank, head in enumerate(heads) if head.partenaire == call.partenaire.code]
        jws = self._chains.sign(TYP, {**signed, "chaines": len(leaves)})
        return answer(call, request, {"racine": jws, "chaines": own})


def _shown(head: roots.Head, leaves: list[bytes], rank: int) -> dict[str, Any]:
    way = [{"cote": cote, "empreinte": empreinte.hex()} for cote, empreinte in chemin(leaves, rank)]
    return {"chaine": str(head.chaine), "rang": head.rang, "empreinte": head.empreinte, "chemin": way}
