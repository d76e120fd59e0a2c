"""The pull feed: pages, cursors, the long poll and the durable position."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.inbound.events.feed import Feed
from gateway.receipts import Chains
from tests.passerelle.outgoing import BASE_URL, DROITS, KEY, PROTEGE, SIGNALE, Sortant
from tests.passerelle.partner_api import OpenDoor, api, as_partner

pytestmark = pytest.mark.anyio
CD, FT = as_partner("cd-59"), as_partner("ft-hdf")


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    feed = Feed(sortant.process.pool, sortant.bodies, KEY, Chains(sortant.cle_recus, BASE_URL))
    sortant.process.loop("fil", feed.watch)
    sortant.process.loop("acquittements", feed.acknowledgements.run)
    sortant.distribute()
    async with api(feed.routes(OpenDoor(sortant.annuaire))) as one:
        yield one


async def page(client: httpx.AsyncClient, headers: dict[str, str], **query: str | int) -> dict[str, Any]:
    response = await client.get("/v1/evenements", headers=headers, params=query)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


def shorts(content: dict[str, Any]) -> list[str]:
    return [event["type"].removeprefix("fr.insertion.").removesuffix(".v1") for event in content["evenements"]]


async def test_pages_follow_one_another_without_loss_or_repetition(sortant: Sortant, client: httpx.AsyncClient) -> None:
    parcours = uuid4()
    await sortant.signale(parcours)
    for _ in range(5):
        await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(14)

    first = await page(client, CD, limite=4)
    second = await page(client, CD, limite=4, apres=first["curseur"])
    third = await page(client, CD, limite=4, apres=second["curseur"])

    assert shorts(first) == ["parcours.partage", "usager.signale", "droits.modifies", "droits.modifies"]
    assert [event["sequence"] for event in second["evenements"]] == [4, 5, 6]
    assert third["evenements"] == []


async def test_a_page_shows_what_the_webhook_would(sortant: Sortant, client: httpx.AsyncClient) -> None:
    parcours = uuid4()
    told = await sortant.signale(parcours)
    await sortant.delivered(4)

    content = await page(client, CD, types="usager.signale")

    (event,) = content["evenements"]
    assert event["id"] == sortant.id_at("cd-59", told)
    assert event["data"] == SIGNALE | PROTEGE
    assert event["subject"] == sortant.pseudonyms.of("cd-59", parcours)


async def test_types_are_taken_short_or_whole_and_the_cursor_passes_over_the_others(
    sortant: Sortant, client: httpx.AsyncClient
) -> None:
    parcours = uuid4()
    await sortant.signale(parcours)
    await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(6)

    content = await page(client, CD, types="droits.modifies,fr.insertion.parcours.partage.v1")
    nothing = await page(client, CD, types="contrat.signe")

    assert shorts(content) == ["parcours.partage", "droits.modifies"]
    assert shorts(await page(client, CD, apres=nothing["curseur"])) == []


async def test_a_long_poll_wakes_as_soon_as_something_comes(sortant: Sortant, client: httpx.AsyncClient) -> None:
    loop = asyncio.get_running_loop()
    polling = asyncio.create_task(page(client, CD, attente=10))
    elsewhere = asyncio.create_task(page(client, as_partner("cd-62"), attente=1))
    await asyncio.sleep(0.3)
    started = loop.time()

    await sortant.signale(uuid4())
    content = await polling

    assert loop.time() - started < 3
    assert content["evenements"]
    assert (await elsewhere)["evenements"] == []


async def test_the_acknowledged_position_is_where_reading_starts_and_never_goes_back(
    sortant: Sortant, client: httpx.AsyncClient
) -> None:
    await sortant.signale(uuid4())
    await sortant.delivered(4)
    first = await page(client, CD, limite=1)
    second = await page(client, CD, limite=1, apres=first["curseur"])

    for content in (second, first):
        answer = await client.post("/v1/evenements/acquittement", headers=CD, json={"curseur": content["curseur"]})
        assert answer.status_code == 204

    assert (await page(client, CD))["evenements"] == []
    assert len((await page(client, FT))["evenements"]) == 2


async def test_a_cursor_of_another_partner_or_altered_is_refused(sortant: Sortant, client: httpx.AsyncClient) -> None:
    await sortant.signale(uuid4())
    await sortant.delivered(4)
    mine = (await page(client, CD))["curseur"]
    altered = ("B" if mine[0] == "A" else "A") + mine[1:]

    for headers, curseur in ((FT, mine), (CD, altered), (CD, ""), (CD, "x" * 32), (CD, "é"), (CD, mine[:-1])):
        read = await client.get("/v1/evenements", headers=headers, params={"apres": curseur})
        acknowledged = await client.post("/v1/evenements/acquittement", headers=headers, json={"curseur": curseur})

        assert (read.status_code, read.json()["code"]) == (422, "schema-invalide")
        assert acknowledged.status_code == 422


@pytest.mark.parametrize(
    "query",
    [{"limite": "0"}, {"limite": "501"}, {"limite": "x"}, {"attente": "26"}, {"attente": "-1"}, {"inconnu": "1"}],
)
async def test_a_parameter_out_of_its_bounds_is_refused(client: httpx.AsyncClient, query: dict[str, str]) -> None:
    response = await client.get("/v1/evenements", headers=CD, params=query)

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_unknown_type_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/evenements", headers=CD, params={"types": "usager.inconnu"})

    assert (response.status_code, response.json()["code"]) == (422, "code-inconnu")


async def test_a_silent_usagers_makes_the_page_unavailable(sortant: Sortant, client: httpx.AsyncClient) -> None:
    await sortant.signale(uuid4())
    await sortant.delivered(4)
    sortant.usagers.est_muet = True

    response = await client.get("/v1/evenements", headers=CD)

    assert (response.status_code, response.json()["code"]) == (503, "indisponible")
    assert response.headers["retry-after"]
