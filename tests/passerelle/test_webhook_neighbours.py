"""Many endpoints at once: what one does to itself reaches no other, and a replay amid live traffic adds up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from starlette.responses import Response

from gateway.inbound.events.replays import Replays
from tests.passerelle.outgoing import DROITS, Sortant, until
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Received, Receiver, receiver, unused_port

pytestmark = pytest.mark.anyio
CD = as_partner("cd-59")
OF_CD = "partenaire = 'cd-59' AND type = 'droits.modifies'"


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    replays = Replays(sortant.process.pool)
    sortant.process.loop("rejeux", replays.run)
    async with api(replays.routes(OpenDoor(sortant.annuaire))) as one:
        yield one


def sequences(endpoint: Receiver, subject: str) -> list[int]:
    return [event["sequence"] for event in endpoint.events if event["subject"] == subject]


async def change(sortant: Sortant, parcours: list[UUID], times: int) -> None:
    for _ in range(times):
        for one in parcours:
            await sortant.tell("droits.modifies", one, DROITS)


async def test_live_partners_get_everything_in_order_beside_a_dead_a_mute_and_a_slow_one(sortant: Sortant) -> None:
    """The slow one takes 1 s a request: shared places would make the live ones wait as long as it does."""
    released = asyncio.Event()

    async def never(_: Received) -> Response:
        await released.wait()
        return Response(status_code=500)

    async def slowly(_: Received) -> Response:
        await asyncio.sleep(1)
        return Response(status_code=204)

    async with AsyncExitStack() as stack:
        mute, slow, *live = [await stack.enter_async_context(receiver()) for _ in range(5)]
        mute.answer, slow.answer = never, slowly
        await sortant.subscribe("ft-hdf", f"http://127.0.0.1:{unused_port()}", "droits.modifies")
        await sortant.subscribe("ft-hdf", mute.url, "droits.modifies")
        await sortant.subscribe("ft-hdf", slow.url, "droits.modifies")
        for ready in live:
            await sortant.subscribe("cd-59", ready.url, "droits.modifies")
        parcours = [uuid4() for _ in range(32)]
        sortant.start()

        for one in parcours:
            await sortant.signale(one)
        await change(sortant, parcours, 3)
        await until(lambda: all(len(ready.received) == 96 for ready in live), timeout_s=20)
        of_the_slow_one = len(slow.received)
        released.set()

        subjects = [sortant.pseudonyms.of("cd-59", one) for one in parcours]
        assert all(sequences(ready, subject) == [2, 3, 4] for ready in live for subject in subjects)
        assert of_the_slow_one < 96
        assert slow.most_busy <= 16
        assert mute.most_busy <= 16


async def test_a_replay_amid_live_traffic_counts_each_delivery_once_and_keeps_the_order(
    sortant: Sortant, client: httpx.AsyncClient, endpoint: Receiver
) -> None:
    sortant.start()
    early, missed, erased = ([uuid4() for _ in range(6)] for _ in range(3))
    id_ = await sortant.subscribe("cd-59", endpoint.url, "droits.modifies")
    for one in (*early, *missed, *erased):
        await sortant.signale(one)
    await change(sortant, early, 2)
    await until(lambda: len(endpoint.received) == 12)
    await sortant.process.pool.execute("UPDATE abonnements SET etat = 'inactif'")
    await change(sortant, [*missed, *erased], 3)
    await until(lambda: sortant.field_is("SELECT count(*) = 48 FROM livraisons WHERE " + OF_CD))
    await sortant.process.pool.execute("DELETE FROM evenements WHERE parcours = ANY($1)", erased[:1])
    await sortant.process.pool.execute("UPDATE abonnements SET etat = 'actif'")
    now = datetime.now(UTC)
    asked = {"abonnement": str(id_), "du": (now - timedelta(hours=1)).isoformat(), "au": now.isoformat()}

    dry = (await client.post("/v1/rejeux", headers=CD, json={**asked, "a_blanc": True})).json()["comptes"]
    created = await client.post("/v1/rejeux", headers=CD, json=asked)
    await sortant.process.pool.execute("DELETE FROM evenements WHERE parcours = ANY($1)", erased[1:3])
    await change(sortant, [*early, *missed], 2)
    counts = await settled(client, created.headers["location"])
    await until(lambda: sortant.field_is("SELECT sum(restants) = 0 FROM files"), timeout_s=10)

    assert dry == {"selectionnes": 45, "livres": 0, "deja_livres": 12, "refuses": 0, "en_attente": 33}
    assert counts == {"selectionnes": 45, "livres": 27, "deja_livres": 12, "refuses": 6, "en_attente": 0}
    for one in early:
        assert sequences(endpoint, sortant.pseudonyms.of("cd-59", one)) == [2, 3, 4, 5]
    for one in missed:
        assert sequences(endpoint, sortant.pseudonyms.of("cd-59", one)) == [2, 3, 4, 5, 6]
    for one in erased[3:]:
        assert sequences(endpoint, sortant.pseudonyms.of("cd-59", one)) == [2, 3, 4]


async def settled(client: httpx.AsyncClient, location: str) -> dict[str, int]:
    """The accounts of a replay once nothing waits; they add up each time that they are looked at."""
    async with asyncio.timeout(15):
        while True:
            counts: dict[str, Any] = (await client.get(location, headers=CD)).json()["comptes"]
            parts = (counts[part] for part in ("livres", "deja_livres", "refuses", "en_attente"))
            assert counts["selectionnes"] == sum(parts)
            if not counts["en_attente"]:
                return counts
            await asyncio.sleep(0.05)
