"""`/v1/offres/…`: the catalogue of offers as partners search it and mirror it. It holds no data about a person.

A list is read at one version of the catalogue, that its cursor carries: publications and withdrawals that come while it
is paged neither repeat nor hide anything.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.inbound.reading.bookmarks import Bookmarks
from gateway.inbound.reading.disclosure import expurgees
from gateway.inbound.reading.disclosure import prescriptions as familles
from gateway.inbound.reading.sight import Sight, answer, declare
from gateway.inbound.request.door import Call, Door, Handler
from gateway.inbound.request.problems import Problem, invalid
from gateway.inbound.request.query import day, number, parameters
from relais_contrats.codes.acteurs import Finalite
from relais_contrats.codes.liste import Code
from relais_contrats.codes.offre import Frais, ModeAccueil, Public, Thematique, TypeService
from relais_contrats.lecture import Erreur
from relais_contrats.reception import ligne_de_refus

SCOPE = "offres:lire"
_PAGE, _MAX_PAGE = 20, 100
_CHANGES, _MAX_CHANGES = 500, 1_000
_RADIUS_MAX_KM = 200.0
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?")
"""As JSON writes it: a program may say 5e-08 for almost nothing."""
_FEW = 20


def _values(*kinds: type[Code]) -> frozenset[str]:
    return frozenset(code.value for kind in kinds for code in kind)


# A thématique, or the category that begins its name.
_THEMATIQUES = _values(Thematique) | {code.value.partition("--")[0] for code in Thematique}
_CODES: Mapping[str, frozenset[str]] = {
    "thematiques": _THEMATIQUES,
    "types": _values(TypeService),
    "publics": _values(Public),
    "frais": _values(Frais),
    "modes_accueil": _values(ModeAccueil),
    "facettes": frozenset({"thematiques", "types", "publics", "frais", "modes_accueil", "sources"}),
}
_WHERE = ("code_commune", "lat", "lon", "rayon_km")


class Offres:
    def __init__(self, sight: Sight, bookmarks: Bookmarks) -> None:
        self._sight = sight
        self._bookmarks = bookmarks

    def routes(self, door: Door) -> list[Route]:
        def get(path: str, handler: Handler, scope: str = SCOPE) -> Route:
            return Route(path, door.guard(scope, handler), methods=["GET"])

        return [
            get("/v1/offres/services", self.services),
            get("/v1/offres/structures", self.structures),
            get("/v1/offres/changements", self.changes),
            get("/v1/offres/services/{id:path}", self._one("offres.service")),
            get("/v1/offres/structures/{id:path}", self._one("offres.structure")),
            get("/v1/statistiques/offres", self.statistics, "pilotage:lire"),
        ]

    async def services(self, call: Call, request: Request) -> Response:
        query = parameters(request)
        demande = {
            **_place(query),
            **{name: query[name] for name in ("q",) if name in query},
            **{name: _codes(query[name], name, known) for name, known in _CODES.items() if name in query},
            **({"sources": query["sources"].split(",")} if "sources" in query else {}),
            **({"maj_depuis": str(depuis)} if (depuis := day(query.get("maj_depuis"), "maj_depuis")) else {}),
        }
        return await self._page(call, request, "offres.services", query, demande)

    async def structures(self, call: Call, request: Request) -> Response:
        query = parameters(request)
        demande = {name: query[name] for name in ("departement", "code_commune", "siret", "source") if name in query}
        return await self._page(call, request, "offres.structures", query, demande)

    async def changes(self, call: Call, request: Request) -> Response:
        """`curseur` is always there: kept by the partner, it tells the next changes, to-day or in a month."""
        query = parameters(request)
        demande: dict[str, Any] = {"limite": number(query.get("limite"), "limite", _CHANGES, _MAX_CHANGES)}
        if "apres" in query:
            demande["apres"] = self._position(call, "offres changements", query["apres"])
        told = await self._sight.ask("offres.changements", demande)
        curseur = self._bookmarks.write(call.partenaire.code, "offres changements", told.pop("suite"))
        return answer(call, request, told | {"curseur": curseur})

    async def statistics(self, call: Call, request: Request) -> Response:
        """The offer of a département and what became of the prescriptions there: no line is about a person."""
        query = parameters(request)
        declare(call, request, frozenset({Finalite.PILOTAGE}))
        departement, depuis = query.get("departement"), day(query.get("depuis"), "depuis")
        if departement is None:
            raise invalid("departement", "Un département est attendu.")
        if departement not in call.partenaire.departements:
            raise Problem("hors-territoire", erreurs=[ligne_de_refus("hors-territoire", "departement")])
        demande = {"departement": departement, "depuis": str(depuis.replace(day=1)) if depuis else None}
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
        demande["limite"] = number(query.get("limite"), "limite", _PAGE, _MAX_PAGE)
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
            raise invalid("apres", "Ce curseur n'a pas été donné par le hub à ce partenaire pour cette liste.")
        return position


def _place(query: Mapping[str, str]) -> dict[str, Any]:
    place: dict[str, Any] = {"code_commune": query["code_commune"]} if "code_commune" in query else {}
    if ("lat" in query) != ("lon" in query):
        raise invalid("lat" if "lon" in query else "lon", "`lat` et `lon` vont ensemble.")
    if "lat" in query:
        place |= {"lat": _decimal(query["lat"], "lat", -90, 90), "lon": _decimal(query["lon"], "lon", -180, 180)}
    if "rayon_km" in query:
        if not place:
            raise invalid("rayon_km", "Un rayon se mesure depuis `code_commune`, ou `lat` et `lon`.")
        place["rayon_km"] = _decimal(query["rayon_km"], "rayon_km", 0.1, _RADIUS_MAX_KM)
    return place


def _decimal(text: str, name: str, least: float, most: float) -> float:
    read = float(text) if _NUMBER.fullmatch(text) else None
    if read is None or not least <= read <= most:
        raise invalid(name, f"Un nombre de {least:g} à {most:g} est attendu, par exemple 48.8534.")
    return read


def _codes(text: str, name: str, known: frozenset[str]) -> Sequence[str]:
    """Codes separated by commas, sorted: the order in which they are given asks nothing else."""
    codes = sorted(set(text.split(",")))
    if not known.issuperset(codes):
        phrase = (
            f"Valeurs : {', '.join(sorted(known))}." if len(known) <= 20 else "Voyez la liste des codes au contrat."
        )
        raise Problem("code-inconnu", erreurs=[Erreur(name, "code-inconnu", phrase)])
    return codes


def _sans_vides(ligne: dict[str, Any]) -> dict[str, Any]:
    """What may not be told is absent."""
    dits = {champ: valeur for champ, valeur in ligne.items() if valeur is not None}
    return {champ: _sans_vides(valeur) if isinstance(valeur, dict) else valeur for champ, valeur in dits.items()}
