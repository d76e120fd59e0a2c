"""The pages about the operators themselves: who may do what, who they are, when they came in."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from chassis.database import Pool
from console.access import store
from console.access.guard import Guard
from console.access.rights import TABLE, Acte, Role, may
from console.templates import render

_SHOWN = 100
_ORIGINS = {"local": "cette console", "oidc": "fournisseur d'identité"}
_ACTS = {"entree": "entrée", "entree-refusee": "entrée refusée", "sortie": "sortie"}


class OperatorPages:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route("/droits", Acte.VOIR_DROITS, self.rights),
            guard.route("/operateurs", Acte.VOIR_OPERATEURS, self.operators),
        ]

    async def rights(self, _: Request) -> Response:
        lines = [(title, [may(role, acte) for role in Role]) for acte, (title, _) in TABLE.items()]
        return HTMLResponse(render("droits.html", page="/droits", lignes=lines, roles=list(Role)))

    async def operators(self, _: Request) -> Response:
        async with self._pool.acquire() as conn:
            known, acts = await store.operators(conn), await store.last_acts(conn, _SHOWN)
        page = render(
            "operateurs.html", page="/operateurs", operateurs=known, gestes=acts, origines=_ORIGINS, noms=_ACTS
        )
        return HTMLResponse(page)
