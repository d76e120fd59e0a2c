"""The page of all messages, what each operator keeps of its searches, and the export."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute

from chassis.database import Pool
from console import presentation as dire
from console.access.guard import Guard, form
from console.access.rights import Acte
from console.hub import Ask
from console.messages import searches
from console.messages.export import exported
from console.messages.filters import ETATS, Filtre
from console.shell import plain
from console.templates import render
from relais_contrats.refus import REFUS
from relais_contrats.territoires import TERRITOIRES

_log = structlog.get_logger()
_PATH = "/messages"
_LONGEST_NAME, _LONGEST_QUERY = 60, 2000
_FORMATS = {"csv": "text/csv", "ndjson": "application/x-ndjson"}


class MessagePages:
    def __init__(self, pool: Pool, ask: Ask) -> None:
        self._pool = pool
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            guard.route(_PATH, Acte.VOIR_MESSAGES, self.page),
            guard.route(f"{_PATH}.csv", Acte.EXPORTER_MESSAGES, self.export),
            guard.route(f"{_PATH}.ndjson", Acte.EXPORTER_MESSAGES, self.export),
            guard.route(f"{_PATH}/recherches", Acte.VOIR_MESSAGES, self.keep, ["POST"]),
            guard.route(f"{_PATH}/recherches/retirer", Acte.VOIR_MESSAGES, self.forget, ["POST"]),
        ]

    async def page(self, request: Request, erreur: str = "") -> Response:
        filtre, after = Filtre.read(request.query_params), _number(request.query_params.get("avant"))
        told = await self._ask("messages", filtre.asked(avant=after, compte=after is None))
        async with self._pool.acquire() as conn:
            kept = await searches.kept(conn, request.state.operateur.agent)
        page = render(
            "messages.html",
            page=_PATH,
            erreur=erreur,
            filtre=filtre,
            etats=ETATS,
            types=dire.types(),
            codes=sorted(REFUS),
            territoires=TERRITOIRES,
            gardees=kept,
            repond=told is not None,
            lignes=[_line(row) for row in told["messages"]] if told else [],
            compte=_count(told) if told and after is None else None,
            suite=f"{_PATH}?{urlencode(filtre.filled | {'avant': told['suite']})}" if told and told["suite"] else "",
        )
        return HTMLResponse(page, 400 if erreur else 200)

    async def export(self, request: Request) -> Response:
        """All that fits, without a limit: it is written as the gateway tells it."""
        format_, filtre = request.url.path.rpartition(".")[2], Filtre.read(request.query_params)
        written = await exported(self._ask, filtre, format_)
        _log.info("console.messages_exported", agent=request.state.operateur.agent, filters=sorted(filtre.filled))
        headers = {"Content-Disposition": f'attachment; filename="messages.{format_}"'}
        return StreamingResponse(written, media_type=_FORMATS[format_], headers=headers)

    async def keep(self, request: Request) -> Response:
        """A search is its filters: whatever else its address holds is left out."""
        fields = await form(request)
        nom, filtre = plain(fields.get("nom", "")), Filtre.read(QueryParams(fields.get("requete", "")))
        if not 0 < len(nom) <= _LONGEST_NAME or len(filtre.query) > _LONGEST_QUERY:
            raise HTTPException(400)
        async with self._pool.acquire() as conn:
            if not await searches.keep(conn, request.state.operateur.agent, nom, filtre.query):
                raise HTTPException(409)
        return RedirectResponse(f"{_PATH}?{filtre.query}", 303)

    async def forget(self, request: Request) -> Response:
        async with self._pool.acquire() as conn:
            await searches.forget(conn, request.state.operateur.agent, (await form(request)).get("nom", ""))
        return RedirectResponse(_PATH, 303)


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise HTTPException(400)
    return int(text)


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    code = REFUS.get(row["code"] or "")
    return {**row, "a": datetime.fromisoformat(row["a"]), "titre_du_code": code.titre if code else ""}


def _count(told: Mapping[str, Any]) -> dict[str, Any]:
    """By state, in the order of the table of states; `est_plus`: there are more than were counted."""
    numbers = told["nombres"]
    of_deposits = sum(number for etat, number in numbers.items() if etat != "refuse-a-l-entree")
    return {
        "total": sum(numbers.values()),
        "par_etat": [(etat, numbers[etat]) for etat in ETATS if numbers.get(etat)],
        "est_plus": told["compte_max"] in (of_deposits, numbers.get("refuse-a-l-entree")),
    }
