"""`/v1/parcours/{prc}` and its sub-resources: one parcours as its participants may see it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.bodies import Bodies, Delivered
from gateway.inbound import reads_store as store
from gateway.inbound.bookmarks import Bookmarks
from gateway.inbound.door import Call, Door
from gateway.inbound.feed import invalid
from gateway.inbound.query import number, parameters
from gateway.inbound.sight import Seen, Sight, answer, declare, unknown
from gateway.partners import Partenaire
from gateway.rights import Role, recoit
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.v1.vues import VueOrientations, VueParcours

SCOPE = "parcours:lire"
_PAGE, _MAX_PAGE = 100, 500


class Reads:
    def __init__(self, sight: Sight, bodies: Bodies, bookmarks: Bookmarks) -> None:
        self._sight = sight
        self._bodies = bodies
        self._bookmarks = bookmarks

    def routes(self, door: Door) -> list[Route]:
        one = "/v1/parcours/{prc}"
        return [
            Route(one, door.guard(SCOPE, self.parcours), methods=["GET"]),
            Route(f"{one}/orientations", door.guard(SCOPE, self.orientations), methods=["GET"]),
            Route(f"{one}/historique", door.guard(SCOPE, self.history), methods=["GET"]),
        ]

    async def parcours(self, call: Call, request: Request) -> Response:
        """The person and the state of the parcours."""
        seen = await self._find(call, request)
        vue = await self._sight.ask("usagers.parcours", {"parcours": str(seen.parcours)})
        if vue is None:
            raise unknown()
        return answer(request, self._sight.show(call, seen.roles, VueParcours, vue))

    async def orientations(self, call: Call, request: Request) -> Response:
        """The orientation in force, the past ones, the request and its legal deadline."""
        seen = await self._find(call, request)
        vue = await self._sight.ask("orientation.orientations", {"parcours": str(seen.parcours)})
        if vue is None:
            raise unknown()
        return answer(request, self._sight.show(call, seen.roles, VueOrientations, vue))

    async def history(self, call: Call, request: Request) -> Response:
        """Every event of the parcours that this partner received, or would receive today, the oldest first."""
        query = parameters(request, ["apres", "limite"])
        declare(call, request)
        seen = await self._sight.find(call, request.path_params["prc"])
        limite = number(query.get("limite"), "limite", _PAGE, _MAX_PAGE)
        liste = f"historique {seen.parcours}"
        after = (
            _position(self._bookmarks.read(call.partenaire.code, liste, query["apres"])) if "apres" in query else None
        )
        async with self._sight.pool.acquire() as conn:
            rows = await store.events_of(conn, call.partenaire.code, seen.parcours, after, limite)
        told = [delivered for row in rows if (delivered := _told(row, call.partenaire, seen))]
        suite = None
        if len(rows) == limite:
            last = [rows[-1]["recu_a"].isoformat(), str(rows[-1]["evenement"])]
            suite = self._bookmarks.write(call.partenaire.code, liste, last)
        events = await self._bodies.build(call.partenaire.code, told)
        return answer(request, {"evenements": events, "suite": suite})

    async def _find(self, call: Call, request: Request) -> Seen:
        parameters(request, [])
        declare(call, request)
        return await self._sight.find(call, request.path_params["prc"])


def _position(read: Any) -> tuple[datetime, UUID]:
    if read is None:
        raise invalid("apres", "Ce curseur n'a pas été donné par le hub à ce partenaire pour cette liste.")
    return datetime.fromisoformat(read[0]), UUID(read[1])


def _told(row: Any, partenaire: Partenaire, seen: Seen) -> Delivered | None:
    """As it was told to the partner; else as it would be today; None when it is not for it."""
    roles = seen.roles if row["roles"] is None else frozenset(map(Role, row["roles"]))
    if row["roles"] is None and not recoit(CATALOGUE[row["type"]], partenaire, roles, est_la_cause=False):
        return None
    return Delivered(row["numero"] or 0, row["evenement"], seen.parcours, row["type"], roles, row["corps"])
