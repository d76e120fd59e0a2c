"""The page of the exercises: in a sandbox, faults of a partner and what they did to its deliveries."""

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
from relais_contrats.administration.audit import Panne


class ExercisePages:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [guard.route("/exercices", Acte.VOIR_EXERCICES, self.page)]

    async def page(self, _: Request) -> Response:
        told = await self._ask("exercices", {})
        page = render(
            "exercices.html",
            page="/exercices",
            repond=told is not None,
            bac_a_sable=bool(told and told["bac_a_sable"]),
            partenaires=told["partenaires"] if told else [],
            exercices=[_exercise(row) for row in told["exercices"]] if told else [],
            pannes={panne.value: panne.description for panne in Panne},
        )
        return HTMLResponse(page)


def _exercise(row: Mapping[str, Any]) -> dict[str, Any]:
    instants = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in ("debut", "fin", "arrete_a")}
    return {**row, **instants}
