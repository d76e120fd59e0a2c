"""Receipts of deliveries as their receiver reads them: signature, chain, and the hash of the bytes that it holds."""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from starlette.responses import Response

from gateway import receipts
from gateway.destinations import Resolver
from gateway.inbound.events.feed import Feed
from gateway.inbound.events.subscriptions import Subscriptions
from gateway.receipts import Chains
from tests.passerelle.outgoing import BASE_URL, DROITS, KEY, PROTEGE, Sortant, until
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Receiver, accept

pytestmark = pytest.mark.anyio
CD = as_partner("cd-59")
ALL_SENT = "SELECT count(*) > 0 AND bool_and(etat = 'livre') FROM envois"


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    subscriptions = Subscriptions(
        sortant.process.pool, KEY, sortant.cles, Resolver(autoriser_loopback=True), sortant.pseudonyms
    )
    feed = Feed(sortant.process.pool, sortant.bodies, KEY, Chains(sortant.cle_recus, BASE_URL))
    sortant.process.loop("acquittements", feed.acknowledgements.run)
    door = OpenDoor(sortant.annuaire)
    async with api([*subscriptions.routes(door), *feed.routes(door)]) as one:
        yield one


def read(sortant: Sortant, jws: str) -> dict[str, Any]:
    """The payload, once its ES256 signature has verified (RFC 7518 § 3.4). Raises InvalidSignature."""
    key = load_pem_private_key(sortant.cle_recus, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    header, payload, signature = jws.split(".")
    raw = _decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.public_key().verify(der, f"{header}.{payload}".encode(), ec.ECDSA(SHA256()))
    content: dict[str, Any] = orjson.loads(_decoded(payload))
    return content


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def chains(sortant: Sortant) -> dict[UUID, list[str]]:
    """The receipts of each chain, by rank."""
    found: dict[UUID, list[str]] = {}
    for row in await sortant.process.pool.fetch("SELECT chaine, jws FROM recus ORDER BY chaine, rang"):
        found.setdefault(row["chaine"], []).append(row["jws"])
    return found


def check_chain(sortant: Sortant, chaine: UUID, signed: list[str]) -> None:
    precedent = hashlib.sha256(chaine.bytes).hexdigest()
    for rang, jws in enumerate(signed, start=1):
        content = read(sortant, jws)
        assert (content["chaine"], content["rang"], content["precedent"]) == (str(chaine), rang, precedent)
        precedent = hashlib.sha256(jws.encode()).hexdigest()


async def listed(client: httpx.AsyncClient, abonnement: UUID) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/abonnements/{abonnement}/livraisons", headers=CD)
    found: list[dict[str, Any]] = answer.json()["livraisons"]
    return found


async def test_a_delivery_has_a_receipt_of_the_very_bytes_that_its_receiver_holds(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    id_ = await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
    sortant.start()
    told = await sortant.signale(uuid4())

    await until(lambda: sortant.field_is(ALL_SENT))

    (delivery,) = await listed(client, id_)
    content = read(sortant, delivery["recu"])
    assert content["empreinte"] == hashlib.sha256(endpoint.received[0].body).hexdigest()
    assert content["evenements"] == [sortant.id_at("cd-59", told)]
    assert content["webhook"] == endpoint.received[0].headers["webhook-id"]
    assert (content["iss"], content["partenaire"], content["abonnement"]) == (BASE_URL, "cd-59", str(id_))
    assert (content["resultat"], content["code"]) == ("livre", 204)


async def test_receipts_form_one_chain_without_a_hole(sortant: Sortant, endpoint: Receiver) -> None:
    await sortant.subscribe("cd-59", endpoint.url, "droits.modifies")
    sortant.start()
    for _ in range(20):
        parcours = uuid4()
        await sortant.signale(parcours)
        await sortant.tell("droits.modifies", parcours, DROITS)

    await until(lambda: sortant.field_is("SELECT count(*) = 20 FROM envois WHERE etat = 'livre'"), timeout_s=10)

    ((chaine, signed),) = (await chains(sortant)).items()
    assert len(signed) == 20
    check_chain(sortant, chaine, signed)


async def test_only_what_was_accepted_has_a_receipt(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    endpoint.answer = lambda _: Response(status_code=503)
    id_ = await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
    sortant.start()
    await sortant.signale(uuid4())
    await until(lambda: sortant.field_is("SELECT essais = 1 FROM envois"))

    refused = await listed(client, id_)
    endpoint.answer = accept
    await sortant.process.pool.execute("UPDATE files SET prochain_a = now()")
    await until(lambda: sortant.field_is(ALL_SENT))

    assert "recu" not in refused[0]
    assert read(sortant, (await listed(client, id_))[0]["recu"])["rang"] == 1


async def test_a_batch_is_one_request_and_has_one_receipt(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    parcours = uuid4()
    id_ = await sortant.subscribe("cd-59", endpoint.url, lot=10)
    sortant.distribute()
    await sortant.signale(parcours)
    await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(6)

    sortant.push(sortant.sender())
    await until(lambda: sortant.field_is(ALL_SENT))

    recus = {delivery["recu"] for delivery in await listed(client, id_)}
    content = read(sortant, recus.pop())
    assert recus == set()
    assert content["evenements"] == [event["id"] for event in endpoint.events]
    assert content["empreinte"] == hashlib.sha256(endpoint.received[0].body).hexdigest()


async def test_receipts_tell_nothing_of_the_person(sortant: Sortant, endpoint: Receiver) -> None:
    parcours = uuid4()
    await sortant.subscribe("cd-59", endpoint.url)
    sortant.start()
    await sortant.signale(parcours)

    await until(lambda: sortant.field_is(ALL_SENT))

    told = str([read(sortant, jws) for signed in (await chains(sortant)).values() for jws in signed])
    assert PROTEGE["identite"]["nom_naissance"].encode() in endpoint.received[-1].body
    for secret in (*PROTEGE["identite"].values(), PROTEGE["identifiants"][0]["valeur"], str(parcours)):
        assert secret not in told
    assert sortant.pseudonyms.of("cd-59", parcours) not in told


async def test_books_that_could_not_be_written_begin_another_chain_and_leave_no_hole(
    sortant: Sortant, endpoint: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert, failures = receipts.insert, iter([True])

    async def fails_once(*arguments: Any) -> None:
        await insert(*arguments)
        if next(failures, False):
            raise ConnectionResetError

    monkeypatch.setattr(receipts, "insert", fails_once)
    await sortant.subscribe("cd-59", endpoint.url, "usager.signale")
    sortant.start()
    for _ in range(2):
        await sortant.signale(uuid4())

    await until(lambda: sortant.field_is("SELECT count(*) = 2 FROM envois WHERE etat = 'livre'"))

    written = await chains(sortant)
    assert sum(len(signed) for signed in written.values()) == 2
    for chaine, signed in written.items():
        check_chain(sortant, chaine, signed)


async def test_an_acknowledged_feed_has_a_receipt_of_what_was_served_up_to_there(
    sortant: Sortant, client: httpx.AsyncClient
) -> None:
    sortant.distribute()
    parcours = uuid4()
    await sortant.signale(parcours)
    await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(6)

    first = await client.get("/v1/evenements", headers=CD, params={"limite": 2})
    query = {"limite": 2, "apres": first.json()["curseur"]}
    second = await client.get("/v1/evenements", headers=CD, params=query)
    curseur = second.json()["curseur"]
    acknowledged = await client.post("/v1/evenements/acquittement", headers=CD, json={"curseur": curseur})
    again = await client.post("/v1/evenements/acquittement", headers=CD, json={"curseur": curseur})

    content = read(sortant, acknowledged.headers["relais-recu"])
    served = bytes(32)
    for page in (first, second):
        start, end = len(b'{"evenements":'), page.content.rindex(b',"curseur":')
        served = hashlib.sha256(served + hashlib.sha256(page.content[start:end]).digest()).digest()
    assert content["empreinte"] == served.hex()
    assert content["evenement"] == second.json()["evenements"][-1]["id"]
    assert (content["partenaire"], content["curseur"], content["resultat"]) == ("cd-59", curseur, "acquitte")
    assert "relais-recu" not in again.headers
    assert await sortant.field("SELECT count(*) FROM recus") == 1
