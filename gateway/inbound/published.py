"""What everybody may read without a token: the catalogue, its schemas and examples, the API, what refusals mean."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from html import escape
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from gateway.inbound.request import problems
from gateway.inbound.request.query import parameters
from relais_contrats.asyncapi import document_asyncapi
from relais_contrats.catalogue import CATALOGUE, TypeMessage, par_type_cloudevents
from relais_contrats.exemples import exemples
from relais_contrats.openapi import document_openapi
from relais_contrats.problemes import Problem
from relais_contrats.refus import REFUS
from relais_contrats.schemas import EVENEMENT, schema_depot, schema_donnees, schema_enveloppe_evenement

_JSON, _SCHEMA = "application/json", "application/schema+json"
_HEADERS = {"Cache-Control": "public, max-age=300"}
# A page without script nor style of its own can be made to do nothing.
_PAGE_HEADERS = _HEADERS | {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}

Document = tuple[bytes, str]


def routes(base_url: str) -> list[Route]:
    @cache
    def catalogue() -> bytes:
        return orjson.dumps({"contrats": [_summary(message, base_url) for message in CATALOGUE.values()]})

    def contracts(_: Request) -> bytes:
        return catalogue()

    return [
        _public("/v1/contrats", contracts),
        _public(f"/v1/contrats/{EVENEMENT}", lambda _: _event_schema(base_url), _SCHEMA),
        _public("/v1/contrats/{type}", lambda request: _schema(_named(request).nom, base_url), _SCHEMA),
        _public("/v1/contrats/{type}/depot", lambda request: _deposit_schema(_named(request).nom, base_url), _SCHEMA),
        _public("/openapi.json", lambda _: _openapi()),
        _public("/asyncapi.json", lambda _: _asyncapi(base_url)),
        Route("/problemes/{code}", _explanation(base_url), methods=["GET"]),
    ]


def _public(path: str, read: Callable[[Request], bytes], media_type: str = _JSON) -> Route:
    async def endpoint(request: Request) -> Response:
        parameters(request)
        body = read(request)
        etag = f'"{sha256(body).hexdigest()[:32]}"'
        headers = _HEADERS | {"ETag": etag}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=media_type)

    return Route(path, endpoint, methods=["GET"])


def _named(request: Request) -> TypeMessage:
    """By its short name, its CloudEvents type, or the file name of its schema."""
    name = request.path_params["type"].removesuffix(".json")
    message = CATALOGUE.get(name) or par_type_cloudevents(name)
    if message is None:
        raise Problem(status=404)
    return message


def _summary(message: TypeMessage, base_url: str) -> dict[str, Any]:
    address = f"{base_url}/v1/contrats/{message.nom}"
    return {
        "nom": message.nom,
        "type": message.type_cloudevents,
        "titre": message.titre,
        "description": message.description,
        "brique": message.brique,
        "emetteurs": sorted(message.emetteurs | message.roles_emetteurs),
        "recepteurs": sorted(message.recepteurs),
        "schema": address,
        "depot": f"{address}/depot" if message.se_depose else None,
    }


@cache
def _event_schema(base_url: str) -> bytes:
    return orjson.dumps(schema_enveloppe_evenement(base_url))


@cache
def _schema(nom: str, base_url: str) -> bytes:
    """The schema of `data`, with its examples: `examples` are those that pass, the others come with what they earn."""
    message = CATALOGUE[nom]
    given = exemples(nom)
    return orjson.dumps(
        schema_donnees(message, base_url)
        | {
            "examples": [one.message["data"] for one in given if one.est_valide],
            "x-relais-exemples": [
                {
                    "titre": one.titre,
                    "message": one.message,
                    "erreurs": [{"pointeur": pointeur, "code": code} for pointeur, code in one.erreurs],
                }
                for one in given
            ],
        }
    )


@cache
def _deposit_schema(nom: str, base_url: str) -> bytes:
    message = CATALOGUE[nom]
    if not message.se_depose:
        raise Problem(status=404)
    return orjson.dumps(schema_depot(message, base_url))


@cache
def _openapi() -> bytes:
    return orjson.dumps(document_openapi(), option=orjson.OPT_SORT_KEYS)


@cache
def _asyncapi(base_url: str) -> bytes:
    return orjson.dumps(document_asyncapi(base_url), option=orjson.OPT_SORT_KEYS)


def _explanation(base_url: str) -> Any:
    async def endpoint(request: Request) -> Response:
        meaning = _meaning(request.path_params["code"], base_url)
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_page(meaning), headers=_PAGE_HEADERS)
        return Response(orjson.dumps(meaning), headers=_HEADERS, media_type=_JSON)

    return endpoint


def _meaning(code: str, base_url: str) -> dict[str, Any]:
    refus = REFUS.get(code)
    if refus:
        return {
            "code": refus.code,
            "statut": refus.statut,
            "titre": refus.titre,
            "explication": refus.explication,
            "conseil": refus.conseil,
            "relancable": refus.relancable,
            "exemple": f"{base_url}/v1/contrats/{refus.exemple}",
        }
    status = problems.STATUS_OF.get(code)
    if status is None:
        raise Problem(status=404)
    _, titre, explication = problems.of_http(status)
    return {
        "code": code,
        "statut": status,
        "titre": titre,
        "explication": explication,
        "conseil": None,
        "relancable": status == 429,
        "exemple": None,
    }


def _page(meaning: dict[str, Any]) -> str:
    relance = "Oui, sans rien changer." if meaning["relancable"] else "Non : corrigez d'abord."
    lines = [
        f"<h1>{escape(meaning['titre'])}</h1>",
        f"<p><code>{escape(meaning['code'])}</code> · HTTP {meaning['statut']}</p>",
        f"<p>{escape(meaning['explication'])}</p>",
        f"<p>{escape(meaning['conseil'] or '')}</p>",
        f"<p>Renvoyer ? {relance}</p>",
    ]
    if meaning["exemple"]:
        lines.append(f'<p><a href="{escape(meaning["exemple"])}">Un exemple valide</a></p>')
    head = (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(meaning["titre"])}</title></head>'
    )
    return f"{head}<body>{''.join(lines)}</body></html>"
