"""After three days of failures a subscription is suspended: its partner is told, and nothing of its queue is lost."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from starlette.responses import Response

from gateway.destinations import Resolver
from gateway.inbound.events.feed import Feed
from gateway.inbound.events.subscriptions import Subscriptions
from gateway.outbound.suspensions import Suspensions
from gateway.receipts import Chains
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.lecture import lire_donnees
from tests.passerelle.outgoing import BASE_URL, DROITS, KEY, Sortant, until
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Receiver, accept, receiver

pytestmark = pytest.mark.anyio
CD, FT = as_partner("cd-59"), as_partner("ft-hdf")
SUSPENDED = "SELECT count(*) = 1 FROM abonnements WHERE etat = 'suspendu' AND suspension_dite"
# Its first failure was that long ago: the next one, the fifth or later, is one too many.
THREE_DAYS_AGO = "UPDATE abonnements SET echecs = 9, premier_echec_a = now() - interval '72 hours' WHERE id = $1"


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    subscriptions = Subscriptions(
        sortant.process.pool, KEY, sortant.cles, Resolver(autoriser_loopback=True), sortant.pseudonyms
    )
    feed = Feed(sortant.process.pool, sortant.bodies, KEY, Chains(sortant.cle_recus, BASE_URL))
    door = OpenDoor(sortant.annuaire)
    async with api([*subscriptions.routes(door), *feed.routes(door)]) as one:
        yield one


async def notices(client: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = await client.get("/v1/evenements", headers=headers, params={"types": "abonnement.suspendu"})
    found: list[dict[str, Any]] = answer.json()["evenements"]
    return found


async def suspended(sortant: Sortant, endpoint: Receiver, *types: str) -> UUID:
    """A subscription whose endpoint has just failed for too long."""
    endpoint.answer = lambda _: Response(status_code=503)
    id_ = await sortant.subscribe("cd-59", endpoint.url, *types)
    await sortant.process.pool.execute(THREE_DAYS_AGO, id_)
    sortant.start()
    await sortant.signale(uuid4())
    await until(lambda: sortant.field_is(SUSPENDED))
    return id_


async def test_the_partner_is_told_in_its_feed_once_and_nobody_else_is(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    id_ = await suspended(sortant, endpoint)

    again = await Suspensions(sortant.process.pool, sortant.vault, lambda: None).tell_due()

    (notice,) = await notices(client, CD)
    told = lire_donnees(CATALOGUE["abonnement.suspendu"], notice["data"])
    read = (await client.get(f"/v1/abonnements/{id_}", headers=CD)).json()
    assert again == 0
    assert notice["type"] == "fr.insertion.abonnement.suspendu.v1"
    assert notice["data"]["abonnement"] == str(id_)
    assert told.suspendu_a - told.echecs_depuis >= timedelta(hours=72)  # type: ignore[attr-defined]
    assert "subject" not in notice
    assert (read["etat"], read["suspendu_a"]) == ("suspendu", notice["data"]["suspendu_a"])
    assert await notices(client, FT) == []


async def test_another_webhook_of_the_same_partner_gets_the_notice_and_the_suspended_one_does_not(
    sortant: Sortant, endpoint: Receiver
) -> None:
    async with receiver() as other:
        await sortant.subscribe("cd-59", other.url, "abonnement.suspendu")

        await suspended(sortant, endpoint)
        await until(lambda: len(other.received) == 1)

        assert other.received[0].json["type"] == "fr.insertion.abonnement.suspendu.v1"
        queued = "SELECT count(*) FROM envois v JOIN livraisons l ON l.numero = v.livraison WHERE l.type = $1"
        assert await sortant.field(queued, "abonnement.suspendu") == 1


async def test_an_address_that_never_answered_its_handshake_is_suspended_and_told_too(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    endpoint.answer = lambda _: Response(status_code=503)
    id_ = await sortant.subscribe("cd-59", endpoint.url, etat="a-verifier")
    await sortant.process.pool.execute(THREE_DAYS_AGO, id_)
    sortant.start()

    await until(lambda: sortant.field_is(SUSPENDED))

    assert [notice["data"]["abonnement"] for notice in await notices(client, CD)] == [str(id_)]


async def test_once_active_again_it_gets_all_that_it_missed_in_order(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    id_ = await suspended(sortant, endpoint, "droits.modifies", "usager.signale")
    parcours = [uuid4(), uuid4()]
    for one in parcours:
        await sortant.signale(one)
    for rank in range(3):
        for one in parcours:
            await sortant.tell("droits.modifies", one, DROITS | {"date_effet": f"2026-03-0{rank + 1}"})
    await until(lambda: sortant.field_is("SELECT count(*) = 9 FROM envois"))
    endpoint.received.clear()
    endpoint.answer = accept

    answer = await client.patch(f"/v1/abonnements/{id_}", headers=CD, json={"actif": True})
    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'livre') FROM envois"), timeout_s=10)

    assert answer.json()["etat"] == "a-verifier"
    assert endpoint.received[0].json["type"] == "fr.insertion.abonnement.verification.v1"
    for one in parcours:
        subject = sortant.pseudonyms.of("cd-59", one)
        mine = [event for event in endpoint.events[1:] if event["subject"] == subject]
        assert [event["sequence"] for event in mine] == [1, 2, 3, 4]
    assert await sortant.field("SELECT suspendu_a IS NULL AND etat = 'actif' FROM abonnements")
    assert len(endpoint.received) == 10
