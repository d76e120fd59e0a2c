"""`POST /v1/usagers/recherche`: identifiers in, the partner's own pseudonym out. Metered with signalements."""

from uuid import UUID, uuid4

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway import participations
from gateway.inbound.reading.sight import Sight, declare
from gateway.inbound.request.call import Call
from gateway.inbound.request.door import Door
from gateway.inbound.request.json_body import read_contract
from gateway.inbound.request.routes import Declared
from gateway.inbound.watching.exploration import Exploration
from relais_contrats.codes.usagers import TypeIdentifiant
from relais_contrats.droits import reconnait
from relais_contrats.v1.vues import Recherche

SANS_NIR = "sans NIR"
"""What the journal says of a search by other keys than the number."""


class Search:
    def __init__(self, sight: Sight, exploration: Exploration) -> None:
        self._sight = sight
        self._exploration = exploration

    def routes(self, door: Door) -> list[Declared]:
        return [door.route("POST /v1/usagers/recherche", self.search, changes=True)]

    async def search(self, call: Call, request: Request) -> Response:
        """`trouve` only when one active parcours of the partner's territory is designated and nothing contradicts it:
        whoever lives elsewhere is nobody here, on the same way as somebody whom nobody knows."""
        declare(call, request)
        self._exploration.search(call.partenaire)
        asked = await read_contract(request, Recherche)
        if not any(un.type is TypeIdentifiant.NIR for un in asked.identifiants):
            call.precision = SANS_NIR
        demande = asked.en_json() | {"emetteur": call.partenaire.source, "departements": call.reconnait_dans}
        found = await self._sight.ask("usagers.resoudre", demande)
        found_parcours = UUID(found["parcours"]) if "parcours" in found else uuid4()
        if not await self._is_told(call, found_parcours):
            found = {"resultat": "aucun", "ailleurs": found["ailleurs"] or found["resultat"] != "aucun"}
        content = {"resultat": found["resultat"]}
        self._exploration.learn(call.partenaire.code, trouvee=found["resultat"] != "aucun", ailleurs=found["ailleurs"])
        if "parcours" in found:
            call.parcours = found_parcours
            content["parcours"] = self._sight.pseudonyms.of(call.partenaire.code, call.parcours)
        return Response(orjson.dumps(content), headers={"Cache-Control": "no-store"}, media_type="application/json")

    async def _is_told(self, call: Call, parcours: UUID) -> bool:
        """Looked up for nobody as for somebody: the time that it takes tells nothing."""
        code = call.partenaire.code
        async with self._sight.pool.acquire() as conn:
            roles = (await participations.of_pairs(conn, [(parcours, code)])).get((parcours, code), frozenset())
        return reconnait(call.demandeur, roles, call.finalites)
