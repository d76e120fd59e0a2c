"""The envelope as systems of the field write it, on a running hub: media types, traces, extensions, binary mode."""

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from relais_contrats.client import Partner
from tests.hub import Hub
from tests.persons import signalement

pytestmark = pytest.mark.anyio


async def send(partner: Partner, content: bytes, headers: dict[str, str]) -> httpx.Response:
    """As written, without what the client would add."""
    proofs = await partner.headers("POST", "/v1/messages")
    async with httpx.AsyncClient() as http:
        return await http.post(f"{partner.client.api}/v1/messages", content=content, headers=headers | proofs)


def binary(message: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    attributes = {name: value for name, value in message.items() if name not in ("data", "datacontenttype")}
    headers = {f"ce-{name}": quote(str(value)) for name, value in attributes.items()}
    return json.dumps(message["data"]).encode(), headers | {"Content-Type": "application/json; charset=utf-8"}


async def test_parameters_extensions_and_a_broken_trace_refuse_nothing(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        written = {"datacontenttype": "Application/JSON;charset=UTF-8", "traceparent": "perdu", "partitionkey": "p"}
        message = dict(caf.message("usager.signale", signalement(), departement="59")) | written

        answer = await caf.post(message)
        [line] = await caf.post_many([message | {"id": f"{message['id']}-2"}])

        assert (answer.etat, line.etat) == ("accepte", "accepte")
        for told in (answer, line):
            assert [a["pointeur"] for a in told.corps["avertissements"]] == ["/partitionkey", "/traceparent"]


async def test_a_message_in_binary_mode_is_the_same_message(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        agent = "Durand Élise a1"
        message = dict(caf.message("usager.signale", signalement(), departement="59")) | {"agent": agent}

        first = await send(caf, *binary(message))
        again = await send(caf, *binary(message))
        structured = await caf.post(message | {"datacontenttype": "application/json; charset=utf-8"})

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["parcours"].startswith("prc_")
        assert again.json() == first.json() == structured.corps


async def test_json_without_attributes_is_no_message(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf:
        message = dict(caf.message("usager.signale", signalement(), departement="59"))

        alone = await send(caf, json.dumps(message["data"]).encode(), {"Content-Type": "application/json"})
        unread = await send(caf, b"{}", binary(message)[1] | {"ce-agent": "%C3%28"})
        partial = await send(caf, b"{}", {"Content-Type": "application/json", "ce-id": "x"})

        assert "application/json" in alone.headers["Accept-Post"]
        assert (alone.status_code, unread.status_code, partial.status_code) == (415, 400, 422)
