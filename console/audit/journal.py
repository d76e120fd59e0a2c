"""The page of the access journal: who asked for what, who saw whom, what was refused, what operators did."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

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

GENRES = {
    "": "tous",
    "partenaires": "des partenaires",
    "operateurs": "des opérateurs",
    "refus": "refusés",
    "anonymes": "sans identité prouvée",
}
_TEXTS = ("partenaire", "agent", "parcours", "code", "trace")


class AccessPages:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [guard.route("/audit", Acte.VOIR_AUDIT, self.page)]

    async def page(self, request: Request) -> Response:
        given = request.query_params
        champs = {name: plain(given.get(name, "")) for name in (*_TEXTS, "genre", "du", "au", "apres")}
        if champs["genre"] not in GENRES:
            raise HTTPException(400)
        told = await self._ask("audit", _demande(champs))
        page = render(
            "audit.html",
            page="/audit",
            champs=champs,
            genres=GENRES,
            repond=told is not None,
            lignes=[_line(row) for row in told["lignes"]] if told else [],
            inconnu=bool(told and told["inconnu"]),
            suite=_next(champs, told["suite"]) if told and told["suite"] else "",
        )
        return HTMLResponse(page)


def _demande(champs: Mapping[str, str]) -> dict[str, Any]:
    """Days are those of Paris, the last one whole."""
    demande: dict[str, Any] = {name: champs[name] for name in (*_TEXTS, "genre", "apres")}
    for name, field, more in (("depuis", "du", 0), ("jusqua", "au", 1)):
        if champs[field]:
            demande[name] = _midnight(champs[field], more).isoformat()
    return demande


def _midnight(text: str, more_days: int) -> datetime:
    try:
        day = date.fromisoformat(text) + timedelta(days=more_days)
    except (ValueError, OverflowError) as error:
        raise HTTPException(400) from error
    return datetime.combine(day, time(), PARIS)


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "a": datetime.fromisoformat(row["a"])}


def _next(champs: Mapping[str, str], suite: str) -> str:
    kept = {name: value for name, value in champs.items() if value and name != "apres"}
    return "/audit?" + urlencode(kept | {"apres": suite})
