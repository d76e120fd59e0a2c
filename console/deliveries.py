"""The pages of what goes out: subscriptions, replays, what is set aside, failures. The gateway tells what they show."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import Guard
from console.access.rights import Acte
from console.hub import Ask
from console.shell import asked, plain
from console.templates import render
from relais_contrats.briques import BRIQUES

ETATS = {
    "actif": "actif",
    "a-verifier": "à vérifier",
    "inactif": "inactif",
    "suspendu": "suspendu",
}
RESPONSABLES = {"emetteur": "l'émetteur", "recepteur": "le récepteur", "nous": "nous"}
NATURES = {
    "depot": "dépôt",
    "evenement": "événement",
    "echeance": "échéance",
    "livraison": "livraison",
    "illisible": "illisible",
}


class Deliveries:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/livraisons", Acte.VOIR_LIVRAISONS, self.subscriptions),
            guard.route("/livraisons/{id}", Acte.VOIR_LIVRAISONS, self.subscription),
            guard.route("/rejeux", Acte.VOIR_LIVRAISONS, self.replays),
            guard.route("/rebut", Acte.VOIR_LIVRAISONS, self.aside),
            guard.route("/rebut/{id}", Acte.VOIR_LIVRAISONS, self.parked),
            guard.route("/pannes", Acte.VOIR_LIVRAISONS, self.failures),
        ]

    async def subscriptions(self, request: Request) -> Response:
        filtre = {name: plain(request.query_params.get(name, "")) for name in ("partenaire", "etat")}
        told = await self._ask("livraisons", filtre | {"page": _page(request)})
        suite = urlencode({**filtre, "page": told["suite"]}) if told and told["suite"] else None
        return _shown("livraisons.html", "/livraisons", told=told, filtre=filtre, suite=suite, etats=ETATS)

    async def subscription(self, request: Request) -> Response:
        told = await self._ask("abonnement", {"id": asked(request, "id")})
        if told is None:
            raise HTTPException(404)
        return _shown("abonnement.html", "/livraisons", un=told, etats=ETATS)

    async def replays(self, request: Request) -> Response:
        filtre = {"partenaire": plain(request.query_params.get("partenaire", ""))}
        told = await self._ask("rejeux", filtre)
        choisi = plain(request.query_params.get("abonnement", ""))
        return _shown("rejeux.html", "/rejeux", told=told, filtre=filtre, choisi=choisi)

    async def aside(self, request: Request) -> Response:
        query = request.query_params
        filtre = {"composant": plain(query.get("composant", "")), "tous": query.get("tous") == "1"}
        told = await self._ask("rebut", filtre)
        return _shown("rebut.html", "/rebut", told=told, filtre=filtre, natures=NATURES, composants=_COMPONENTS)

    async def parked(self, request: Request) -> Response:
        """One thing set aside; several components may have set the same one aside."""
        told = await self._ask("rebut", {"id": asked(request, "id"), "tous": True})
        if told is None or not told["elements"]:
            raise HTTPException(404)
        return _shown("rebut_un.html", "/rebut", told=told, natures=NATURES)

    async def failures(self, request: Request) -> Response:
        told = await self._ask("pannes", {})
        wanted = plain(request.query_params.get("responsable", ""))
        if told and wanted in RESPONSABLES:
            told["pannes"] = [one for one in told["pannes"] if one["responsable"] == wanted]
        return _shown("pannes.html", "/pannes", told=told, voulu=wanted, responsables=RESPONSABLES)


_COMPONENTS = ("sortant", *sorted(brique.nom for brique in BRIQUES))


def _page(request: Request) -> int:
    text = request.query_params.get("page", "0")
    if not (text.isascii() and text.isdecimal()) or len(text) > 4:
        raise HTTPException(400)
    return int(text)


def _shown(name: str, page: str, **values: Any) -> Response:
    return HTMLResponse(render(name, page=page, maintenant=datetime.now(UTC), **values))
