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
from console.administration.desk import Desk, Refused
from console.administration.routes import ApiRoute, api_route
from relais_contrats.administration.acte import Acte, ActeFait
from relais_contrats.administration.actes import ACTES
from relais_contrats.lecture import Erreur
from relais_contrats.openapi import composants
from relais_contrats.operations import JSON, Operation, lu
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
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self, guard: Guard) -> Sequence[BaseRoute]:
        self._served = [api_route(guard, _operation(acte), nom, self._asking(acte)) for nom, acte in ACTES.items()]
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
            return Response(orjson.dumps(fait.model_dump(mode="json")), media_type=JSON)

        return ask


def _operation(acte: Acte) -> Operation:
    answers = lu("L'acte est fait, et écrit au registre.", ActeFait)
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
