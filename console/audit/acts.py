"""The page of the register of acts: which operator did what to the hub, and who confirmed it."""

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import Guard
from console.access.rights import TABLE, Acte
from console.hub import Ask
from console.shell import plain
from console.templates import render

_NUMBER = re.compile(r"[0-9]{0,18}")


class RegisteredActs:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [guard.route("/audit/actes", Acte.VOIR_AUDIT, self.page)]

    async def page(self, request: Request) -> Response:
        champs = {name: plain(request.query_params.get(name, "")) for name in ("par", "objet", "apres")}
        if not _NUMBER.fullmatch(champs["apres"]):
            raise HTTPException(400)
        told = await self._ask("actes", champs | {"apres": int(champs["apres"] or 0)})
        kept = {name: champs[name] for name in ("par", "objet") if champs[name]}
        page = render(
            "audit_actes.html",
            page="/audit",
            champs=champs,
            repond=told is not None,
            actes=[{**one, "a": datetime.fromisoformat(one["a"])} for one in told["actes"]] if told else [],
            suite="/audit/actes?" + urlencode(kept | {"apres": told["suite"]}) if told and told["suite"] else "",
            phrases={nom: phrase for nom, (phrase, _) in TABLE.items()},
        )
        return HTMLResponse(page)
