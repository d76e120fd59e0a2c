"""The page of the register: treatments and flows as the catalogue declares them; the same in a CSV."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import Guard
from console.access.rights import Acte
from console.templates import render
from relais_contrats.registre import flux, registre_csv, traitements


class RegisterPages:
    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/audit/registre", Acte.VOIR_REGISTRE, self.page),
            guard.route("/audit/registre.csv", Acte.VOIR_REGISTRE, self.export),
        ]

    async def page(self, _: Request) -> Response:
        return HTMLResponse(render("audit_registre.html", page="/audit", traitements=traitements(), flux=flux()))

    async def export(self, _: Request) -> Response:
        headers = {"Content-Disposition": 'attachment; filename="registre.csv"'}
        return Response(registre_csv().encode("utf-8-sig"), media_type="text/csv", headers=headers)
