"""The forms of the pages: each act of the table has an address of its own, which answers with the page it came from."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from console.access.guard import FORM_FIELD, Guard, form_lists
from console.access.rights import Acte as Own
from console.access.sessions import Operator, announce
from console.access.signin import local_target
from console.administration.desk import Desk, Refused
from console.administration.waiting import is_same_person
from console.templates import render
from relais_contrats.administration.acte import Acte, ActeEnAttente, ActeFait
from relais_contrats.administration.actes import ACTES
from relais_contrats.phrases import traduire

BACK = "retour"


class ActPages:
    """A form has the fields of the act's body; several fields of one name are a list, an empty one is absent."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        return [
            *(guard.route(f"/actes/{nom}", nom, self._asking(acte), ["POST"]) for nom, acte in ACTES.items()),
            guard.route("/a-confirmer", Own.CONFIRMER, self.waiting),
            guard.route("/a-confirmer/{id}/confirmer", Own.CONFIRMER, self.confirm, ["POST"]),
            guard.route("/a-confirmer/{id}/ecarter", Own.CONFIRMER, self.put_aside, ["POST"]),
        ]

    async def waiting(self, request: Request) -> Response:
        operator: Operator = request.state.operateur
        rows = [
            {
                **row,
                "phrase": ACTES[row["acte"]].phrase,
                "est_a_moi": is_same_person(operator.agent, row["par"]),
                "est_permis": operator.may(row["acte"]),
                "champs": [(name, _said(value)) for name, value in row["corps"].items()],
            }
            for row in await self._desk.listed()
        ]
        page = render(
            "a_confirmer.html",
            page="/a-confirmer",
            attentes=[row for row in rows if row["etat"] == "a-confirmer"],
            passees=[row for row in rows if row["etat"] != "a-confirmer"],
            quatre_yeux=self._desk.quatre_yeux,
        )
        return HTMLResponse(page)

    async def confirm(self, request: Request) -> Response:
        try:
            fait = await self._desk.confirm(request.state.operateur, asked_id(request))
        except Refused as refused:
            return HTMLResponse(_not_done("Confirmer", [refused.phrase], "/a-confirmer"), refused.status)
        return done(request, "Confirmé et fait", fait, "/a-confirmer")

    async def put_aside(self, request: Request) -> Response:
        try:
            await self._desk.put_aside(request.state.operateur, asked_id(request))
        except Refused as refused:
            return HTMLResponse(_not_done("Écarter", [refused.phrase], "/a-confirmer"), refused.status)
        announce(request, "Écarté : rien n'a été fait.")
        return RedirectResponse("/a-confirmer", 303)

    def _asking(self, acte: Acte) -> Callable[[Request], Awaitable[Response]]:
        async def ask(request: Request) -> Response:
            fields = await form_lists(request)
            back = local_target((fields.pop(BACK, None) or ["/"])[0])
            fields.pop(FORM_FIELD, None)
            try:
                corps = acte.corps.model_validate(_body(acte, fields))
                told = await self._desk.ask(request.state.operateur, acte, corps)
            except ValidationError as error:
                said = [f"{one.pointeur.strip('/')} : {one.message}" for one in traduire(error)]
                return HTMLResponse(_not_done(acte.phrase, said, back), 422)
            except Refused as refused:
                return HTMLResponse(_not_done(acte.phrase, [refused.phrase], back), refused.status)
            if isinstance(told, ActeEnAttente):
                announce(request, "Demandé : un autre opérateur doit le confirmer dans les 24 heures.")
                return RedirectResponse("/a-confirmer", 303)
            return done(request, f"Fait : {acte.phrase[0].lower()}{acte.phrase[1:]}", told, back)

        return ask


def _body(acte: Acte, fields: dict[str, list[str]]) -> dict[str, object]:
    """What the form says, in the shape of the body; `a.b` is the field `b` of the one element of the list `a`. Raises
    HTTPException 400 for two values where one is meant."""
    body: dict[str, Any] = {}
    for name, values in fields.items():
        told = [value.strip() for value in values if value.strip()]
        name, _, inside = name.partition(".")
        known = acte.corps.model_fields.get(name)
        is_list = known is not None and "list" in str(known.annotation)
        if len(told) > 1 and (inside or not is_list):
            raise HTTPException(400)
        if told and inside:
            body.setdefault(name, [{}])[0][inside] = told[0]
        elif told:
            body[name] = told if is_list else told[0]
    return body


def done(request: Request, said: str, fait: ActeFait, back: str) -> Response:
    """Return to the page of the form. A secret is shown first, once."""
    if "client_secret" in fait.resultat:
        return HTMLResponse(render("acte_secret.html", dit=said, secret=fait.resultat, retour=back))
    announce(request, f"{said} ({fait.objet}).")
    return RedirectResponse(back, 303)


def asked_id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["id"])
    except ValueError as error:
        raise HTTPException(404) from error


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _not_done(phrase: str, said: Sequence[str], back: str) -> str:
    return render("acte_refuse.html", phrase=phrase, dit=said, retour=back)
