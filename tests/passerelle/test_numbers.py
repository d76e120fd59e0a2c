"""Each feed and each subscription numbers what is decided for it: no gap, one number for good, holes explained."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from starlette.responses import Response

from gateway import numbering
from gateway.inbound.events.feed import Feed
from gateway.inbound.events.gaps import Gaps
from gateway.inbound.events.replays import Replays
from gateway.inbound.events.subscriptions import Subscriptions
from gateway.outbound.heartbeats import IDLE, Heartbeats
from gateway.outbound.signals import Signals
from gateway.outbound.targets import Targets
from gateway.receipts import Chains
from gateway.webhook_secrets import Safe
from tests.passerelle.outgoing import BASE_URL, DROITS, FINALITES, KEY, Sortant, until
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Received, Receiver
from tests.passerelle.test_conventions import OVER, agree, renewed

pytestmark = pytest.mark.anyio
CD, FT = as_partner("cd-59"), as_partner("ft-hdf")


@pytest.fixture
async def replays(sortant: Sortant) -> Replays:
    return Replays(sortant.process.pool)


@pytest.fixture
async def client(sortant: Sortant, replays: Replays) -> AsyncIterator[httpx.AsyncClient]:
    pool, door = sortant.process.pool, OpenDoor(sortant.annuaire)
    feed = Feed(pool, sortant.bodies, KEY, Chains(sortant.cle_recus, BASE_URL))
    sortant.process.loop("acquittements", feed.acknowledgements.run)
    subscriptions = Subscriptions(pool, KEY, [], sortant.client._resolver, sortant.pseudonyms)
    gaps = Gaps(pool, sortant.bodies, sortant.pseudonyms)
    routes = [*feed.routes(door), *gaps.routes(door), *subscriptions.routes(door), *replays.routes(door)]
    async with api(routes) as one:
        yield one


async def told(sortant: Sortant, count: int = 3) -> UUID:
    """A parcours with `count` changes of rights: cd-59 has count + 2 deliveries."""
    parcours = uuid4()
    before = int(await sortant.field("SELECT count(*) FROM livraisons"))
    await sortant.signale(parcours)
    for _ in range(count):
        await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(before + 2 * (count + 2), timeout_s=20)
    return parcours


async def got(client: httpx.AsyncClient, path: str, headers: dict[str, str] = CD, **query: Any) -> dict[str, Any]:
    response = await client.get(path, headers=headers, params=query)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


def numbers(events: list[dict[str, Any]]) -> list[int]:
    return [event["relaisnumero"] for event in events]


def gaps(content: dict[str, Any]) -> list[tuple[int, str]]:
    return [(gap["relaisnumero"], gap["etat"]) for gap in content["trous"]]


async def settled(sortant: Sortant) -> None:
    await until(lambda: sortant.field_is("SELECT count(*) = 0 FROM envois WHERE etat = 'a-livrer'"), timeout_s=20)


async def test_feeds_and_subscriptions_each_count_from_one(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    sortant.start()
    await told(sortant)
    few = await sortant.subscribe("cd-59", f"{endpoint.url}/few", "droits.modifies")
    all_ = await sortant.subscribe("cd-59", f"{endpoint.url}/all", lot=4)

    await told(sortant)
    await settled(sortant)

    page = await got(client, "/v1/evenements", FT, limite=7)
    rest = await got(client, "/v1/evenements", FT, apres=page["curseur"])
    by_path: dict[str, list[dict[str, Any]]] = {"/few": [], "/all": []}
    for one in endpoint.received:
        by_path[one.path] += one.json if isinstance(one.json, list) else [one.json]
    assert numbers(page["evenements"]) + numbers(rest["evenements"]) == list(range(1, 11))
    assert page["dernier_numero"] == rest["dernier_numero"] == 10
    assert sorted(numbers(by_path["/few"])) == [1, 2, 3]
    assert sorted(numbers(by_path["/all"])) == [1, 2, 3, 4, 5]
    assert gaps(await got(client, f"/v1/abonnements/{few}/trous")) == []
    assert gaps(await got(client, f"/v1/abonnements/{all_}/trous")) == []


async def test_a_receiver_that_fails_loses_and_doubles_events_sees_each_number_once(
    sortant: Sortant, client: httpx.AsyncClient, replays: Replays, endpoint: Receiver
) -> None:
    kept: dict[int, set[bytes]] = {}
    failed: set[str] = set()

    def clumsy(one: Received) -> Response:
        """Refuses each event once; of those that it takes it loses every third one."""
        name = one.headers["webhook-id"]
        number = one.json["relaisnumero"]
        if name not in failed:
            failed.add(name)
            kept.setdefault(-number, set()).add(one.body)
            return Response(status_code=422)
        if number % 3:
            kept.setdefault(number, set()).add(one.body)
        return Response(status_code=204)

    def careful(one: Received) -> Response:
        kept.setdefault(one.json["relaisnumero"], set()).add(one.body)
        return Response(status_code=204)

    endpoint.answer = clumsy
    abonnement = await sortant.subscribe("cd-59", endpoint.url)
    sortant.start()
    sender = asyncio.create_task(_hurry(sortant))
    await told(sortant, 4)
    await settled(sortant)

    missing = [n for n in range(1, 7) if n not in kept]
    asked = {"du": "2020-01-01T00:00:00Z", "au": "2999-01-01T00:00:00Z", "abonnement": str(abonnement)}
    endpoint.answer = careful
    await client.post("/v1/rejeux", headers=CD, json=asked | {"renvoyer": True})
    await replays.hand_over()
    await settled(sortant)
    sender.cancel()

    assert missing == [3, 6]
    assert sorted(n for n in kept if n > 0) == [1, 2, 3, 4, 5, 6]
    assert all(len(kept[n] | kept[-n]) == 1 for n in range(1, 7))
    assert gaps(await got(client, f"/v1/abonnements/{abonnement}/trous")) == []


async def _hurry(sortant: Sortant) -> None:
    """What failed is due at once, and nothing is held against the endpoint."""
    while True:
        await sortant.process.pool.execute("UPDATE files SET prochain_a = now() WHERE essais > 0")
        await asyncio.sleep(0.05)


async def test_a_replay_to_a_new_subscription_numbers_what_it_never_had_after_what_it_has(
    sortant: Sortant, client: httpx.AsyncClient, replays: Replays
) -> None:
    sortant.distribute()
    await told(sortant)
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    await told(sortant, 1)
    asked = {"du": "2020-01-01T00:00:00Z", "au": "2999-01-01T00:00:00Z", "abonnement": str(abonnement)}

    for _ in range(2):
        assert (await client.post("/v1/rejeux", headers=CD, json=asked)).status_code == 202
        await replays.hand_over()

    rows = await sortant.process.pool.fetch("SELECT relaisnumero FROM envois ORDER BY livraison")
    assert [row["relaisnumero"] for row in rows] == [4, 5, 6, 7, 8, 1, 2, 3]
    assert await sortant.field("SELECT sum(restants) FROM files") == 8


async def test_what_failed_waits_or_was_suspended_is_a_gap_with_its_reason_until_it_is_delivered(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    endpoint.answer = lambda _: Response(status_code=422)
    abonnement = await sortant.subscribe("cd-59", endpoint.url)
    other = await sortant.subscribe("cd-59", endpoint.url, etat="suspendu")
    await sortant.process.pool.execute("UPDATE abonnements SET suspension_dite = true")
    sortant.start()
    await told(sortant, 1)
    await until(lambda: sortant.field_is("SELECT bool_or(essais = 1) FROM files"))

    failing = await got(client, f"/v1/abonnements/{abonnement}/trous", du=2)
    suspended = await got(client, f"/v1/abonnements/{other}/trous")
    endpoint.answer = lambda _: Response(status_code=204)
    await sortant.process.pool.execute("UPDATE files SET prochain_a = now()")
    await sortant.process.pool.execute("UPDATE abonnements SET etat = 'actif'")
    await settled(sortant)

    assert gaps(failing) == [(2, "en-echec"), (3, "en-echec")]
    assert failing["trous"][0].keys() >= {"livraison", "evenement", "distribue_a", "essais", "prochain_essai"}
    assert gaps(suspended) == [(1, "a-livrer"), (2, "a-livrer"), (3, "a-livrer")]
    assert gaps(await got(client, f"/v1/abonnements/{other}/trous")) == []
    assert (await client.get(f"/v1/abonnements/{other}/trous", headers=FT)).status_code == 404


async def test_an_ended_convention_leaves_gaps_that_say_so_and_a_renewal_fills_them(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    abonnement = await sortant.subscribe("cd-59", endpoint.url)
    await agree(sortant, "cd-59", dict.fromkeys(FINALITES, OVER))
    sortant.start()
    await told(sortant, 1)
    await until(lambda: sortant.field_is("SELECT bool_and(etat = 'retenu') FROM envois"))

    pushed = await got(client, f"/v1/abonnements/{abonnement}/trous")
    pulled = await got(client, "/v1/evenements/trous")
    await agree(sortant, "cd-59", dict.fromkeys(FINALITES, None))
    await renewed(sortant)
    await sortant.process.pool.execute("UPDATE files SET prochain_a = now()")
    await settled(sortant)
    page = await got(client, "/v1/evenements")
    await client.post("/v1/evenements/acquittement", headers=CD, json={"curseur": page["curseur"]})

    assert gaps(pushed) == gaps(pulled) == [(1, "retenu"), (2, "retenu"), (3, "retenu")]
    assert sorted(numbers(endpoint.events)) == sorted(numbers(page["evenements"])) == [1, 2, 3]
    assert gaps(await got(client, "/v1/evenements/trous")) == []


async def test_a_gap_of_the_feed_is_what_is_not_read_hidden_or_erased(
    sortant: Sortant, client: httpx.AsyncClient
) -> None:
    sortant.distribute()
    erased = await told(sortant, 1)
    await told(sortant, 1)
    first = await got(client, "/v1/evenements", limite=4)
    await client.post("/v1/evenements/acquittement", headers=CD, json={"curseur": first["curseur"]})
    before = await got(client, "/v1/evenements/trous")
    await sortant.process.pool.execute("UPDATE livraisons SET roles = '{}' WHERE relaisnumero = 4")
    await sortant.tell("usager.efface", erased, {"motif": "Demande."}, source="/partenaires/cd-59")
    await until(lambda: sortant.field_is("SELECT count(*) = 1 FROM effaces"))

    after = await got(client, "/v1/evenements/trous")
    page = await got(client, "/v1/evenements", apres=first["curseur"])
    one = await got(client, "/v1/evenements/trous", du=2, au=2)

    assert gaps(before) == [(5, "a-lire"), (6, "a-lire")]
    assert gaps(after) == [(n, "efface") for n in (1, 2, 3)] + [(4, "sans-objet"), (5, "a-lire"), (6, "a-lire")]
    assert numbers(page["evenements"]) == [5, 6]
    assert (gaps(one), one["dernier_numero"], one["suite"]) == ([(2, "efface")], 6, None)


async def test_a_range_is_asked_for_by_numbers_or_by_instants(sortant: Sortant, client: httpx.AsyncClient) -> None:
    sortant.distribute()
    await told(sortant, 1)
    middle = datetime.now(UTC).isoformat()
    await told(sortant, 1)

    late = await got(client, "/v1/evenements/trous", du=middle)
    early = await got(client, "/v1/evenements/trous", du=2, au=middle)
    none = await got(client, "/v1/evenements/trous", du="2999-01-01T00:00:00Z")
    wrong = await client.get("/v1/evenements/trous", headers=CD, params={"du": "hier"})

    assert [n for n, _ in gaps(late)] == [4, 5, 6]
    assert [n for n, _ in gaps(early)] == [2, 3]
    assert gaps(none) == []
    assert wrong.status_code == 422


async def test_a_long_range_goes_on_where_it_stopped(
    sortant: Sortant, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.inbound.events.gaps._LOOKED_AT", 2)
    sortant.distribute()
    await told(sortant, 1)

    first = await got(client, "/v1/evenements/trous")
    last = await got(client, "/v1/evenements/trous", du=first["suite"])

    assert [n for n, _ in gaps(first)] == [1, 2]
    assert ([n for n, _ in gaps(last)], last["suite"]) == ([3], None)


async def test_a_batch_that_is_given_up_leaves_no_gap(sortant: Sortant) -> None:
    pool = sortant.process.pool
    event = "INSERT INTO evenements (id, parcours, type, corps, recu_a) VALUES ($1, $1, 'usager.signale', '{}', now())"
    for rank in range(3):
        evenement = uuid4()
        await pool.execute(event, evenement)
        row = numbering.Delivery("cd-59", evenement, evenement, "usager.signale", ["territoire"])
        async with pool.acquire() as conn:
            transaction = conn.transaction()
            await transaction.start()
            await numbering.insert_deliveries(conn, [row], datetime.now(UTC))
            await (transaction.rollback() if rank == 1 else transaction.commit())
            again = await numbering.insert_deliveries(conn, [row], datetime.now(UTC)) if rank == 2 else None

    assert again == {}
    assert [row["relaisnumero"] for row in await pool.fetch("SELECT relaisnumero FROM livraisons ORDER BY numero")] == [
        1,
        2,
    ]
    assert await sortant.field("SELECT dernier FROM numeros WHERE suite = 'cd-59'") == 2


async def test_a_deleted_subscription_takes_its_numbers_along(sortant: Sortant, client: httpx.AsyncClient) -> None:
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    sortant.distribute()
    await told(sortant, 1)
    suites = "SELECT array_agg(suite ORDER BY suite) FROM numeros"
    before = await sortant.field(suites)

    await client.delete(f"/v1/abonnements/{abonnement}", headers=CD)

    assert sorted(before) == sorted([str(abonnement), "cd-59", "ft-hdf"])
    assert await sortant.field(suites) == ["cd-59", "ft-hdf"]


async def test_a_subscription_at_rest_is_told_its_last_number_whatever_it_answers(
    sortant: Sortant, endpoint: Receiver
) -> None:
    await sortant.subscribe("cd-59", endpoint.url)
    await sortant.subscribe("ft-hdf", endpoint.url, etat="inactif")
    sortant.start()
    await told(sortant, 1)
    await settled(sortant)
    delivered = len(endpoint.received)
    endpoint.answer = lambda _: Response(status_code=500)
    targets = Targets(Safe(KEY), sortant.cles)
    heartbeats = Heartbeats(
        sortant.process.pool, Signals(sortant.process.pool, sortant.client, targets, lambda: None), targets
    )
    soon, later = datetime.now(UTC) + IDLE - timedelta(minutes=1), datetime.now(UTC) + IDLE + timedelta(minutes=1)

    beats = [await heartbeats.beat(at) for at in (soon, later, later, later + IDLE)]

    assert beats == [0, 1, 0, 1]
    event = endpoint.events[delivered]
    assert (event["type"], "relaisnumero" in event) == ("fr.insertion.abonnement.battement.v1", False)
    assert event["data"].keys() == {"dernier_numero", "depuis"} | {"abonnement"}
    assert event["data"]["dernier_numero"] == 3
    assert await sortant.field("SELECT max(echecs) FROM abonnements") == 0
