"""A database that was restored: cursors of what was lost are told so, nothing is skipped, nothing stays silent."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.database import Pool
from deploy import postgres
from deploy.datadir import HOST
from deploy.keys import ADMIN
from gateway.inbound.events.feed import Feed
from gateway.receipts import Chains
from tests.engines import Bench
from tests.passerelle.outgoing import BASE_URL, DROITS, KEY, Sortant
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.passerelle.test_outbound_fanout import message

pytestmark = pytest.mark.anyio
CD, FT = as_partner("cd-59"), as_partner("ft-hdf")
BIN = postgres.binaries()


@pytest.fixture
async def client(sortant: Sortant) -> AsyncIterator[httpx.AsyncClient]:
    feed = Feed(sortant.process.pool, sortant.bodies, KEY, Chains(sortant.cle_recus, BASE_URL))
    sortant.process.loop("fil", feed.watch)
    sortant.process.loop("acquittements", feed.acknowledgements.run)
    async with api(feed.routes(OpenDoor(sortant.annuaire))) as one:
        yield one


async def tell(sortant: Sortant, parcours: Any, *, opens: bool = False) -> None:
    """One batch: an event for the département and for France Travail."""
    type_, data = ("usager.signale", {"brsa": True, "origine": "x"}) if opens else ("droits.modifies", DROITS)
    await sortant.fanout().handle([message(sortant.event(type_, parcours, data))])


async def read(client: httpx.AsyncClient, headers: dict[str, str], **query: str | int) -> dict[str, Any]:
    response = await client.get("/v1/evenements", headers=headers, params=query)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


def run(banc: Bench, tool: str, *arguments: str) -> None:
    data, port = banc.engines.data, banc.engines.ports.postgres
    environment = {"PGPASSWORD": data.password_file(ADMIN).read_text().strip()}
    access = ["-h", HOST, "-p", str(port), "-U", ADMIN]
    subprocess.run([str(BIN / tool), *access, *arguments], check=True, env=environment, timeout=60)


def save(banc: Bench, backup: Path) -> None:
    run(banc, "pg_dump", "-Fc", "--data-only", "-n", "passerelle", "-f", str(backup), banc.database)


async def restore(banc: Bench, pool: Pool, backup: Path) -> None:
    tables = await pool.fetchval(
        "SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables WHERE schemaname = 'passerelle'"
    )
    conn = await postgres.connect_admin(banc.engines.data, banc.engines.ports.postgres, banc.database)
    await conn.execute(f"SET search_path TO passerelle; TRUNCATE {tables}")
    await conn.close()
    run(banc, "pg_restore", "--data-only", "--disable-triggers", "-d", banc.database, str(backup))


async def lost_future(sortant: Sortant, client: httpx.AsyncClient, backup: Path) -> dict[str, Any]:
    """What the département had read last when the database went back: three events later than the backup."""
    parcours = uuid4()
    await tell(sortant, parcours, opens=True)
    acknowledged = (await read(client, CD))["curseur"]
    await client.post("/v1/evenements/acquittement", headers=CD, json={"curseur": acknowledged})
    save(sortant.banc, backup)
    sequences = dict(sortant.sequences)
    for _ in range(3):
        await tell(sortant, parcours)
    lost = await read(client, CD)
    assert len(lost["evenements"]) == 3
    await restore(sortant.banc, sortant.process.pool, backup)
    sortant.sequences = sequences
    return {"parcours": parcours, "acknowledged": acknowledged, "lost": lost}


@pytest.mark.parametrize("grown", [0, 1, 6])
async def test_a_cursor_of_what_was_lost_is_told_so_with_a_safe_position(
    sortant: Sortant, client: httpx.AsyncClient, tmp_path: Path, grown: int
) -> None:
    """Also once the restored database has gone past it, with other events under the same numbers."""
    before = await lost_future(sortant, client, tmp_path / "backup")
    for _ in range(grown):
        await tell(sortant, before["parcours"])
    later = {"apres": before["lost"]["curseur"]}

    refused = await client.get("/v1/evenements", headers=CD, params=later)
    acknowledged = await client.post(
        "/v1/evenements/acquittement", headers=CD, json={"curseur": before["lost"]["curseur"]}
    )
    safe = await read(client, CD, apres=refused.json()["curseur"])
    from_durable = await read(client, CD)

    assert (refused.status_code, acknowledged.status_code) == (409, 409)
    assert refused.json()["code"] == acknowledged.json()["code"] == "curseur-d-une-autre-epoque"
    assert len(safe["evenements"]) == len(from_durable["evenements"]) == grown


async def test_a_cursor_from_before_the_backup_goes_on(
    sortant: Sortant, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    before = await lost_future(sortant, client, tmp_path / "backup")
    await tell(sortant, before["parcours"])

    after = await read(client, CD, apres=before["acknowledged"])

    assert len(after["evenements"]) == 1


async def test_a_cursor_in_the_middle_of_a_lost_batch_is_not_that_of_a_later_one(
    sortant: Sortant, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Pages of one event end between the marks."""
    await tell(sortant, uuid4(), opens=True)
    start = (await read(client, FT))["curseur"]
    save(sortant.banc, tmp_path / "backup")
    await tell(sortant, uuid4(), opens=True)
    middle = (await read(client, FT, apres=start, limite=1))["curseur"]
    still_good = await client.get("/v1/evenements", headers=FT, params={"apres": middle})
    await restore(sortant.banc, sortant.process.pool, tmp_path / "backup")
    for _ in range(3):
        await tell(sortant, uuid4(), opens=True)

    refused = await client.get("/v1/evenements", headers=FT, params={"apres": middle})

    assert still_good.status_code == 200
    assert refused.status_code == 409


async def test_an_erasure_makes_no_cursor_a_foreign_one(sortant: Sortant, client: httpx.AsyncClient) -> None:
    for _ in range(2):
        await tell(sortant, uuid4(), opens=True)
    last = (await read(client, CD))["curseur"]
    await sortant.process.pool.execute("DELETE FROM evenements")

    again = await client.get("/v1/evenements", headers=CD, params={"apres": last})

    assert again.status_code == 200


async def test_reading_from_an_instant_shows_again_what_was_acknowledged(
    sortant: Sortant, client: httpx.AsyncClient
) -> None:
    parcours = uuid4()
    await tell(sortant, parcours, opens=True)
    between = await sortant.field("SELECT now()")
    await tell(sortant, parcours)
    first = await read(client, CD)
    await client.post("/v1/evenements/acquittement", headers=CD, json={"curseur": first["curseur"]})

    acknowledged = await read(client, CD)
    again = await read(client, CD, depuis="2026-01-01T00:00:00Z")
    partly = await read(client, CD, depuis=between.isoformat())
    future = await read(client, CD, depuis="2100-01-01T00:00:00Z")
    both = await client.get(
        "/v1/evenements", headers=CD, params={"depuis": between.isoformat(), "apres": first["curseur"]}
    )

    assert [len(one["evenements"]) for one in (acknowledged, again, partly, future)] == [0, 3, 1, 0]
    assert both.status_code == 422
