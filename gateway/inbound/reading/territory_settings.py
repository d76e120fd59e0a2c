"""`/v1/departements/{code}/regles` and `/delegations`: what a département sets for its territory, version by version.

No line is about a person. Everybody of the territory reads them; the département alone changes them, and says why.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.inbound.reading.sight import Sight, answer, declare
from gateway.inbound.request.call import Call, Handler
from gateway.inbound.request.door import Door
from gateway.inbound.request.json_body import read_contract
from gateway.inbound.request.problems import Problem, invalid
from gateway.inbound.request.routes import Declared
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.consultation import AGENT
from relais_contrats.demandes import dans_son_territoire
from relais_contrats.reception import ligne_de_refus
from relais_contrats.territoires import est_un_territoire, expliquer
from relais_contrats.v1.reglages import ReglageDelegations, ReglageRegles

_PURPOSES = frozenset({Finalite.ORIENTATION})

_CONTENT = {"regles": "table", "delegations": "delegations"}
_MOST_BYTES = 256 * 1024
Reglage = ReglageRegles | ReglageDelegations


class TerritorySettings:
    def __init__(self, sight: Sight) -> None:
        self._sight = sight

    def routes(self, door: Door) -> list[Declared]:
        def both(nature: str, modele: type[Reglage]) -> list[Declared]:
            path = f"/v1/departements/{{code}}/{nature}"
            return [
                door.route(f"GET {path}", self._read(nature)),
                door.route(f"PUT {path}", self._change(nature, modele), changes=True),
            ]

        return [*both("regles", ReglageRegles), *both("delegations", ReglageDelegations)]

    def _read(self, nature: str) -> Handler:
        async def read(call: Call, request: Request) -> Response:
            return answer(call, request, await self._told(call, request, nature))

        return read

    def _change(self, nature: str, modele: type[Reglage]) -> Handler:
        """Replaces the whole; `version` is the last one that its author saw."""

        async def change(call: Call, request: Request) -> Response:
            departement = _departement(call, request)
            if call.partenaire.type_organisme != "departement":
                raise Problem("non-autorise", erreurs=[ligne_de_refus("non-autorise", "")])
            if call.agent is None:
                raise Problem("schema-invalide", erreurs=[ligne_de_refus("schema-invalide", AGENT)])
            asked = (await read_contract(request, modele, _MOST_BYTES)).en_json()
            demande = {
                "departement": departement,
                "nature": nature,
                "version": asked["version"],
                "contenu": asked[_CONTENT[nature]],
                "motif": asked["motif"],
                "agent": call.agent,
                "source": call.partenaire.source,
            }
            if (await self._sight.set("orientation.changer", demande))["version"] is None:
                raise Problem("version-perimee", erreurs=[ligne_de_refus("version-perimee", "/version")])
            content = await self._told(call, request, nature)
            return Response(orjson.dumps(content), media_type="application/json")

        return change

    async def _told(self, call: Call, request: Request, nature: str) -> Mapping[str, Any]:
        content: Mapping[str, Any] = await self._sight.ask(
            f"orientation.{nature}", {"departement": _departement(call, request)}
        )
        return content


def _departement(call: Call, request: Request) -> str:
    """The territory of the path, that must be one of the partner's. Raises a Problem."""
    declare(call, request, _PURPOSES)
    code: str = request.path_params["code"]
    if not est_un_territoire(code):
        raise invalid("", expliquer(code))
    dans_son_territoire(code, call.partenaire, "")
    return code
