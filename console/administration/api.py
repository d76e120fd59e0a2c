"""The administration API: each act of the table, over HTTP. Its document is derived from the routes that run."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson
from fastapi.openapi.utils import get_openapi
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from console.access.guard import Guard, Public
from console.access.rights import Acte as Own
from console.administration.desk import Desk, Refused
from console.administration.pages import asked_id
from console.administration.routes import ApiRoute, api_route
from console.hub import Ask
from console.shell import plain
from relais_contrats.administration.acte import Acte, ActeEnAttente, ActeFait, Portee
from relais_contrats.administration.actes import ACTES
from relais_contrats.administration.vues import VUES, Vue
from relais_contrats.lecture import Erreur
from relais_contrats.openapi import composants
from relais_contrats.operations import JSON, UUID, Operation, Parametre, lu, rendu
from relais_contrats.phrases import traduire
from relais_contrats.problemes import MEDIA_TYPE, Problem, body

_MAX_BODY_BYTES = 65_536
_INFO: Mapping[str, Any] = {
    "title": "Relais : API d'administration",
    "version": "1.0.0",
    "description": "Ce que font les pages de la console, pour des machines. Jeton `client_credentials` obtenu à "
    "`/oauth/token` (private_key_jwt), lié à une clé par DPoP.",
}


class AdministrationApi:
    def __init__(self, desk: Desk, ask: Ask) -> None:
        self._desk = desk
        self._ask = ask

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        self._served = [
            *(api_route(guard, _operation(acte), nom, self._asking(acte)) for nom, acte in ACTES.items()),
            api_route(guard, _LISTED, Own.CONFIRMER, self._list),
            api_route(guard, _CONFIRMED, Own.CONFIRMER, self._confirm),
            api_route(guard, _PUT_ASIDE, Own.CONFIRMER, self._put_aside),
            *(api_route(guard, _view(vue), Own.ADMINISTRER_LIRE, self._telling(vue)) for vue in VUES),
        ]
        return [*self._served, Public("/administration/openapi.json", self.document, methods=["GET"])]

    async def document(self, _: Request) -> Response:
        return Response(orjson.dumps(self.openapi(), option=orjson.OPT_SORT_KEYS), media_type=JSON)

    def openapi(self) -> dict[str, Any]:
        served: list[ApiRoute] = self._served
        derived: dict[str, Any] = get_openapi(
            title=_INFO["title"], version=_INFO["version"], description=_INFO["description"], routes=served
        )
        return derived | {"components": composants([route.operation for route in served])}

    def _asking(self, acte: Acte) -> Callable[[Request], Awaitable[Response]]:
        async def ask(request: Request) -> Response:
            try:
                corps = acte.corps.model_validate(await _read(request))
                fait = await self._desk.ask(request.state.operateur, acte, corps)
            except ValidationError as error:
                return _problem(Problem("schema-invalide", erreurs=list(traduire(error))), request)
            except Refused as refused:
                return _refused(refused, request)
            return _made(fait)

        return ask

    async def _list(self, _: Request) -> Response:
        return Response(orjson.dumps(await self._desk.listed()), media_type=JSON)

    async def _confirm(self, request: Request) -> Response:
        try:
            return _made(await self._desk.confirm(request.state.operateur, asked_id(request)))
        except Refused as refused:
            return _refused(refused, request)

    async def _put_aside(self, request: Request) -> Response:
        try:
            await self._desk.put_aside(request.state.operateur, asked_id(request))
        except Refused as refused:
            return _refused(refused, request)
        return Response(status_code=204)

    def _telling(self, vue: Vue) -> Callable[[Request], Awaitable[Response]]:
        async def tell(request: Request) -> Response:
            asked = request.query_params
            if set(asked) - {vue.parametre}:
                raise HTTPException(400)
            told = await self._ask(vue.nom, {name: plain(value) for name, value in asked.items()})
            if told is None:
                raise HTTPException(404 if asked else 503)
            return Response(orjson.dumps(told), media_type=JSON)

        return tell


_ID = Parametre("id", "Identifiant de la demande.", UUID, requis=True)
_WAITING = "/administration/v1/a-confirmer"
_LISTED = Operation(
    "GET",
    _WAITING,
    "Lister les actes sensibles demandés",
    Portee.EXPLOITER.value,
    lu("Ceux qui attendent d'abord.", {}),
)
_CONFIRMED = Operation(
    "POST",
    f"{_WAITING}/{{id}}/confirmer",
    "Confirmer ce qu'un autre a demandé",
    Portee.EXPLOITER.value,
    lu("L'acte est fait.", ActeFait),
    cle=_ID,
)
_PUT_ASIDE = Operation(
    "POST",
    f"{_WAITING}/{{id}}/ecarter",
    "Écarter ce qui est demandé",
    Portee.EXPLOITER.value,
    {204: rendu("Écarté.")},
    cle=_ID,
)


def _made(told: ActeFait | ActeEnAttente) -> Response:
    status = 202 if isinstance(told, ActeEnAttente) else 200
    return Response(orjson.dumps(told.model_dump(mode="json")), status, media_type=JSON)


def _view(vue: Vue) -> Operation:
    narrowed = (Parametre(vue.parametre, "Celui-là seulement."),) if vue.parametre else ()
    answers = lu("La vue.", {})
    return Operation("GET", vue.chemin, vue.phrase, vue.portee.value, answers, narrowed)


def _operation(acte: Acte) -> Operation:
    answers = lu("L'acte est fait, et écrit au registre.", ActeFait)
    if acte.est_sensible:
        answers[202] = rendu("Avec quatre yeux : il attend un second opérateur.", ActeEnAttente)
    return Operation("POST", acte.chemin, acte.phrase, acte.portee.value, answers, corps={JSON: acte.corps})


async def _read(request: Request) -> Any:
    """The JSON of the body. Raises HTTPException."""
    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > _MAX_BODY_BYTES:
                raise HTTPException(413)
        return orjson.loads(content)
    except (orjson.JSONDecodeError, ClientDisconnect) as error:
        raise HTTPException(400) from error


def _refused(refused: Refused, request: Request) -> Response:
    errors = [Erreur(refused.pointeur, refused.code, refused.phrase)]
    told = {
        "type": f"{request.base_url}problemes/{refused.code}",
        "title": "Ce n'est pas fait",
        "status": refused.status,
        "detail": refused.phrase,
        "code": refused.code,
        "erreurs": [one._asdict() for one in errors] if refused.pointeur else [],
    }
    return Response(orjson.dumps(told), refused.status, media_type=MEDIA_TYPE)


def _problem(problem: Problem, request: Request) -> Response:
    told = body(problem, str(request.base_url).rstrip("/"), None)
    return Response(orjson.dumps(told), problem.status, media_type=MEDIA_TYPE)
