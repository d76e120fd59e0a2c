"""`/v1/abonnements`: declared, changed, watched, by their own partner only."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from standardwebhooks import Webhook
from starlette.responses import Response

from gateway.destinations import Resolver
from gateway.inbound.events.subscriptions import Subscriptions
from tests.passerelle.outgoing import DROITS, KEY, Sortant, until
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Receiver, accept

pytestmark = pytest.mark.anyio
CD, FT = as_partner("cd-59"), as_partner("ft-hdf")


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    subscriptions = Subscriptions(
        sortant.process.pool, KEY, sortant.cles, Resolver(autoriser_loopback=True), sortant.pseudonyms
    )
    async with api(subscriptions.routes(OpenDoor(sortant.annuaire))) as one:
        yield one


async def declare(client: httpx.AsyncClient, url: str, **fields: Any) -> dict[str, Any]:
    response = await client.post("/v1/abonnements", headers=CD, json={"url": url, "types": [], **fields})
    assert response.status_code == 201, response.text
    content: dict[str, Any] = response.json()
    return content


async def test_a_subscription_is_verified_then_served_with_the_secret_shown_once(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    sortant.start()

    declared = await declare(client, endpoint.url, types=["usager.signale"])
    await until(lambda: sortant.field_is("SELECT etat = 'actif' FROM abonnements"))
    await sortant.signale(uuid4())
    await until(lambda: len(endpoint.received) == 2)

    read = (await client.get(f"/v1/abonnements/{declared['id']}", headers=CD)).json()
    assert declared["etat"] == "a-verifier"
    assert read == {name: v for name, v in declared.items() if name != "secret"} | {"etat": "actif"}
    assert read["types"] == ["fr.insertion.usager.signale.v1"]
    for one in endpoint.received:
        Webhook(declared["secret"]).verify(one.body, dict(one.headers))


async def test_after_a_rotation_both_secrets_verify(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    sortant.start()
    declared = await declare(client, endpoint.url, types=["usager.signale"])

    rotated = await client.post(f"/v1/abonnements/{declared['id']}/secret", headers=CD)
    await sortant.signale(uuid4())
    await until(lambda: (endpoint.received[-1:] and endpoint.received[-1].json["type"].endswith("signale.v1")) or False)

    last = endpoint.received[-1]
    assert rotated.status_code == 201
    for secret in (declared["secret"], rotated.json()["secret"]):
        Webhook(secret).verify(last.body, dict(last.headers))


async def test_each_secret_is_good_for_its_own_day_whatever_follows_it(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    sortant.start()
    declared = await declare(client, endpoint.url, types=["usager.signale"])
    path = f"/v1/abonnements/{declared['id']}/secret"

    rotated = [await client.post(path, headers=CD) for _ in range(5)]
    await sortant.signale(uuid4())
    await until(lambda: (endpoint.received[-1:] and endpoint.received[-1].json["type"].endswith("signale.v1")) or False)

    last = endpoint.received[-1]
    assert [answer.status_code for answer in rotated] == [201, 201, 201, 201, 409]
    for secret in (declared["secret"], *(answer.json()["secret"] for answer in rotated[:4])):
        Webhook(secret).verify(last.body, dict(last.headers))


async def test_a_subscription_of_another_partner_is_not_there(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    one = f"/v1/abonnements/{(await declare(client, endpoint.url))['id']}"
    absent = f"/v1/abonnements/{uuid4()}"

    def calls(path: str) -> list[Any]:
        return [
            client.get(path, headers=FT),
            client.patch(path, headers=FT, json={"lot": 2}),
            client.post(f"{path}/secret", headers=FT),
            client.post(f"{path}/essai", headers=FT),
            client.get(f"{path}/livraisons", headers=FT),
            client.delete(path, headers=FT),
        ]

    theirs = [await call for call in calls(one)]
    nobodys = [await call for call in calls(absent)]
    assert {response.status_code for response in theirs} == {404}
    assert [response.content for response in theirs] == [response.content for response in nobodys]
    assert (await client.get("/v1/abonnements", headers=FT)).json() == {"abonnements": []}
    assert (await client.get(one, headers=CD)).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointeur", "code"),
    [
        ({"types": []}, "/url", "schema-invalide"),
        ({"url": "https://exemple.fr/", "types": [], "secret": "x"}, "/secret", "schema-invalide"),
        ({"url": "https://exemple.fr/", "types": [], "lot": 101}, "/lot", "schema-invalide"),
        ({"url": "https://exemple.fr/", "types": [], "lot": 2.5}, "/lot", "schema-invalide"),
        ({"url": "https://exemple.fr/", "types": [], "signature": "v2"}, "/signature", "code-inconnu"),
        ({"url": "https://exemple.fr/", "types": [], "lot": "2"}, "/lot", "schema-invalide"),
        ({"url": "https://exemple.fr/", "types": ["usager.inconnu"]}, "/types/0", "code-inconnu"),
        ({"url": "https://10.0.0.1/", "types": []}, "/url", "schema-invalide"),
        ({"url": "https://ok@exemple.fr/", "types": []}, "/url", "schema-invalide"),
    ],
)
async def test_a_wrong_declaration_says_where_and_echoes_nothing(
    client: httpx.AsyncClient, body: dict[str, Any], pointeur: str, code: str
) -> None:
    response = await client.post("/v1/abonnements", headers=CD, json=body)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, code)
    assert [erreur["pointeur"] for erreur in problem["erreurs"]] == [pointeur]
    assert "10.0.0.1" not in response.text


async def test_a_whole_number_may_be_written_with_a_point(client: httpx.AsyncClient, endpoint: Receiver) -> None:
    response = await client.post("/v1/abonnements", headers=CD, json={"url": endpoint.url, "types": [], "lot": 2.0})

    assert (response.status_code, response.json()["lot"]) == (201, 2)


async def test_a_new_address_is_verified_again_and_rest_keeps_nothing(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    sortant.start()
    one = f"/v1/abonnements/{(await declare(client, endpoint.url))['id']}"
    await until(lambda: sortant.field_is("SELECT etat = 'actif' FROM abonnements"))

    moved = await client.patch(one, headers=CD, json={"url": f"{endpoint.url}/ailleurs"})
    await until(lambda: sortant.field_is("SELECT etat = 'actif' FROM abonnements"))
    rested = await client.patch(one, headers=CD, json={"actif": False})
    await sortant.signale(uuid4())
    await sortant.delivered(4)

    assert moved.json()["etat"] == "a-verifier"
    assert [received.path for received in endpoint.received] == ["/", "/ailleurs"]
    assert rested.json()["etat"] == "inactif"
    assert await sortant.field("SELECT count(*) FROM envois") == 0


async def test_what_waits_behind_a_failure_is_listed_and_one_delivery_can_be_asked_again(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    parcours = uuid4()
    endpoint.answer = lambda _: Response(status_code=422)
    id_ = await sortant.subscribe("cd-59", endpoint.url, "droits.modifies")
    sortant.start()
    await sortant.signale(parcours)
    told = [await sortant.tell("droits.modifies", parcours, DROITS) for _ in range(2)]
    await until(lambda: sortant.field_is("SELECT essais = 1 AND restants = 2 FROM files"))

    listed = (await client.get(f"/v1/abonnements/{id_}/livraisons?etat=en-echec", headers=CD)).json()["livraisons"]
    endpoint.answer = accept
    again = await client.post(f"/v1/livraisons/{listed[1]['id']}/rejeu", headers=CD)
    not_mine = await client.post(f"/v1/livraisons/{listed[1]['id']}/rejeu", headers=FT)
    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'livre') FROM envois"))

    assert [delivery["evenement"] for delivery in listed] == [sortant.id_at("cd-59", one) for one in (told[1], told[0])]
    assert (listed[1]["code"], listed[1]["essais"], listed[1]["etat"]) == (422, 1, "en-echec")
    assert listed[1]["parcours"] == sortant.pseudonyms.of("cd-59", parcours)
    assert (again.status_code, not_mine.status_code) == (202, 404)
    assert [event["id"] for event in endpoint.events] == [sortant.id_at("cd-59", told[rank]) for rank in (0, 0, 1)]


async def test_a_delivered_event_can_be_asked_again_for_one_subscription_and_no_other(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    ids = [await sortant.subscribe("cd-59", f"{endpoint.url}/{rank}", "usager.signale") for rank in range(2)]
    sortant.start()
    told = await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'livre') FROM envois"))

    (delivery,) = (await client.get(f"/v1/abonnements/{ids[1]}/livraisons", headers=CD)).json()["livraisons"]
    again = await client.post(f"/v1/livraisons/{delivery['id']}/rejeu", headers=CD)
    not_a_delivery = await client.post(f"/v1/livraisons/{delivery['evenement']}/rejeu", headers=CD)
    await until(lambda: len(endpoint.received) == 3)
    await until(lambda: sortant.field_is("SELECT sum(restants) = 0 FROM files"))

    assert again.json() == {"id": delivery["id"], "abonnement": str(ids[1])}
    assert not_a_delivery.status_code == 404
    assert sorted(one.path for one in endpoint.received) == ["/0", "/1", "/1"]
    assert {one.headers["webhook-id"] for one in endpoint.received} == {sortant.id_at("cd-59", told)}


async def test_a_test_that_succeeds_closes_the_breaker_and_resumes_the_queue(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    id_ = await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
    sortant.distribute()
    await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT count(*) = 1 FROM files"))
    await sortant.process.pool.execute(
        "UPDATE abonnements SET echecs = 8, premier_echec_a = now(), rouvre_a = now() + interval '1 hour'"
    )
    await sortant.process.pool.execute(
        "UPDATE files SET essais = 3, premier_echec_a = now(), prochain_a = now() + interval '1 hour'"
    )
    sortant.push(sortant.sender())

    await client.post(f"/v1/abonnements/{id_}/essai", headers=CD)
    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'livre') FROM envois"))

    read = (await client.get(f"/v1/abonnements/{id_}", headers=CD)).json()
    assert read["essai"]["etat"] == "reussi"
    assert "echecs" not in read
    assert len(endpoint.received) == 2


async def test_a_test_delivery_tells_how_it_ended(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    endpoint.answer = lambda _: Response(status_code=500)
    id_ = await sortant.subscribe("cd-59", endpoint.url)
    sortant.start()

    asked = await client.post(f"/v1/abonnements/{id_}/essai", headers=CD)
    await until(lambda: sortant.field_is("SELECT essai_a IS NOT NULL FROM abonnements"))

    essai = (await client.get(f"/v1/abonnements/{id_}", headers=CD)).json()["essai"]
    assert asked.status_code == 202
    assert (essai["etat"], essai["code"]) == ("echoue", 500)
    assert endpoint.events[0]["type"] == "fr.insertion.abonnement.essai.v1"


async def test_a_deleted_subscription_gets_nothing_more(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    id_ = await sortant.subscribe("cd-59", endpoint.url)
    deleted = await client.delete(f"/v1/abonnements/{id_}", headers=CD)
    sortant.start()

    await sortant.signale(uuid4())
    await sortant.delivered(4)

    assert deleted.status_code == 204
    assert await sortant.field("SELECT count(*) FROM envois") == 0


@pytest.mark.parametrize("avant", ["garbage", "2026-13-45", "00000000-0000-0000-0000-000000000000"])
async def test_a_place_in_the_deliveries_that_is_none_is_said_to_be_wrong(
    client: httpx.AsyncClient, endpoint: Receiver, avant: str
) -> None:
    declared = await declare(client, endpoint.url, actif=False)

    response = await client.get(f"/v1/abonnements/{declared['id']}/livraisons", params={"avant": avant}, headers=CD)

    assert (response.status_code, response.json()["erreurs"][0]["pointeur"]) == (422, "avant")


async def test_a_partner_has_twenty_subscriptions_at_most(client: httpx.AsyncClient, endpoint: Receiver) -> None:
    """Nothing is wrong in the request: one deleted, it passes."""
    declared = [await declare(client, endpoint.url, actif=False) for _ in range(20)]
    one_more = {"url": endpoint.url, "types": []}

    refused = await client.post("/v1/abonnements", headers=CD, json=one_more)
    await client.delete(f"/v1/abonnements/{declared[0]['id']}", headers=CD)
    accepted = await client.post("/v1/abonnements", headers=CD, json=one_more)

    assert (refused.status_code, refused.json()["code"], accepted.status_code) == (409, "etat-interdit", 201)


async def test_the_secret_is_not_in_the_database(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    import base64

    declared = await declare(client, endpoint.url)
    secret = base64.b64decode(declared["secret"].removeprefix("whsec_"))

    sealed = await sortant.field("SELECT secret FROM abonnements")

    assert len(secret) == 32
    assert secret not in sealed
