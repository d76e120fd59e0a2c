"""`/v1/parcours/{prc}` and its sub-resources: one parcours as its participants may see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import prescriptions
from gateway.bodies import Bodies, Delivered
from gateway.feuille_page import Contexte, page
from gateway.feuille_style import CSP
from gateway.inbound import reads_store as store
from gateway.inbound.bookmarks import Bookmarks
from gateway.inbound.door import Call, Door, Handler
from gateway.inbound.feed import invalid
from gateway.inbound.query import number, parameters
from gateway.inbound.sight import PARIS, Seen, Sight, answer, declare, tagged, unknown
from gateway.partners import Partenaire
from gateway.rights import Role, groupes_visibles, recoit
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.modele import Donnees
from relais_contrats.v1.vues import VueOrientations, VueParcours
from relais_contrats.v1.vues_engagements import VueContrat
from relais_contrats.v1.vues_feuille import VueFeuilleDeRoute
from relais_contrats.v1.vues_referents import VueReferent, VueRendezVous

SCOPE = "parcours:lire"
_PAGE, _MAX_PAGE = 100, 500
_PAR_PRESCRIPTION = frozenset({Role.PRESCRIPTION, Role.OPPOSITION})


# Path, `lecture.<service>.<vue>` that answers, and what of it may leave the hub.
_VUES: Mapping[str, tuple[str, type[Donnees]]] = {
    "": ("usagers.parcours", VueParcours),
    "/orientations": ("orientation.orientations", VueOrientations),
    "/referent": ("referents.referent", VueReferent),
    "/rdv": ("referents.rdv", VueRendezVous),
    "/contrat": ("engagements.contrat", VueContrat),
}


class Reads:
    def __init__(self, sight: Sight, bodies: Bodies, bookmarks: Bookmarks) -> None:
        self._sight = sight
        self._bodies = bodies
        self._bookmarks = bookmarks

    def routes(self, door: Door) -> list[Route]:
        one = "/v1/parcours/{prc}"
        views = [Route(one + path, door.guard(SCOPE, self._view(*vue)), methods=["GET"]) for path, vue in _VUES.items()]
        return [
            *views,
            Route(f"{one}/feuille-de-route", door.guard(SCOPE, self.sheet), methods=["GET"]),
            Route(f"{one}/historique", door.guard(SCOPE, self.history), methods=["GET"]),
        ]

    def _view(self, lecture: str, modele: type[Donnees]) -> Handler:
        async def read(call: Call, request: Request) -> Response:
            _, vue = await self._shown(call, request, lecture, modele)
            return answer(request, vue)

        return read

    async def sheet(self, call: Call, request: Request) -> Response:
        """The roadmap: JSON, or the page that a professional hands to the person where `text/html` is preferred."""
        seen, vue = await self._shown(call, request, "feuille_de_route.feuille", VueFeuilleDeRoute)
        if seen.roles <= _PAR_PRESCRIPTION and vue.get("prescriptions"):
            vue["prescriptions"] = await self._its_own(call, seen, vue["prescriptions"])
        if not _prefers_html(request.headers.get("accept", "")):
            return answer(request, vue)
        groupes = groupes_visibles(call.partenaire, seen.roles)
        told = page(vue, Contexte(datetime.now(PARIS).date(), call.partenaire.nom, groupes))
        return tagged(request, told.encode(), "text/html; charset=utf-8", Content_Security_Policy=CSP, Vary="Accept")

    async def _its_own(self, call: Call, seen: Seen, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Who takes part through a prescription knows that one, not to which other services the person is sent."""
        async with self._sight.pool.acquire() as conn:
            own = await prescriptions.du_partenaire(conn, seen.parcours, call.partenaire.code)
        return [une for une in told if une["prescription_id"] in own]

    async def _shown(
        self, call: Call, request: Request, lecture: str, modele: type[Donnees]
    ) -> tuple[Seen, dict[str, Any]]:
        """What the service says of this parcours, as this partner may see it. Raises the 404 of what is unknown."""
        parameters(request, [])
        declare(call, request)
        seen = await self._sight.find(call, request.path_params["prc"])
        vue = await self._sight.ask(lecture, {"parcours": str(seen.parcours)})
        if vue is None:
            raise unknown()
        return seen, self._sight.show(call, seen.roles, modele, vue)

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


def _prefers_html(accept: str) -> bool:
    """Whether `text/html` comes with a higher weight than JSON (RFC 9110 § 12.5.1); neither named: JSON."""
    weights = {"text/html": 0.0, "application/json": 0.0}
    for part in accept.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name in weights:
            weights[name] = next((_weight(p) for p in parameters if p.startswith("q=")), 1.0)
    return weights["text/html"] > weights["application/json"]


def _weight(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0


def _position(read: Any) -> tuple[datetime, UUID]:
    if read is None:
        raise invalid("apres", "Ce curseur n'a pas été donné par le hub à ce partenaire pour cette liste.")
    return datetime.fromisoformat(read[0]), UUID(read[1])


def _told(row: Any, partenaire: Partenaire, seen: Seen) -> Delivered | None:
    """As it was told to the partner; else as it would be today; None when it is not for it."""
    roles = seen.roles if row["roles"] is None else frozenset(map(Role, row["roles"]))
    if row["roles"] is None and "prescription_id" in row["corps"]["data"]:
        roles -= {Role.PRESCRIPTION}  # what was told of its own prescriptions, it received
    if row["roles"] is None and not recoit(CATALOGUE[row["type"]], partenaire, roles, est_la_cause=False):
        return None
    return Delivered(row["numero"] or 0, row["evenement"], seen.parcours, row["type"], roles, row["corps"])
