"""`POST /v1/usagers/recherche`: identifiers in, the partner's own pseudonym out. Counted, and stopped when it digs."""

from datetime import UTC, datetime
from uuid import UUID

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import participations
from gateway.inbound.counters import RECHERCHES, Counters, seconds_left
from gateway.inbound.door import Call, Door
from gateway.inbound.json_body import read_contract
from gateway.inbound.problems import Problem
from gateway.inbound.sight import Sight, declare
from relais_contrats.v1.vues import Recherche

SCOPE = "identite:resoudre"
_log = structlog.get_logger()


class Search:
    """`per_hour` is how many searches of one partner are answered in an hour, over all processes."""

    def __init__(self, sight: Sight, counters: Counters, per_hour: int) -> None:
        self._sight = sight
        self._counters = counters
        self._per_hour = per_hour

    def routes(self, door: Door) -> list[Route]:
        return [Route("/v1/usagers/recherche", door.guard(SCOPE, self.search, changes=True), methods=["POST"])]

    async def search(self, call: Call, request: Request) -> Response:
        """`trouve` only when one active parcours is designated and nothing contradicts it."""
        declare(call, request)
        self._count(call)
        asked = await read_contract(request, Recherche)
        demande = asked.en_json() | {"emetteur": call.partenaire.source}
        found = await self._sight.ask("usagers.resoudre", demande)
        content = {"resultat": found["resultat"]}
        if "parcours" in found:
            parcours = UUID(found["parcours"])
            if await self._is_its_own(call, parcours):
                call.parcours = parcours
                content["parcours"] = self._sight.pseudonyms.of(call.partenaire.code, parcours)
            else:
                content = {"resultat": "aucun"}
        return Response(orjson.dumps(content), headers={"Cache-Control": "no-store"}, media_type="application/json")

    def _count(self, call: Call) -> None:
        now = datetime.now(UTC)
        used = self._counters.add(call.partenaire.code, RECHERCHES, now)
        if used <= self._per_hour:
            return
        if used == self._per_hour + 1 or used % 100 == 0:
            _log.warning("securite.recherches_anormales", partenaire=call.partenaire.code, nombre=used)
        raise Problem(status=429, headers={"Retry-After": str(seconds_left(RECHERCHES, now))})

    async def _is_its_own(self, call: Call, parcours: UUID) -> bool:
        """Somebody of its territory, or whose parcours it takes part in; anybody else is nobody."""
        code = call.partenaire.code
        async with self._sight.pool.acquire() as conn:
            if await participations.of_pairs(conn, [(parcours, code)]):
                return True
        vue = await self._sight.ask("usagers.parcours", {"parcours": str(parcours)})
        return vue is not None and vue["departement"] in call.partenaire.departements
