"""Replays of a period: what is selected, what is sent again, and accounts that add up whatever happens meanwhile."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from gateway.inbound.events.replays import Replays
from gateway.outbound.store import delivery
from gateway.outbound.store.delivery import Claim
from tests.engines import Bench
from tests.passerelle.outgoing import DROITS, Sortant
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.receiver import Receiver

pytestmark = pytest.mark.anyio
CD, FT = as_partner("cd-59"), as_partner("ft-hdf")


@pytest.fixture
async def replays(sortant: Sortant) -> Replays:
    return Replays(sortant.process.pool)


@pytest.fixture
async def client(sortant: Sortant, replays: Replays) -> AsyncIterator[httpx.AsyncClient]:
    sortant.distribute()
    async with api(replays.routes(OpenDoor(sortant.annuaire))) as one:
        yield one


async def told(sortant: Sortant, count: int = 3) -> UUID:
    """A parcours with `count` changes of rights: cd-59 has count + 2 deliveries."""
    parcours = uuid4()
    await sortant.signale(parcours)
    for _ in range(count):
        await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(2 * (count + 2))
    return parcours


def asked(abonnement: UUID, **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    period = {"du": (now - timedelta(hours=1)).isoformat(), "au": (now + timedelta(hours=1)).isoformat()}
    return {**period, "abonnement": str(abonnement), **changes}


def adds_up(comptes: dict[str, int]) -> bool:
    parts = ("livres", "deja_livres", "refuses", "en_attente")
    return comptes["selectionnes"] == sum(comptes[part] for part in parts)


async def test_a_dry_run_counts_and_changes_nothing(sortant: Sortant, client: httpx.AsyncClient) -> None:
    await told(sortant)
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")

    answer = await client.post("/v1/rejeux", headers=CD, json=asked(abonnement, a_blanc=True))

    assert (answer.status_code, answer.json()["etat"]) == (200, "a-blanc")
    assert answer.json()["comptes"]["en_attente"] == answer.json()["comptes"]["selectionnes"] == 5
    assert await sortant.field("SELECT count(*) FROM envois") == 0
    assert await sortant.field("SELECT count(*) FROM rejeux") == 0


async def test_a_new_subscription_catches_up_with_the_period_in_order(
    sortant: Sortant, client: httpx.AsyncClient, replays: Replays, endpoint: Receiver
) -> None:
    await told(sortant)
    abonnement = await sortant.subscribe("cd-59", endpoint.url)
    created = await client.post("/v1/rejeux", headers=CD, json=asked(abonnement))
    assert created.json()["etat"] == "en-cours"

    await replays.hand_over()
    numbers = await sortant.process.pool.fetch("SELECT livraison FROM envois WHERE etat = 'a-livrer' ORDER BY 1")
    queued = await sortant.field("SELECT sum(restants) FROM files")

    assert (len(numbers), queued) == (5, 5)
    seen = (await client.get(created.headers["location"], headers=CD)).json()["comptes"]
    assert adds_up(seen)
    assert seen["en_attente"] == 5


async def test_what_comes_during_a_replay_waits_for_what_is_older(
    sortant: Sortant, client: httpx.AsyncClient, replays: Replays
) -> None:
    parcours = await told(sortant)
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    await client.post("/v1/rejeux", headers=CD, json=asked(abonnement))
    await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(12)

    early = await claimed(sortant, abonnement)
    await replays.hand_over()
    [claim] = await claimed(sortant, abonnement)

    assert early == []
    numbers = await sortant.process.pool.fetch("SELECT livraison FROM envois ORDER BY 1")
    assert len(numbers) == 6
    assert claim.tete[0].numero == numbers[0]["livraison"]


@pytest.mark.parametrize(("renvoyer", "encore"), [(True, 5), (False, 4)])
async def test_what_is_on_its_way_when_a_replay_is_asked_is_settled_first(
    sortant: Sortant, client: httpx.AsyncClient, replays: Replays, renvoyer: bool, encore: int
) -> None:
    """Its receiver may have it already: asked for all, it comes again; else not."""
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    await told(sortant)
    [claim] = await claimed(sortant, abonnement)
    created = await client.post("/v1/rejeux", headers=CD, json=asked(abonnement, renvoyer=renvoyer))

    assert await replays.hand_over() == 0
    await sortant.process.pool.execute("UPDATE envois SET etat = 'livre' WHERE livraison = $1", claim.tete[0].numero)
    await sortant.process.pool.execute("UPDATE files SET bail_jusqua = NULL, restants = restants - 1")
    await replays.hand_over()

    assert await sortant.field("SELECT count(*) FROM envois WHERE etat = 'a-livrer'") == encore
    assert await sortant.field("SELECT sum(restants) FROM files") == encore
    comptes = (await client.get(created.headers["Location"], headers=CD)).json()["comptes"]
    assert (comptes["en_attente"], comptes["livres"]) == (encore, 5 - encore)


async def claimed(sortant: Sortant, abonnement: UUID) -> list[Claim]:
    now = datetime.now(UTC)
    async with sortant.process.pool.acquire() as conn, conn.transaction():
        cle = await conn.fetchval("INSERT INTO expediteurs (depuis) VALUES (now()) RETURNING cle")
        bail = now + timedelta(seconds=30)
        return list(await delivery.claim(conn, sortant.bodies, {abonnement: 9}, {abonnement: 1}, 9, now, bail, cle))


async def test_what_was_delivered_is_counted_and_not_sent_again_unless_asked(
    sortant: Sortant, client: httpx.AsyncClient, replays: Replays
) -> None:
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    await told(sortant)
    await sortant.process.pool.execute("UPDATE envois SET etat = 'livre' WHERE abonnement = $1", abonnement)
    await sortant.process.pool.execute("UPDATE files SET restants = 0")

    first = (await client.post("/v1/rejeux", headers=CD, json=asked(abonnement))).json()
    again = (await client.post("/v1/rejeux", headers=CD, json=asked(abonnement, renvoyer=True))).json()
    await replays.hand_over()

    assert (first["etat"], first["comptes"]["deja_livres"]) == ("termine", 5)
    assert (again["etat"], again["comptes"]["en_attente"]) == ("en-cours", 5)
    assert await sortant.field("SELECT sum(restants) FROM files") == 5


async def test_the_accounts_stay_whole_through_delivery_erasure_and_loss_of_sight(
    sortant: Sortant, client: httpx.AsyncClient, replays: Replays
) -> None:
    parcours = await told(sortant)
    other = await told_more(sortant)
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    created = await client.post("/v1/rejeux", headers=CD, json=asked(abonnement))
    await replays.hand_over()
    pool = sortant.process.pool
    await pool.execute("UPDATE envois SET etat = 'livre' WHERE livraison = (SELECT min(livraison) FROM envois)")
    last = await sortant.field("SELECT max(livraison) FROM envois WHERE parcours = $1", parcours)
    await pool.execute("UPDATE envois SET etat = 'sans-objet' WHERE livraison = $1", last)
    await pool.execute("DELETE FROM evenements WHERE parcours = $1", other)

    seen = (await client.get(created.headers["location"], headers=CD)).json()["comptes"]

    assert seen == {"selectionnes": 10, "livres": 1, "deja_livres": 0, "refuses": 6, "en_attente": 3}


async def told_more(sortant: Sortant) -> UUID:
    parcours = uuid4()
    await sortant.signale(parcours)
    for _ in range(3):
        await sortant.tell("droits.modifies", parcours, DROITS)
    await sortant.delivered(20)
    return parcours


async def test_only_the_types_asked_for_are_selected(sortant: Sortant, client: httpx.AsyncClient) -> None:
    await told(sortant)
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu", "droits.modifies", "usager.signale")

    narrowed = await client.post("/v1/rejeux", headers=CD, json=asked(abonnement, types=["droits.modifies"]))
    outside = await client.post("/v1/rejeux", headers=CD, json=asked(abonnement, types=["contrat.signe"]))

    assert narrowed.json()["comptes"]["selectionnes"] == 3
    assert outside.status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"du": "hier"},
        {"du": "2026-01-01"},
        {"au": "2020-01-01T00:00:00Z"},
        {"types": ["invente"]},
        {"x": 1},
        {"abonnement": "x"},
    ],
    ids=["word", "no-offset", "reversed", "type", "extra", "subscription"],
)
async def test_a_wrong_request_is_refused(sortant: Sortant, client: httpx.AsyncClient, changes: dict[str, Any]) -> None:
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")

    answer = await client.post("/v1/rejeux", headers=CD, json=asked(abonnement) | changes)

    assert answer.status_code == 422


async def test_a_subscription_or_a_replay_of_another_partner_is_not_there(
    sortant: Sortant, client: httpx.AsyncClient, banc: Bench
) -> None:
    await told(sortant)
    abonnement = await sortant.subscribe("cd-59", "http://127.0.0.1:9/recu")
    mine = await client.post("/v1/rejeux", headers=CD, json=asked(abonnement))

    to_another = await client.post("/v1/rejeux", headers=FT, json=asked(abonnement))
    read_by_another = await client.get(mine.headers["location"], headers=FT)

    assert (to_another.status_code, read_by_another.status_code) == (404, 404)
