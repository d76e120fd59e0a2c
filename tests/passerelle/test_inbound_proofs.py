"""A DPoP proof is good for one request, whatever the request: spent with the access that it opened, or the deposit."""

import json
from typing import Any

import pytest

from relais_contrats.client import Partner
from tests.passerelle.entrance import URL, Entrance
from tests.persons import signalement

pytestmark = pytest.mark.anyio


async def once(partner: Partner, method: str, path: str, headers: dict[str, str], body: Any = None) -> int:
    """The status of the first answer, with these headers and no others."""
    content = json.dumps(body) if body else None
    return (await partner._http.request(method, f"{URL}{path}", headers=headers, content=content)).status_code


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/abonnements", "/v1/evenements"])
async def test_a_proof_opens_one_read(entree: Entrance, path: str) -> None:
    partner = await entree.partner("cd-59")
    proof = await partner.headers("GET", path)

    answers = [await once(partner, "GET", path, proof) for _ in range(2)]

    assert answers == [200, 401]
    assert await once(partner, "GET", path, await partner.headers("GET", path)) == 200


async def test_a_proof_lets_one_deposit_in(entree: Entrance) -> None:
    """Of two messages under one proof the second is not journalled."""
    partner = await entree.partner("caf-59")
    proof = await partner.headers("POST", "/v1/messages")
    headers = {**proof, "Content-Type": "application/cloudevents+json", "Prefer": "respond-async"}
    messages = [partner.message("usager.signale", signalement(), departement="59") for _ in range(2)]

    answers = [await once(partner, "POST", "/v1/messages", headers, message) for message in messages]

    assert answers == [202, 401]
    assert [row["message"] for row in await entree.fetch("SELECT message FROM depots")] == [messages[0]["id"]]
