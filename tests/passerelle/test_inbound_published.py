"""What is published without a token: the catalogue, its schemas, the API as it is, and the meaning of each refusal."""

from collections.abc import AsyncIterator
from html import escape
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

import relais_contrats
from gateway.inbound import app, documentation
from gateway.inbound.application import Application, surrounded
from gateway.inbound.request import problems
from gateway.inbound.request.routes import Declared, declared
from relais_contrats import generer
from relais_contrats.api import OPERATIONS
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.exemples import exemples
from relais_contrats.refus import REFUS
from tests.engines import Bench

pytestmark = pytest.mark.anyio
BASE_URL = "http://127.0.0.1:8420"
_OTHERS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
"""What the two points of OAuth refuse in their own language."""


@pytest.fixture
async def door(banc: Bench) -> ASGIApp:
    data = banc.engines.data
    configured = app.Settings(
        nats_url=banc.engines.nats_url,
        nats_nkey_file=data.nkey_file("entrant"),
        database_url="postgresql://",
        database_password_file=data.password_file("passerelle"),
        secrets=data.secrets / "passerelle",
        cles_maitres=data.masters,
        url_publique=BASE_URL,
        port=1,
    )
    return await app.build(await banc.process("entrant", "passerelle"), configured)


@pytest.fixture
async def client(door: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url=BASE_URL) as one:
        yield one


@pytest.fixture
async def public() -> AsyncIterator[httpx.AsyncClient]:
    """What the application serves by itself, without any engine."""
    app = surrounded(Application([], BASE_URL), BASE_URL)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as one:
        yield one


def inside(door: ASGIApp) -> Application:
    """The application, without what stands around it."""
    wrapped: Any = door
    while not isinstance(wrapped, Application):
        wrapped = wrapped._app
    return wrapped


def routes_of(door: ASGIApp) -> list[Declared]:
    """All but the files of `/docs`: whatever else it serves fails here."""
    routes = inside(door).routes
    pages = {route.path for route in routes if isinstance(route, Route) and not isinstance(route, Declared)}
    assert pages == {route.path for route in documentation.routes()}
    return [route for route in routes if isinstance(route, Declared)]


async def test_the_routes_that_run_are_the_operations_of_the_document(door: ASGIApp) -> None:
    document = inside(door).openapi()

    described = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}

    assert {route.name for route in routes_of(door)} == described == {operation.nom for operation in OPERATIONS}


async def test_every_route_answers_the_method_and_the_path_of_its_declaration_and_get_as_head(door: ASGIApp) -> None:
    answered = {f"{method} {route.path_format}" for route in routes_of(door) for method in route.methods or ()}

    others = {f"{method} /oauth/{point}" for method in _OTHERS for point in ("token", "revoke")}
    gets = {f"HEAD {operation.chemin}" for operation in OPERATIONS if operation.methode == "GET"}
    assert answered == {operation.nom for operation in OPERATIONS} | gets | others


def test_a_route_without_declaration_does_not_start() -> None:
    with pytest.raises(LookupError, match="GET /v1/inventee"):
        declared("GET /v1/inventee", PlainTextResponse("no"))


async def test_the_api_document_is_the_committed_one(client: httpx.AsyncClient) -> None:
    served = (await client.get("/openapi.json")).json()

    committed = Path(relais_contrats.__file__).parent.parent / "generated" / "openapi.json"
    assert generer.en_texte(served) == committed.read_text(encoding="utf-8")
    assert served["openapi"].startswith("3.1")
    assert set(served["paths"]) == {operation.chemin for operation in OPERATIONS}


async def test_every_route_that_needs_a_token_says_so_and_asks_for_it(client: httpx.AsyncClient) -> None:
    protected = [operation for operation in OPERATIONS if operation.portee]

    answers = [
        await client.request(o.methode, o.chemin.replace("{", "").replace("}", ""), content=b"{}") for o in protected
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert all(answer.headers["www-authenticate"].startswith("DPoP ") for answer in answers)


async def test_a_method_that_a_path_does_not_know_is_answered_with_those_that_it_knows(
    client: httpx.AsyncClient,
) -> None:
    trace = await client.request("TRACE", "/v1/abonnements")
    delete = await client.delete("/v1/parcours")

    assert (trace.status_code, trace.headers["allow"]) == (405, "GET, HEAD, POST")
    assert (delete.status_code, delete.headers["allow"]) == (405, "GET, HEAD")


async def test_the_catalogue_leads_to_a_schema_that_takes_its_own_examples(public: httpx.AsyncClient) -> None:
    listed = (await public.get("/v1/contrats")).json()["contrats"]

    assert {one["nom"] for one in listed} == set(CATALOGUE)
    for one in listed:
        schema = (await public.get(one["schema"])).json()
        validator = jsonschema_rs.validator_for(schema)
        assert [e for e in schema["examples"] if not validator.is_valid(e)] == []
        assert len(schema["x-relais-exemples"]) == len(exemples(one["nom"]))


@pytest.mark.parametrize("name", ["usager.signale", "usager.signale.json", "fr.insertion.usager.signale.v1"])
async def test_a_contract_has_one_answer_under_each_of_its_names(public: httpx.AsyncClient, name: str) -> None:
    answer = await public.get(f"/v1/contrats/{name}")
    again = await public.get(f"/v1/contrats/{name}", headers={"If-None-Match": answer.headers["etag"]})

    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json()["x-relais-type"] == "fr.insertion.usager.signale.v1"
    assert again.status_code == 304


async def test_what_only_the_hub_writes_has_no_deposit_schema(public: httpx.AsyncClient) -> None:
    deposited = await public.get("/v1/contrats/orientation.decidee/depot")
    written_by_the_hub = await public.get("/v1/contrats/parcours.ouvert/depot")
    unknown = await public.get("/v1/contrats/invente.oui")

    assert deposited.json()["properties"]["type"]["const"] == "fr.insertion.orientation.decidee.v1"
    assert (written_by_the_hub.status_code, unknown.status_code) == (404, 404)
    assert unknown.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("code", [*REFUS, *problems.STATUS_OF])
async def test_the_type_of_a_problem_leads_to_its_explanation(public: httpx.AsyncClient, code: str) -> None:
    machine = await public.get(f"/problemes/{code}")
    human = await public.get(f"/problemes/{code}", headers={"Accept": "text/html"})

    assert machine.json()["code"] == code
    assert escape(machine.json()["titre"]) in human.text
    assert "lang=" in human.text
    assert human.headers["content-security-policy"] == "default-src 'none'"


async def test_an_unknown_problem_repeats_nothing_of_the_address(public: httpx.AsyncClient) -> None:
    answer = await public.get("/problemes/<script>alert(1)</script>", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "script" not in answer.text
