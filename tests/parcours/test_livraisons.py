"""What partners receive: the signed webhook, the feed and its cursor, each with what its receiver may see."""

import asyncio
import base64
import hashlib
from typing import Any

import httpx
import orjson
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jws
from joserfc.jwk import ECKey
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from gateway.numbering import ATTRIBUT
from relais_contrats.client import Partner, RequestRefused
from tests.hub import Hub
from tests.persons import nir, signalement
from tests.receiver import Endpoint, listening

pytestmark = pytest.mark.anyio

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def signal(caf: Partner, **changes: Any) -> str:
    answer = await caf.post(caf.message("usager.signale", signalement(**changes), departement="59"))
    assert answer.parcours, answer
    return answer.parcours


async def rest_of_the_feed(partner: Partner) -> list[dict[str, Any]]:
    """Everything up to now, acknowledged."""
    events: list[dict[str, Any]] = []
    while True:
        page = await partner.events(wait_s=2)
        if not page.evenements:
            return events
        events += page.evenements
        await partner.acknowledge(page.curseur)


def about(events: list[dict[str, Any]], nom: str) -> list[dict[str, Any]]:
    """The events of the person of that name, found by the pseudonym under which she was signalled."""
    subjects = {e["subject"] for e in events if e["data"].get("identite", {}).get("nom_naissance") == nom}
    return [e for e in events if e["subject"] in subjects]


async def subscribed(partner: Partner, endpoint: Endpoint) -> str:
    """The secret of a new subscription to everything."""
    made = await partner.call("POST", "/v1/abonnements", {"url": endpoint.url, "types": []})
    await endpoint.wait_for(lambda e: e.received)
    return str(made["secret"])


async def test_a_webhook_is_verified_and_read_by_libraries_that_we_did_not_write(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement, listening() as endpoint:
        secret = await subscribed(departement, endpoint)

        await signal(caf)
        received = (await endpoint.wait_for(lambda e: e.of_type("usager.signale")))[0]

        Webhook(secret).verify(received.body, dict(received.headers))
        event = from_http_event(HTTPMessage(dict(received.headers), received.body))
        assert event.get_type() == "fr.insertion.usager.signale.v1"
        assert event.get_source() == "/partenaires/caf-59"
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(received.body + b" ", dict(received.headers))


async def test_a_v1a_webhook_is_verified_with_the_key_that_the_hub_publishes(hub: Hub) -> None:
    async with (
        hub.partner("caf-59") as caf,
        hub.partner("cd-59") as departement,
        listening() as endpoint,
        httpx.AsyncClient(base_url=hub.api) as anybody,
    ):
        asked = {"url": endpoint.url, "types": ["usager.signale"], "signature": "v1a"}
        made = await departement.call("POST", "/v1/abonnements", asked)
        await endpoint.wait_for(lambda e: e.received)
        (published,) = (await anybody.get("/v1/webhooks/cles")).json()["keys"]

        await signal(caf)
        received = (await endpoint.wait_for(lambda e: e.of_type("usager.signale")))[0]

        version, _, signature = received.headers["webhook-signature"].partition(",")
        signed = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode() + received.body
        key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(published["x"] + "="))
        key.verify(base64.b64decode(signature), signed)
        assert version == "v1a"
        assert made["cles_publiques"] == [published["cle_publique"]]
        assert received.event["abonnement"] == made["id"]


async def test_a_delivery_is_listed_with_a_receipt_that_the_published_key_verifies(hub: Hub) -> None:
    async with (
        hub.partner("caf-59") as caf,
        hub.partner("cd-59") as departement,
        listening() as endpoint,
        httpx.AsyncClient(base_url=hub.api) as anybody,
    ):
        asked = {"url": endpoint.url, "types": ["usager.signale"]}
        made = await departement.call("POST", "/v1/abonnements", asked)
        keys = (await anybody.get("/v1/recus/cles")).json()["keys"]

        await signal(caf)
        received = (await endpoint.wait_for(lambda e: e.of_type("usager.signale")))[0]
        delivery = await settled(departement, made["id"])

        read = jws.deserialize_compact(delivery["recu"], ECKey.import_key(keys[0]), algorithms=["ES256"])
        receipt = orjson.loads(read.payload)
        assert receipt["empreinte"] == hashlib.sha256(received.body).hexdigest()
        assert (receipt["abonnement"], receipt["evenements"]) == (made["id"], [received.event["id"]])


async def settled(partner: Partner, abonnement: str) -> dict[str, Any]:
    """The one delivery of this subscription, once the hub has written its outcome."""
    async with asyncio.timeout(10):
        while True:
            (delivery,) = (await partner.get(f"/v1/abonnements/{abonnement}/livraisons"))["livraisons"]
            if delivery["etat"] == "livre":
                return dict(delivery)
            await asyncio.sleep(0.05)


async def test_the_trace_of_the_sender_stays_in_the_hub_and_the_receiver_has_its_own(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement, listening() as endpoint:
        await subscribed(departement, endpoint)
        message = caf.message("usager.signale", signalement(), departement="59", agent="Essai de-trace")

        await caf.post(message, traceparent=TRACEPARENT)
        received = await endpoint.wait_for(
            lambda e: [one for one in e.of_type("usager.signale") if one.event["agent"] == message["agent"]]
        )

        assert TRACEPARENT.split("-")[1] not in str((received[0].headers, received[0].event))
        assert received[0].headers["traceparent"].split("-")[1] == received[0].event["traceparent"].split("-")[1]


async def test_push_and_pull_give_the_same_event(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement, listening() as endpoint:
        await rest_of_the_feed(departement)
        await subscribed(departement, endpoint)

        await signal(caf)
        pulled = {e["id"]: e for e in await rest_of_the_feed(departement)}
        pushed = (await endpoint.wait_for(lambda e: e.of_type("usager.signale")))[0].event

        read = pulled[pushed["id"]]
        assert pushed == read | {ATTRIBUT: pushed[ATTRIBUT]}  # each feed and each subscription numbers its own
        assert isinstance(read[ATTRIBUT], int)


async def test_each_receiver_sees_its_own_pseudonym_and_no_other(hub: Hub) -> None:
    async with (
        hub.partner("caf-59") as caf,
        hub.partner("cd-59") as departement,
        hub.partner("ft-hauts-de-france") as france_travail,
    ):
        person = signalement()
        nom = person["identite"]["nom_naissance"]
        answer = await caf.post(caf.message("usager.signale", person, departement="59"))

        seen = [
            {event["subject"] for event in about(await rest_of_the_feed(partner), nom)}
            for partner in (departement, france_travail)
        ]

        assert [len(subjects) for subjects in seen] == [1, 1]
        assert len({answer.parcours, *seen[0], *seen[1]}) == 3


async def test_a_newcomer_is_first_told_why_it_takes_part(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        person = signalement()
        await caf.post(caf.message("usager.signale", person, departement="59"))

        events = about(await rest_of_the_feed(departement), person["identite"]["nom_naissance"])

        assert events[0]["type"] == "fr.insertion.parcours.partage.v1"
        assert events[0]["data"]["role"] == "departement"


async def test_the_feed_stays_where_it_was_acknowledged(hub: Hub) -> None:
    async with hub.partner("caf-59") as caf, hub.partner("cd-59") as departement:
        await rest_of_the_feed(departement)
        await signal(caf)

        once = await departement.events(wait_s=5)
        again = await departement.events(wait_s=5)
        await departement.acknowledge(again.curseur)
        after = {event["id"] for event in await rest_of_the_feed(departement)}

        assert [e["id"] for e in once.evenements] == [e["id"] for e in again.evenements][: len(once.evenements)]
        assert not after & {event["id"] for event in again.evenements}


async def test_a_cursor_serves_only_the_partner_that_it_was_given_to(hub: Hub) -> None:
    async with hub.partner("cd-59") as departement, hub.partner("ft-hauts-de-france") as france_travail:
        cursor = (await departement.events()).curseur

        with pytest.raises(RequestRefused):
            await france_travail.acknowledge(cursor)


async def test_nir_and_identity_reach_only_who_may_see_them(hub: Hub) -> None:
    """An association to which the person is oriented learns of the orientation, and of nothing else."""
    siret = "90000083700014"
    async with (
        hub.partner("caf-59") as caf,
        hub.partner("cd-59") as departement,
        hub.partner("asso-mobilite") as association,
    ):
        person = signalement(identifiants=[{"type": "nir", "valeur": nir(7)}])
        nom = person["identite"]["nom_naissance"]
        await caf.post(caf.message("usager.signale", person, departement="59"))
        known = about(await rest_of_the_feed(departement), nom)
        decision = {
            "decision": "acceptee",
            "parcours_type": "social",
            "organisme": "departement",
            "structure": {"systeme": "siret", "valeur": siret, "nom": "Plateforme mobilité de Lille"},
            "date_decision": "2026-11-22",
            "date_debut": "2026-11-22",
            "rang": 1,
        }

        decided = await departement.post(
            departement.message("orientation.decidee", decision, departement="59", subject=known[0]["subject"])
        )
        seen = await rest_of_the_feed(association)

        assert decided.etat == "accepte", decided
        assert nir(7) in str(known)
        assert {e["type"].split(".")[2:4] == ["orientation", "decidee"] for e in seen} == {True, False}
        assert nir(7) not in str(seen)
        assert nom not in str(seen)


async def test_a_subscription_of_another_partner_does_not_exist(hub: Hub) -> None:
    async with hub.partner("cd-59") as departement, hub.partner("ft-hauts-de-france") as other, listening() as endpoint:
        made = await departement.call("POST", "/v1/abonnements", {"url": endpoint.url, "types": ["usager.signale"]})

        with pytest.raises(RequestRefused, match="404"):
            await other.get(f"/v1/abonnements/{made['id']}")
        assert made["id"] not in str(await other.get("/v1/abonnements"))
