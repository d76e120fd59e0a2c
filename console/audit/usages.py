"""The page of the uses: what each partner did in a month, beside the others of its kind. Counts, never an agent."""

from collections.abc import Sequence
from datetime import date, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import Guard
from console.access.rights import Acte
from console.hub import Ask
from console.presentation import PARIS
from console.shell import plain
from console.templates import render

_MONTHS = 12


class UsagePages:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [guard.route("/audit/usages", Acte.VOIR_AUDIT, self.page)]

    async def page(self, request: Request) -> Response:
        months = _last_months(datetime.now(PARIS).date())
        mois = plain(request.query_params.get("mois", "")) or months[0]
        if mois not in months:
            raise HTTPException(400)
        told = await self._ask("usages", {"mois": f"{mois}-01"})
        page = render(
            "audit_usages.html",
            page="/audit",
            mois=mois,
            tous_les_mois=months,
            repond=told is not None,
            lignes=told or [],
        )
        return HTMLResponse(page)


def _last_months(today: date) -> list[str]:
    ranks = range(today.year * 12 + today.month - 1, today.year * 12 + today.month - 1 - _MONTHS, -1)
    return [f"{rank // 12}-{rank % 12 + 1:02d}" for rank in ranks]
