"""The public documents, read without a token: catalogue, schemas, examples, API, refusals. The hub and its mock serve
them.
"""

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from html import escape
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from relais_contrats.asyncapi import document_asyncapi
from relais_contrats.catalogue import CATALOGUE, TypeMessage, par_type_cloudevents
from relais_contrats.exemples import exemples
from relais_contrats.openapi import document_openapi
from relais_contrats.parametres import lire_parametres
from relais_contrats.problemes import STATUS_OF, Problem, of_http
from relais_contrats.refus import REFUS
from relais_contrats.schemas import EVENEMENT, schema_depot, schema_donnees, schema_enveloppe_evenement

_JSON, _SCHEMA = "application/json", "application/schema+json"
_EN_TETES = {"Cache-Control": "public, max-age=300"}
# A page without script nor style of its own can be made to do nothing.
_EN_TETES_DE_PAGE = _EN_TETES | {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}

Document = tuple[bytes, str]


def routes(url: str, openapi: Callable[[], Mapping[str, Any]] = document_openapi) -> list[Route]:
    """`openapi` makes the document of the API that is served here."""

    @cache
    def catalogue() -> bytes:
        return orjson.dumps({"contrats": [_resume(message, url) for message in CATALOGUE.values()]})

    @cache
    def api() -> bytes:
        return orjson.dumps(openapi(), option=orjson.OPT_SORT_KEYS)

    def contrats(_: Request) -> bytes:
        return catalogue()

    return [
        _public("/v1/contrats", contrats),
        _public(f"/v1/contrats/{EVENEMENT}", lambda _: _schema_evenement(url), _SCHEMA),
        _public("/v1/contrats/{type}", lambda request: _schema(_nomme(request).nom, url), _SCHEMA),
        _public("/v1/contrats/{type}/depot", lambda request: _schema_de_depot(_nomme(request).nom, url), _SCHEMA),
        _public("/openapi.json", lambda _: api()),
        _public("/asyncapi.json", lambda _: _asyncapi(url)),
        Route("/problemes/{code}", _explication(url), methods=["GET"]),
    ]


def _public(chemin: str, lire: Callable[[Request], bytes], media_type: str = _JSON) -> Route:
    async def repondre(request: Request) -> Response:
        lire_parametres(request.method, request.scope["route"].path, request.query_params.multi_items())
        corps = lire(request)
        etag = f'"{sha256(corps).hexdigest()[:32]}"'
        entetes = _EN_TETES | {"ETag": etag}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=entetes)
        return Response(corps, headers=entetes, media_type=media_type)

    return Route(chemin, repondre, methods=["GET"])


def _nomme(request: Request) -> TypeMessage:
    """By its short name, its CloudEvents type, or the file name of its schema."""
    nom = request.path_params["type"].removesuffix(".json")
    message = CATALOGUE.get(nom) or par_type_cloudevents(nom)
    if message is None:
        raise Problem(status=404)
    return message


def _resume(message: TypeMessage, url: str) -> dict[str, Any]:
    adresse = f"{url}/v1/contrats/{message.nom}"
    return {
        "nom": message.nom,
        "type": message.type_cloudevents,
        "titre": message.titre,
        "description": message.description,
        "brique": message.brique,
        "emetteurs": sorted(message.emetteurs | message.roles_emetteurs),
        "recepteurs": sorted(message.recepteurs),
        "schema": adresse,
        "depot": f"{adresse}/depot" if message.se_depose else None,
    }


@cache
def _schema_evenement(url: str) -> bytes:
    return orjson.dumps(schema_enveloppe_evenement(url))


@cache
def _schema(nom: str, url: str) -> bytes:
    """Return the schema of `data` with its examples: `examples` are valid, the others come with their refusal."""
    message = CATALOGUE[nom]
    donnes = exemples(nom)
    return orjson.dumps(
        schema_donnees(message, url)
        | {
            "examples": [one.message["data"] for one in donnes if one.est_valide],
            "x-relais-exemples": [
                {
                    "titre": one.titre,
                    "message": one.message,
                    "erreurs": [{"pointeur": pointeur, "code": code} for pointeur, code in one.erreurs],
                }
                for one in donnes
            ],
        }
    )


@cache
def _schema_de_depot(nom: str, url: str) -> bytes:
    message = CATALOGUE[nom]
    if not message.se_depose:
        raise Problem(status=404)
    return orjson.dumps(schema_depot(message, url))


@cache
def _asyncapi(url: str) -> bytes:
    return orjson.dumps(document_asyncapi(url), option=orjson.OPT_SORT_KEYS)


def _explication(url: str) -> Any:
    async def repondre(request: Request) -> Response:
        sens = _sens(request.path_params["code"], url)
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_page(sens), headers=_EN_TETES_DE_PAGE)
        return Response(orjson.dumps(sens), headers=_EN_TETES, media_type=_JSON)

    return repondre


def _sens(code: str, url: str) -> dict[str, Any]:
    refus = REFUS.get(code)
    if refus:
        return {
            "code": refus.code,
            "statut": refus.statut,
            "titre": refus.titre,
            "explication": refus.explication,
            "conseil": refus.conseil,
            "relancable": refus.relancable,
            "exemple": f"{url}/v1/contrats/{refus.exemple}",
        }
    statut = STATUS_OF.get(code)
    if statut is None:
        raise Problem(status=404)
    _, titre, explication = of_http(statut)
    return {
        "code": code,
        "statut": statut,
        "titre": titre,
        "explication": explication,
        "conseil": None,
        "relancable": statut == 429,
        "exemple": None,
    }


def _page(sens: dict[str, Any]) -> str:
    relance = "Oui, sans rien changer." if sens["relancable"] else "Non : corrigez d'abord."
    lignes = [
        f"<h1>{escape(sens['titre'])}</h1>",
        f"<p><code>{escape(sens['code'])}</code> · HTTP {sens['statut']}</p>",
        f"<p>{escape(sens['explication'])}</p>",
        f"<p>{escape(sens['conseil'] or '')}</p>",
        f"<p>Renvoyer ? {relance}</p>",
    ]
    if sens["exemple"]:
        lignes.append(f'<p><a href="{escape(sens["exemple"])}">Un exemple valide</a></p>')
    tete = f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(sens["titre"])}</title></head>'
    return f"{tete}<body>{''.join(lignes)}</body></html>"
