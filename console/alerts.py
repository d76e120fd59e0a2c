"""The page of the alarms: what is open, what was, the thresholds, whom to tell. The gateway evaluates and sends."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import Guard
from console.access.rights import Acte
from console.hub import Ask
from console.templates import render
from relais_contrats.administration.alertes import ESSAI, NATURES, Nature

_TRIAL = Nature("Alerte d'essai", "", 0)


class Alerts:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [guard.route("/alertes", Acte.VOIR_ALERTES, self.page)]

    async def page(self, _: Request) -> Response:
        told = await self._ask("alertes", {})
        return HTMLResponse(render("alertes.html", page="/alertes", told=told, natures={**NATURES, ESSAI: _TRIAL}))
