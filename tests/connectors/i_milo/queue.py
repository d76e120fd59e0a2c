"""i-milo, as its published clients read it: a queue of events until they are acknowledged, and what they are about."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY = "cle-d-essai"
DOSSIER = {
    "idDossier": 1234,
    "idJeune": "x",
    "numeroDE": "12345678901",
    "nomNaissance": "FICTIVE",
    "nomUsage": "EXEMPLE",
    "prenom": "Zoé",
    "dateNaissance": "2006-02-01",
}
RDV = {
    "id": 5678,
    "idDossier": 1234,
    "dateHeureDebut": "2026-12-14 09:00:00",
    "dateHeureFin": "2026-12-14 09:45:00",
    "objet": "Point d'étape",
    "conseiller": "MODELE Dominique",
    "commentaire": "",
    "type": "Rendez-vous",
    "lieu": "2 place Exemple 59000 Exempleville",
    "statut": "Planifié",
}
SEANCE = RDV | {"id": 77, "idSession": "9", "nom": "Atelier", "statut": "Prescrit"}


class Queue:
    """`failures`: status codes that are answered first."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []
        self.acknowledged: list[str] = []
        self.things: dict[str, Any] = {"/operateurs/dossiers/1234": dict(DOSSIER)}
        self.failures: list[int] = []

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def tell(self, type_: str, action: str, id_: int | None = 5678, **fields: Any) -> str:
        """A new event; its id."""
        number = len(self.waiting) + len(self.acknowledged) + 1
        date = f"2026-11-30T08:{number:02d}:00"
        event = {"identifiant": f"e{number}", "idDossier": 1234, "type": type_, "action": action, "idType": id_}
        self.waiting.append(event | {"date": date} | fields)
        return f"e{number}"

    def rdv(self, **fields: Any) -> None:
        self.things["/operateurs/dossiers/1234/rdv/5678"] = RDV | fields

    def seance(self, **fields: Any) -> None:
        self.things["/operateurs/dossiers/1234/sessions/77"] = SEANCE | fields

    async def _answer(self, request: Request) -> Response:
        if self.failures:
            return JSONResponse({}, self.failures.pop(0))
        if request.headers.get("x-gravitee-api-key") != KEY or request.headers.get("operateur") != "relais":
            return JSONResponse({}, 401)
        path = request.url.path
        if path == "/operateurs/events":
            return JSONResponse(self.waiting)
        if request.method == "POST":
            id_ = path.removeprefix("/operateurs/events/").removesuffix("/ack")
            self.waiting = [one for one in self.waiting if one.get("identifiant") != id_]
            self.acknowledged.append(id_)
            return Response(status_code=204)
        return JSONResponse(self.things[path]) if path in self.things else JSONResponse({}, 404)
