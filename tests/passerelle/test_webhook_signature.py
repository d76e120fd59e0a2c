"""`v1a`: what a receiver that holds only the hub's published key can verify, before, during and after a rotation."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from deploy.keys import new_es256_key
from gateway.destinations import Resolver
from gateway.inbound.events.subscriptions import Subscriptions
from relais_contrats.cles_webhooks import CleWebhook, EtatCle
from tests.passerelle.outgoing import KEY, Sortant, until, webhook_key
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Received, Receiver

pytestmark = pytest.mark.anyio
CD = as_partner("cd-59")


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    subscriptions = Subscriptions(
        sortant.process.pool, KEY, sortant.cles, Resolver(autoriser_loopback=True), sortant.pseudonyms
    )
    async with api(subscriptions.routes(OpenDoor(sortant.annuaire))) as one:
        yield one


async def declare(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    asked = {"url": url, "types": ["usager.signale"], "signature": "v1a"}
    answer = await client.post("/v1/abonnements", headers=CD, json=asked)
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return content


def verify(shown: str, one: Received) -> None:
    """As a receiver does it with nothing but `whpk_…`: whichever token that key made. Raises InvalidSignature."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(shown.removeprefix("whpk_")))
    signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
    for token in one.headers["webhook-signature"].split(" "):
        version, _, signature = token.partition(",")
        assert version == "v1a"
        try:
            return key.verify(base64.b64decode(signature), signed)
        except InvalidSignature:
            continue
    raise InvalidSignature


async def test_a_v1a_subscription_shows_the_public_key_that_verifies_it_and_no_secret(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    sortant.start()

    declared = await declare(client, endpoint.url)
    await sortant.signale(uuid4())
    await until(lambda: len(endpoint.received) == 2)

    read = (await client.get(f"/v1/abonnements/{declared['id']}", headers=CD)).json()
    (shown,) = read["cles_publiques"]
    handshake, delivered = endpoint.received
    verify(shown, handshake)
    verify(shown, delivered)
    assert shown.startswith("whpk_")
    assert "secret" not in declared
    assert await sortant.field("SELECT secret IS NULL FROM abonnements")
    altered = Received(delivered.path, delivered.headers, delivered.body + b" ")
    with pytest.raises(InvalidSignature):
        verify(shown, altered)


async def test_what_v1a_signs_says_for_whom_so_that_one_partner_cannot_serve_it_to_another(
    sortant: Sortant, endpoint: Receiver
) -> None:
    ids = {
        code: await sortant.subscribe(code, f"{endpoint.url}/{code}", "usager.signale", signature="v1a")
        for code in ("cd-59", "ft-hdf")
    }
    sortant.start()

    await sortant.signale(uuid4())
    await until(lambda: len(endpoint.received) == 2)

    assert {one.path: one.json["abonnement"] for one in endpoint.received} == {
        f"/{code}": str(id_) for code, id_ in ids.items()
    }


async def test_during_a_rotation_old_and_next_key_both_verify_and_then_the_next_alone(
    sortant: Sortant, endpoint: Receiver
) -> None:
    old, following = sortant.cles[0], webhook_key(EtatCle.SUIVANTE)
    sortant.cles = [old, following]
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale", signature="v1a")
    sortant.distribute()
    await sortant.signale(uuid4())
    await sortant.delivered(4)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sortant.sender().run(stop))
        await until(lambda: len(endpoint.received) == 1)
        stop.set()

    sortant.cles = [following]
    sortant.push(sortant.sender())
    await sortant.process.pool.execute("UPDATE abonnements SET essai_demande_a = now()")
    await until(lambda: len(endpoint.received) == 2)

    during, after = endpoint.received
    verify(old.montree(), during)
    verify(following.montree(), during)
    verify(following.montree(), after)
    with pytest.raises(InvalidSignature):
        verify(old.montree(), after)


async def test_the_published_set_is_for_everybody_and_tells_the_next_key_before_it_signs_alone(
    sortant: Sortant,
) -> None:
    sortant.cles = [webhook_key(), webhook_key(EtatCle.SUIVANTE)]
    resolver = Resolver(autoriser_loopback=True)
    subscriptions = Subscriptions(sortant.process.pool, KEY, sortant.cles, resolver, sortant.pseudonyms)

    async with api(subscriptions.routes(OpenDoor(sortant.annuaire))) as anybody:
        answer = await anybody.get("/v1/webhooks/cles")

    keys = answer.json()["keys"]
    assert [key["etat"] for key in keys] == ["active", "suivante"]
    assert [base64.urlsafe_b64decode(key["x"] + "=") for key in keys] == [key.publique for key in sortant.cles]
    assert all((key["kty"], key["crv"], key["use"]) == ("OKP", "Ed25519", "sig") for key in keys)
    assert not any("d" in key for key in keys)


async def test_a_v1a_subscription_has_no_secret_to_change(client: httpx.AsyncClient, endpoint: Receiver) -> None:
    declared = await declare(client, endpoint.url)

    answer = await client.post(f"/v1/abonnements/{declared['id']}/secret", headers=CD)

    assert (answer.status_code, answer.json()["code"]) == (409, "etat-interdit")


async def test_a_key_of_another_kind_stops_the_start() -> None:
    with pytest.raises(ValueError, match="Ed25519"):
        CleWebhook.depuis_pem(new_es256_key().encode())
