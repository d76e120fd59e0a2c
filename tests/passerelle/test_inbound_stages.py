"""The stages of a request, in their order: of two faults, the earlier stage answers, and no body is read in between."""

from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from gateway.inbound.application import AROUND
from gateway.inbound.request.door import STAGES
from gateway.inbound.request.json_body import read_model
from gateway.inbound.request.routes import declared
from relais_contrats.abonnements import NouvelAbonnement
from relais_contrats.client import Partner
from tests.engines import Bench
from tests.passerelle.entrance import URL, Entrance, entrance

pytestmark = pytest.mark.anyio
SEARCH, DEPOSIT = "/v1/usagers/recherche", "/v1/messages"


class Body:
    """The content of a request, that tells whether anybody has asked for it."""

    def __init__(self) -> None:
        self.was_read = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.was_read = True
        yield b"{"


async def asked(partner: Partner, path: str, *, query: str = "", **headers: str) -> tuple[int, str, bool]:
    """The status, the code or the error, and whether the body was read."""
    body = Body()
    proof = await partner.headers("POST", path)
    told = {**proof, "Content-Type": "application/json", **headers}
    answer = await partner._http.request("POST", f"{URL}{path}{query}", headers=told, content=body.__aiter__())
    return answer.status_code, answer.json()["code"], body.was_read


def test_the_stages_are_these_in_this_order() -> None:
    around = [stage.__name__ for stage in AROUND]
    behind = [stage.__name__ for stage in STAGES]

    assert around == ["Shield", "Hygiene"]
    assert behind == ["token", "scope", "quota", "agent", "proof", "query", "convention"]


async def test_of_several_faults_the_earliest_stage_answers_and_no_body_is_read_before_the_handler(banc: Bench) -> None:
    async with entrance(banc, agreed_until="2020-01-01", quota_jour=3) as entree:
        stranger = await entree.partner("cd-59", "evenements:lire")
        partner = await entree.partner("cd-59", "identite:resoudre", "messages:deposer")

        wrong_host = await asked(stranger, SEARCH, query="?x=1", Host="ailleurs.test", Authorization="DPoP faux")
        wrong_token = await asked(stranger, SEARCH, query="?x=1", Authorization="DPoP faux")
        wrong_scope = await asked(stranger, SEARCH, query="?x=1")
        wrong_query = await asked(partner, SEARCH, query="?x=1")
        no_convention = await asked(partner, SEARCH)
        own_books = await asked(partner, DEPOSIT, **{"Content-Type": "application/cloudevents+json"})
        no_quota = await asked(partner, SEARCH, query="?x=1")
        wrong_scope_first = await asked(stranger, SEARCH, query="?x=1")

    assert [
        wrong_host,
        wrong_token,
        wrong_scope,
        wrong_query,
        no_convention,
        own_books,
        no_quota,
        wrong_scope_first,
    ] == [
        (400, "illisible", False),
        (401, "non-authentifie", False),
        (403, "portee-insuffisante", False),
        (422, "schema-invalide", False),
        (403, "finalite-interdite", False),
        (400, "illisible", True),
        (429, "trop-de-requetes", False),
        (403, "portee-insuffisante", False),
    ]


async def test_an_effect_that_happens_once_spends_its_proof_before_anything_is_judged(entree: Entrance) -> None:
    partner = await entree.partner("cd-59")
    proof = await partner.headers("POST", SEARCH)

    refused = [await partner._http.request("POST", f"{URL}{SEARCH}?x=1", headers=proof) for _ in range(2)]

    rows = await entree.fetch("SELECT resultat FROM acces WHERE quoi = $1 ORDER BY a", f"POST {SEARCH}")
    assert [answer.status_code for answer in refused] == [422, 401]
    told = [row["resultat"] for row in rows]
    assert (told[:2], told[-1]) == ([0, 422], 401)


async def test_a_handler_parses_the_model_that_its_route_declares_and_no_other() -> None:
    route = declared("POST /v1/evenements/acquittement", PlainTextResponse(""))
    request = Request({"type": "http", "route": route, "headers": []})

    with pytest.raises(AssertionError, match="declares another model"):
        await read_model(request, NouvelAbonnement)
