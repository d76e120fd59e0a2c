"""The page of the proofs: verifications of the chains that were asked for, and what each found."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import Guard
from console.access.rights import Acte
from console.hub import Ask
from console.templates import render

_CHAINS = {"recus": "reçus", "acces": "accès"}


class ProofPages:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [guard.route("/audit/preuves", Acte.VOIR_AUDIT, self.page)]

    async def page(self, _: Request) -> Response:
        told = await self._ask("verifications", {})
        shown = [_verification(row) for row in told or ()]
        page = render(
            "audit_preuves.html",
            page="/audit",
            repond=told is not None,
            verifications=shown,
            en_cours=any(one["finie_a"] is None for one in shown),
            chaines=_CHAINS,
        )
        return HTMLResponse(page)


def _verification(row: Mapping[str, Any]) -> dict[str, Any]:
    began, ended = (datetime.fromisoformat(row[name]) if row[name] else None for name in ("demandee_a", "finie_a"))
    return {**row, "demandee_a": began, "finie_a": ended, "duree": ended - began if began and ended else None}
