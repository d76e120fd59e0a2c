"""`/v1/offres/…`: the catalogue of offers as partners search it and mirror it. It holds no data about a person.

A list is read at one version of the catalogue, that its cursor carries: publications and withdrawals that come while it
is paged neither repeat nor hide anything.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.inbound.reading.bookmarks import Bookmarks
from gateway.inbound.reading.disclosure import expurgees
from gateway.inbound.reading.disclosure import prescriptions as familles
from gateway.inbound.reading.sight import Sight, answer, declare
from gateway.inbound.request.call import Call, Handler
from gateway.inbound.request.door import Door
from gateway.inbound.request.problems import Problem
from gateway.inbound.request.query import parameters
from gateway.inbound.request.routes import Declared
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.demandes import curseur_inconnu, nombre, statistiques_demandees
from relais_contrats.demandes_offres import (
    CHANGEMENTS,
    CHANGEMENTS_MAX,
    PAGE,
    PAGE_MAX,
    services_demandes,
    structures_demandees,
)
from relais_contrats.lecture import Erreur


class Offres:
    def __init__(self, sight: Sight, bookmarks: Bookmarks) -> None:
        self._sight = sight
        self._bookmarks = bookmarks

    def routes(self, door: Door) -> list[Declared]:
        return [
            door.route("GET /v1/offres/services", self.services),
            door.route("GET /v1/offres/structures", self.structures),
            door.route("GET /v1/offres/changements", self.changes),
            door.route("GET /v1/offres/services/{id}", self._one("offres.service")),
            door.route("GET /v1/offres/structures/{id}", self._one("offres.structure")),
            door.route("GET /v1/statistiques/offres", self.statistics),
        ]

    async def services(self, call: Call, request: Request) -> Response:
        query = parameters(request)
        return await self._page(call, request, "offres.services", query, services_demandes(query))

    async def structures(self, call: Call, request: Request) -> Response:
        query = parameters(request)
        return await self._page(call, request, "offres.structures", query, structures_demandees(query))

    async def changes(self, call: Call, request: Request) -> Response:
        """`curseur` is always there: kept by the partner, it tells the next changes, to-day or in a month."""
        query = parameters(request)
        demande: dict[str, Any] = {"limite": nombre(query.get("limite"), "limite", CHANGEMENTS, CHANGEMENTS_MAX)}
        if "apres" in query:
            demande["apres"] = self._position(call, "offres changements", query["apres"])
        told = await self._sight.ask("offres.changements", demande)
        curseur = self._bookmarks.write(call.partenaire.code, "offres changements", told.pop("suite"))
        return answer(call, request, told | {"curseur": curseur})

    async def statistics(self, call: Call, request: Request) -> Response:
        """The offer of a département and what became of the prescriptions there: no line is about a person."""
        query = parameters(request)
        declare(call, request, frozenset({Finalite.PILOTAGE}))
        departement, depuis = statistiques_demandees(query, call.partenaire, un_seul=True)
        demande = {"departement": departement, "depuis": depuis}
        catalogue = await self._sight.ask("offres.statistiques_catalogue", demande)
        prescriptions = await self._sight.ask("offres.statistiques_prescriptions", demande)
        montrees = [_sans_vides(une) for ligne in prescriptions for une in expurgees([ligne], familles(ligne))]
        return answer(call, request, {"catalogue": catalogue, "prescriptions": montrees})

    def _one(self, lecture: str) -> Handler:
        async def read(call: Call, request: Request) -> Response:
            found = await self._sight.ask(lecture, {"id": request.path_params["id"]})
            if found is None:
                raise Problem(status=404)
            if "retire" in found:
                raise Problem(status=410, extra={"retrait": found["retire"]})
            return answer(call, request, found)

        return read

    async def _page(
        self, call: Call, request: Request, lecture: str, query: Mapping[str, str], demande: dict[str, Any]
    ) -> Response:
        """A page of a list: its cursor holds for the same question, without what only the first page tells."""
        liste = f"{lecture} {sorted((k, v) for k, v in demande.items() if k != 'facettes')}"
        demande["limite"] = nombre(query.get("limite"), "limite", PAGE, PAGE_MAX)
        if "apres" in query:
            demande["apres"] = self._position(call, liste, query["apres"])
        found = await self._sight.ask(lecture, demande)
        if erreur := found.get("erreur"):
            raise Problem("schema-invalide", erreurs=[Erreur(erreur["champ"], erreur["code"], erreur["phrase"])])
        suite = found["suite"]
        found["suite"] = self._bookmarks.write(call.partenaire.code, liste, suite) if suite else None
        return answer(call, request, found)

    def _position(self, call: Call, liste: str, apres: str) -> Any:
        position = self._bookmarks.read(call.partenaire.code, liste, apres)
        if position is None:
            raise curseur_inconnu()
        return position


def _sans_vides(ligne: dict[str, Any]) -> dict[str, Any]:
    """What may not be told is absent."""
    dits = {champ: valeur for champ, valeur in ligne.items() if valeur is not None}
    return {champ: _sans_vides(valeur) if isinstance(valeur, dict) else valeur for champ, valeur in dits.items()}
