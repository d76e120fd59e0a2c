"""`/v1/abonnements`: declared, changed, watched, by their own partner only."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from standardwebhooks import Webhook
from starlette.responses import Response

from gateway.inbound.subscriptions import Subscriptions
from tests.passerelle.outgoing import DROITS, KEY, Sortant, until
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Receiver, accept

pytestmark = pytest.mark.anyio
CD, FT = as_partner("cd-59"), as_partner("ft-hdf")


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    subscriptions = Subscriptions(sortant.process.pool, KEY, sortant.cles, True, sortant.pseudonyms)
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
    again = await client.post(f"/v1/livraisons/{told[0]['id']}/rejeu", headers=CD)
    not_mine = await client.post(f"/v1/livraisons/{told[0]['id']}/rejeu", headers=FT)
    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'livre') FROM envois"))

    assert [delivery["id"] for delivery in listed] == [told[1]["id"], told[0]["id"]]
    assert (listed[1]["code"], listed[1]["essais"], listed[1]["etat"]) == (422, 1, "en-echec")
    assert listed[1]["parcours"] == sortant.pseudonyms.of("cd-59", parcours)
    assert (again.status_code, not_mine.status_code) == (202, 404)
    assert [event["id"] for event in endpoint.events] == [told[0]["id"], told[0]["id"], told[1]["id"]]


async def test_a_delivered_event_can_be_asked_again(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
    sortant.start()
    told = await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'livre') FROM envois"))

    await client.post(f"/v1/livraisons/{told['id']}/rejeu", headers=CD)
    await until(lambda: len(endpoint.received) == 2)
    await until(lambda: sortant.field_is("SELECT restants = 0 FROM files"))

    assert [one.headers["webhook-id"] for one in endpoint.received] == [told["id"], told["id"]]


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


async def test_a_partner_has_twenty_subscriptions_at_most(client: httpx.AsyncClient, endpoint: Receiver) -> None:
    for _ in range(20):
        await declare(client, endpoint.url, actif=False)

    response = await client.post("/v1/abonnements", headers=CD, json={"url": endpoint.url, "types": []})

    assert response.status_code == 422


async def test_the_secret_is_not_in_the_database(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    import base64

    declared = await declare(client, endpoint.url)
    secret = base64.b64decode(declared["secret"].removeprefix("whsec_"))

    sealed = await sortant.field("SELECT secret FROM abonnements")

    assert len(secret) == 32
    assert secret not in sealed
