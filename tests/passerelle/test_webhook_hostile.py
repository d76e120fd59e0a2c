"""What an endpoint answers, or where its name leads, seen from the delivery: what is sent, what is kept, what waits."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from starlette.responses import Response, StreamingResponse

from gateway import destinations
from gateway.destinations import Resolver
from gateway.inbound.events.subscriptions import Subscriptions
from gateway.outbound.http_client import HttpClient
from tests.passerelle.outgoing import KEY, Sortant, until
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Receiver, receiver

pytestmark = pytest.mark.anyio
CD = as_partner("cd-59")


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    """Of a hub that opens no loopback."""
    subscriptions = Subscriptions(
        sortant.process.pool, KEY, sortant.cles, Resolver(autoriser_loopback=False), sortant.pseudonyms
    )
    async with api(subscriptions.routes(OpenDoor(sortant.annuaire))) as one:
        yield one


async def test_retry_after_is_waited_for_by_the_parcours_and_by_the_endpoint(
    sortant: Sortant, endpoint: Receiver
) -> None:
    endpoint.answer = lambda _: Response(status_code=503, headers={"Retry-After": "90"})
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
    sortant.start()

    await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT essais = 1 FROM files"))
    await sortant.signale(uuid4())
    await sortant.delivered(8)
    await asyncio.sleep(0.5)

    assert len(endpoint.received) == 1
    assert await sortant.field("SELECT max(prochain_a) > now() + interval '80 seconds' FROM files")
    assert await sortant.field("SELECT rouvre_a > now() + interval '80 seconds' FROM abonnements")


async def test_a_redirect_is_a_failure_and_nothing_goes_where_it_points(sortant: Sortant, endpoint: Receiver) -> None:
    async with receiver() as elsewhere:
        endpoint.answer = lambda _: Response(status_code=307, headers={"Location": elsewhere.url})
        await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
        sortant.start()

        await sortant.signale(uuid4())
        await until(lambda: sortant.field_is("SELECT essais = 1 FROM envois"))

        assert elsewhere.received == []
        assert await sortant.field("SELECT (etat, code, erreur) = ('a-livrer', 307, 'redirection') FROM envois")


async def test_an_answer_without_end_is_cut_and_the_next_delivery_goes(sortant: Sortant, endpoint: Receiver) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 10_000
            yield b"x" * 10_000
            await asyncio.sleep(0)

    endpoint.answer = lambda _: StreamingResponse(endless())
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale", "parcours.partage")
    sortant.start()

    await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT count(*) = 2 FROM envois WHERE etat = 'livre'"))

    assert sent < 20_000_000


async def test_a_name_that_leads_inside_cannot_be_declared(
    sortant: Sortant, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["10.0.0.1"])

    answer = await client.post("/v1/abonnements", headers=CD, json={"url": "https://exemple.fr/x", "types": []})

    assert answer.status_code == 422
    assert answer.json()["erreurs"][0]["pointeur"] == "/url"
    assert "10.0.0.1" not in answer.text
    assert await sortant.field("SELECT count(*) FROM abonnements") == 0


async def test_a_host_that_the_operator_has_not_declared_cannot_be_registered(
    sortant: Sortant, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["1.1.1.1"])

    answer = await client.post("/v1/abonnements", headers=CD, json={"url": "https://autre.exemple.fr/x", "types": []})

    assert answer.status_code == 422
    assert answer.json()["erreurs"][0]["pointeur"] == "/url"
    assert "--hote" in answer.json()["erreurs"][0]["message"]
    assert await sortant.field("SELECT count(*) FROM abonnements") == 0


async def test_a_host_that_was_declared_and_is_removed_stops_deliveries_tests_and_handshakes(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint, which stands for the host, is dialled by nobody once the row of its partner lost it."""
    sortant.client = HttpClient(Resolver(autoriser_loopback=False))
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["127.0.0.1"])
    monkeypatch.setattr(destinations, "check_address", lambda address, autoriser_loopback: None)
    monkeypatch.setattr(destinations, "_HTTPS_PORTS", frozenset({endpoint.port}))
    url = f"https://exemple.fr:{endpoint.port}/x"
    declared = (await client.post("/v1/abonnements", headers=CD, json={"url": url, "types": []})).json()
    other = (await client.post("/v1/abonnements", headers=CD, json={"url": url, "types": []})).json()
    await sortant.process.pool.execute("UPDATE abonnements SET etat = 'actif' WHERE id = $1", UUID(declared["id"]))
    await sortant.process.pool.execute("UPDATE partenaires SET hotes = '{}' WHERE code = 'cd-59'")
    await client.post(f"/v1/abonnements/{declared['id']}/essai", headers=CD)
    sortant.start()

    await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT count(*) = 1 FROM envois WHERE erreur = 'hote-non-declare'"))
    await until(
        lambda: sortant.field_is("SELECT count(*) = 1 FROM abonnements WHERE essai_erreur = 'hote-non-declare'")
    )
    await until(lambda: sortant.field_is("SELECT bool_and(echecs > 0) FROM abonnements"))

    assert endpoint.received == []
    assert await sortant.field("SELECT etat FROM abonnements WHERE id = $1", UUID(other["id"])) == "a-verifier"


async def test_a_name_that_comes_to_lead_inside_is_not_dialled(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint stands for what listens inside; the name that led elsewhere at registration now leads there."""
    sortant.client = HttpClient(Resolver(autoriser_loopback=False))
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["1.1.1.1"])
    monkeypatch.setattr(destinations, "_HTTPS_PORTS", frozenset({endpoint.port}))
    url = f"https://exemple.fr:{endpoint.port}/x"
    declared = await client.post("/v1/abonnements", headers=CD, json={"url": url, "types": []})
    await sortant.process.pool.execute("UPDATE abonnements SET etat = 'actif'")
    monkeypatch.setattr(destinations, "_lookup", lambda host, port: ["127.0.0.1"])
    sortant.start()

    await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT count(*) = 1 FROM envois WHERE essais = 1"))

    assert declared.status_code == 201
    assert await sortant.field("SELECT max(erreur) FROM envois") == "adresse-interdite"
    assert endpoint.received == []
