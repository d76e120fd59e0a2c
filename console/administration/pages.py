"""The forms of the pages: each act of the table has an address of its own, which answers with the page it came from."""

from collections.abc import Awaitable, Callable, Sequence

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import FORM_FIELD, Guard, form_lists
from console.access.sessions import announce
from console.access.signin import local_target
from console.administration.desk import Desk, Refused
from console.templates import render
from relais_contrats.administration.acte import Acte
from relais_contrats.administration.actes import ACTES
from relais_contrats.phrases import traduire

BACK = "retour"


class ActPages:
    """A form has the fields of the act's body; several fields of one name are a list, an empty one is absent."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [guard.route(f"/actes/{nom}", nom, self._asking(acte), ["POST"]) for nom, acte in ACTES.items()]

    def _asking(self, acte: Acte) -> Callable[[Request], Awaitable[Response]]:
        async def ask(request: Request) -> Response:
            fields = await form_lists(request)
            back = local_target((fields.pop(BACK, None) or ["/"])[0])
            fields.pop(FORM_FIELD, None)
            try:
                corps = acte.corps.model_validate(_body(acte, fields))
                await self._desk.ask(request.state.operateur, acte, corps)
            except ValidationError as error:
                said = [f"{one.pointeur.strip('/')} : {one.message}" for one in traduire(error)]
                return HTMLResponse(_not_done(acte, said, back), 422)
            except Refused as refused:
                return HTMLResponse(_not_done(acte, [refused.phrase], back), refused.status)
            announce(request, f"Fait : {acte.phrase[0].lower()}{acte.phrase[1:]}.")
            return RedirectResponse(back, 303)

        return ask


def _body(acte: Acte, fields: dict[str, list[str]]) -> dict[str, object]:
    """What the form says, in the shape of the body. Raises HTTPException 400 for two values where one is meant."""
    body: dict[str, object] = {}
    for name, values in fields.items():
        told = [value.strip() for value in values if value.strip()]
        known = acte.corps.model_fields.get(name)
        is_list = known is not None and "list" in str(known.annotation)
        if not is_list and len(told) > 1:
            raise HTTPException(400)
        if told:
            body[name] = told if is_list else told[0]
    return body


def _not_done(acte: Acte, said: Sequence[str], back: str) -> str:
    return render("acte_refuse.html", acte=acte, dit=said, retour=back)
