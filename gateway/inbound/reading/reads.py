"""`/v1/parcours/{prc}` and its sub-resources: one parcours as its participants may see it."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gateway import prescriptions
from gateway.bodies import Bodies, Delivered
from gateway.feuille_page import Contexte, page
from gateway.feuille_style import CSP
from gateway.inbound.reading import reads_store as store
from gateway.inbound.reading.bookmarks import Bookmarks
from gateway.inbound.reading.sight import Seen, Sight, answer, declare, unknown
from gateway.inbound.request.call import Call, Handler
from gateway.inbound.request.door import Door
from gateway.inbound.request.query import parameters
from gateway.inbound.request.routes import Declared
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.demandes import curseur_inconnu, nombre
from relais_contrats.droits import Role, recoit
from relais_contrats.modele import Donnees
from relais_contrats.territoires import jour_legal
from relais_contrats.transport import etiquetee, prefere_html
from relais_contrats.v1.vues import VueParcours
from relais_contrats.v1.vues_feuille import VueFeuilleDeRoute
from relais_contrats.vues import VUES, Vue

_PAGE, _MAX_PAGE = 100, 500
_PAR_PRESCRIPTION = frozenset({Role.PRESCRIPTION, Role.OPPOSITION, Role.SUR_PLACE})


_FEUILLE = ("feuille_de_route.feuille", VueFeuilleDeRoute, "objectif.ajoute")


class Reads:
    def __init__(self, sight: Sight, bodies: Bodies, bookmarks: Bookmarks) -> None:
        self._sight = sight
        self._bodies = bodies
        self._bookmarks = bookmarks

    def routes(self, door: Door) -> list[Declared]:
        return [
            door.route("GET /v1/parcours/{prc}", self.person),
            *(door.route(f"GET {vue.chemin}", self._view(vue)) for vue in VUES),
            door.route("GET /v1/parcours/{prc}/feuille-de-route", self.sheet),
            door.route("GET /v1/parcours/{prc}/historique", self.history),
        ]

    def _view(self, vue: Vue) -> Handler:
        async def read(call: Call, request: Request) -> Response:
            _, shown = await self._shown(call, request, vue.lecture, vue.modele, vue.message)
            return answer(call, request, shown)

        return read

    async def person(self, call: Call, request: Request) -> Response:
        """The person and her parcours; to whoever only signalled her, its own words."""
        declare(call, request, CATALOGUE["parcours.partage"].finalites)
        if words := await self._sight.own_words(call, request.path_params["prc"]):
            return answer(call, request, words)
        _, vue = await self._shown(call, request, "usagers.parcours", VueParcours, "parcours.partage")
        return answer(call, request, vue)

    async def sheet(self, call: Call, request: Request) -> Response:
        """The roadmap: JSON, or the page that a professional hands to the person where `text/html` is preferred."""
        seen, vue = await self._shown(call, request, *_FEUILLE)
        if seen.roles <= _PAR_PRESCRIPTION and vue.get("prescriptions"):
            vue["prescriptions"] = await self._its_own(call, seen, vue["prescriptions"])
        if not prefere_html(request.headers.get("accept", "")):
            return answer(call, request, vue)
        passage = self._sight.passage(call, seen.roles)
        le = jour_legal(vue["departement"], datetime.now(UTC))
        told = page(vue, Contexte(le, call.partenaire.nom, passage.groupes, await self._prescribed(vue)))
        return etiquetee(
            call.partenaire.code,
            request,
            told.encode(),
            "text/html; charset=utf-8",
            Content_Security_Policy=CSP,
            Vary="Accept",
        )

    async def _prescribed(self, vue: Mapping[str, Any]) -> dict[str, Any]:
        """The records of the services that the view names and that are still in the catalogue."""
        named = {une["service_id"] for une in vue.get("prescriptions", ()) if une.get("service_id")}
        found = await asyncio.gather(*(self._sight.ask("offres.service", {"id": id_}) for id_ in sorted(named)))
        return {id_: fiche for id_, fiche in zip(sorted(named), found, strict=True) if fiche and "retire" not in fiche}

    async def _its_own(self, call: Call, seen: Seen, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Who takes part through a prescription knows that one, not to which other services the person is sent."""
        async with self._sight.pool.acquire() as conn:
            own = await prescriptions.du_partenaire(conn, seen.parcours, call.partenaire.code)
        names = {self._sight.object_name(call, interne) for interne in own}
        return [une for une in told if une["prescription_id"] in names]

    async def _shown(
        self, call: Call, request: Request, lecture: str, modele: type[Donnees], message: str
    ) -> tuple[Seen, dict[str, Any]]:
        """What the service says of this parcours, as this partner may see it. Raises the 404 of what is unknown."""
        declare(call, request, CATALOGUE[message].finalites)
        seen = await self._sight.find(call, request.path_params["prc"])
        self._sight.passage(call, seen.roles)
        demande = {"parcours": str(seen.parcours)}
        vue = await self._sight.ask(lecture, demande)
        if vue is None and (connu := await self._sight.ask("usagers.parcours", demande)):
            # Nothing that concerns this service was said of it yet.
            vue = await self._sight.ask(lecture, demande | {"departement": connu["departement"]})
        if vue is None:
            raise unknown()
        homonyms = await self._sight.homonyms(seen.parcours, modele, vue)
        return seen, self._sight.show(call, seen.roles, modele, vue, homonyms)

    async def history(self, call: Call, request: Request) -> Response:
        """Every event of the parcours that this partner received, or would receive today, the oldest first."""
        query = parameters(request)
        declare(call, request)
        seen = await self._sight.find(call, request.path_params["prc"])
        limite = nombre(query.get("limite"), "limite", _PAGE, _MAX_PAGE)
        liste = f"historique {seen.parcours}"
        after = (
            _position(self._bookmarks.read(call.partenaire.code, liste, query["apres"])) if "apres" in query else None
        )
        async with self._sight.pool.acquire() as conn:
            rows = await store.events_of(conn, call.partenaire.code, seen.parcours, after, limite)
            opened = await self._bodies.opened(conn, rows)
        self._sight.passage(call, seen.roles)
        told = [delivered for row in opened if (delivered := _told(row, call, seen))]
        suite = None
        if len(rows) == limite:
            last = [rows[-1]["recu_a"].isoformat(), str(rows[-1]["evenement"])]
            suite = self._bookmarks.write(call.partenaire.code, liste, last)
        events, _ = await self._bodies.build(call.demandeur, told)
        return answer(call, request, {"evenements": events, "suite": suite})


def _position(read: Any) -> tuple[datetime, UUID]:
    if read is None:
        raise curseur_inconnu()
    return datetime.fromisoformat(read[0]), UUID(read[1])


def _told(row: Any, call: Call, seen: Seen) -> Delivered | None:
    """As it was told to the partner; else as it would be today; None when it is not for it."""
    roles = seen.roles if row["roles"] is None else frozenset(map(Role, row["roles"]))
    if row["roles"] is None and "prescription_id" in row["corps"]["data"]:
        roles -= {Role.PRESCRIPTION}  # what was told of its own prescriptions, it received
    genre = call.partenaire.type_organisme
    if row["roles"] is None and not recoit(CATALOGUE[row["type"]], genre, roles, est_la_cause=False):
        return None
    return Delivered(row["numero"] or 0, row["evenement"], seen.parcours, row["type"], roles, row["corps"])
