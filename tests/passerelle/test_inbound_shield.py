"""What a partner is answered when the hub itself is wrong: a problem like any other, to be tried again."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.inbound.application import handlers
from gateway.inbound.request.problems import Problem, body
from gateway.inbound.request.shield import Shield
from relais_contrats.lecture import Erreur

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8420"


async def _bug(_: Request) -> Response:
    raise ZeroDivisionError


async def test_a_bug_in_a_handler_is_told_as_a_problem_to_try_again() -> None:
    app = Shield(Starlette(routes=[Route("/bug", _bug)], exception_handlers=handlers(URL)), URL)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        answer = await client.get("/bug")

    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert (answer.json()["code"], answer.json()["relancable"]) == ("indisponible", True)


def test_fifty_errors_are_told_then_how_many_more() -> None:
    erreurs = [Erreur(f"/data/{n}", "schema-invalide", "Ce champ n'existe pas au contrat.") for n in range(1_000)]

    told = body(Problem("schema-invalide", erreurs=erreurs), URL)["erreurs"]

    assert len(told) == 50
    assert told[-1] == {"pointeur": "", "code": "schema-invalide", "message": "Et 951 autre(s) erreur(s)."}


def test_fifty_errors_are_told_whole() -> None:
    erreurs = [Erreur(f"/data/{n}", "schema-invalide", "Ce champ n'existe pas au contrat.") for n in range(50)]

    assert len(body(Problem("schema-invalide", erreurs=erreurs), URL)["erreurs"]) == 50
