"""`/v1/evenements/trous`, `/v1/abonnements/{id}/trous`: which numbers a receiver does not have, and why.

A number that is not told here was delivered, or acknowledged. Nothing but numbers, ids and states is said, so that a
gap is explained to a partner whose conventions have ended too: that is when it has some.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from chassis.database import Connection, Pool, Record
from gateway import numbering
from gateway.bodies import NOTHING, Bodies, Delivered
from gateway.inbound.events import gaps_store as store
from gateway.inbound.events import subscriptions_store
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.problems import Problem
from gateway.inbound.request.query import parameters
from gateway.inbound.request.routes import Declared
from gateway.pseudonyms import Pseudonyms, whole_second
from relais_contrats.demandes import borne, identifiant
from relais_contrats.droits import Role

_LOOKED_AT = 1_000
"""Numbers in one answer; `suite` says where the next one starts."""
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


class Gaps:
    def __init__(self, pool: Pool, bodies: Bodies, pseudonyms: Pseudonyms) -> None:
        self._pool = pool
        self._bodies = bodies
        self._pseudonyms = pseudonyms

    def routes(self, door: Door) -> list[Declared]:
        return [
            door.route("GET /v1/evenements/trous", self.of_feed, own_books=True),
            door.route("GET /v1/abonnements/{id}/trous", self.of_subscription, own_books=True),
        ]

    async def of_feed(self, call: Call, request: Request) -> Response:
        """Of the partner's feed: what it has not acknowledged, and what it was not shown."""
        code = call.partenaire.code
        async with self._pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            dernier, du, au = await _range(conn, code, parameters(request))
            stop = min(au, du + _LOOKED_AT - 1)
            rows = await self._bodies.opened(conn, await store.of_feed(conn, code, du, stop))
        gaps = [self._of_feed(code, row, etat) for row in rows if (etat := self._state(call, row)) != "lu"]
        return _answer(dernier, stop, au, gaps)

    async def of_subscription(self, call: Call, request: Request) -> Response:
        code, id_ = call.partenaire.code, identifiant(request.path_params["id"], "id")
        async with self._pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            if await subscriptions_store.one(conn, code, id_) is None:
                raise Problem(status=404)
            dernier, du, au = await _range(conn, id_, parameters(request))
            stop = min(au, du + _LOOKED_AT - 1)
            rows = await store.of_subscription(conn, id_, du, stop)
        return _answer(dernier, stop, au, [self._of_subscription(code, id_, row) for row in rows])

    def _state(self, call: Call, row: Mapping[str, Any]) -> str:
        """What was passed over because nothing of it may be seen now, or ever again, is no event that was read."""
        etat: str = row["etat"]
        if etat not in ("lu", "a-lire"):
            return etat
        roles = frozenset(map(Role, row["roles"]))
        delivered = Delivered(row["numero"], row["evenement"], row["parcours"], row["type"], roles, row["corps"])
        if self._bodies.waits(call.demandeur, delivered):
            return "retenu"
        made, _ = self._bodies.make_each(call.demandeur, [delivered], NOTHING)
        return "sans-objet" if made and made[0][1] is None else etat

    def _of_feed(self, code: str, row: Mapping[str, Any], etat: str) -> dict[str, Any]:
        gap = {"relaisnumero": row["relaisnumero"], "etat": etat}
        if row["evenement"] is None:
            return gap
        return gap | {
            "evenement": self._bodies.event_id(code, row["evenement"]),
            "distribue_a": whole_second(row["a"]),
        }

    def _of_subscription(self, code: str, id_: UUID, row: Record) -> dict[str, Any]:
        gap = {"relaisnumero": row["relaisnumero"], "etat": row["etat"]}
        if row["evenement"] is not None:
            gap |= {
                "livraison": str(self._pseudonyms.event_of(f"{code} {id_}", row["evenement"])),
                "evenement": self._bodies.event_id(code, row["evenement"]),
                "distribue_a": whole_second(row["a"]),
                "essais": row["essais"],
                "code": row["code"],
                "erreur": row["erreur"],
                "prochain_essai": row["prochain_a"],
            }
        return {name: value for name, value in gap.items() if value is not None}


async def _range(conn: Connection, suite: str | UUID, query: Mapping[str, str]) -> tuple[int, int, int]:
    """The last number of the suite, and the range that is asked for, as numbers within it."""
    dernier = await numbering.last(conn, suite)
    du, au = borne(query.get("du"), "du"), borne(query.get("au"), "au")
    first, final = du if isinstance(du, int) else 1, au if isinstance(au, int) else dernier
    if isinstance(du, datetime) or isinstance(au, datetime):
        since, until = du if isinstance(du, datetime) else _FIRST, au if isinstance(au, datetime) else _LAST
        decided = await store.decided_between(conn, suite, since, until)
        if decided is None:
            return dernier, 1, 0
        first, final = max(first, decided[0]), min(final, decided[1])
    return dernier, max(1, first), min(final, dernier)


def _answer(dernier: int, stop: int, au: int, gaps: list[dict[str, Any]]) -> Response:
    suite = stop + 1 if stop < au else None
    content = {"dernier_numero": dernier, "trous": gaps, "suite": suite}
    return Response(orjson.dumps(content), headers={"Cache-Control": "no-store"}, media_type="application/json")
