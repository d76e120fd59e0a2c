"""The keys of archived parcours: out of reach of every day's roles and masters, back for who needs them, one at any
instant."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from chassis.database import Pool
from coffre import keys, masters
from coffre.keys import Archived, Vault, unwrap
from coffre.masters import Masters, MasterUnknown
from coffre.rotation import ARCHIVE
from deploy import master_keys
from deploy.components import COMPONENTS
from gateway.archivist.keeper import Keeper
from gateway.sealing import open_answers, open_events
from tests.engines import Bench

pytestmark = pytest.mark.anyio
EVERYDAY = sorted({one.schema for one in COMPONENTS if not one.keeps_archive})
PUT_AWAY = "INSERT INTO passerelle.archives (parcours, derniere_a, depuis) SELECT unnest($1::uuid[]), now(), now()"
OPEN = """
INSERT INTO passerelle.archives_ouvertes (parcours, partenaire, motif, agent, ouvert_a, jusqua)
VALUES ($1, $2, 'Recours devant le juge.', 'Durand Anne a-12', now() - interval '2 days', now() + $3::interval)
"""
ABSORB = "INSERT INTO passerelle.alias (absorbe, survivant, est_un_nom) VALUES ($1, $2, false)"
AN_HOUR_LATER = "UPDATE coffre.retours SET rendu_a = rendu_a - interval '61 minutes'"
PLACES = """
SELECT (SELECT count(*) FROM coffre.cles WHERE id = $1 AND enveloppe IS NOT NULL),
    (SELECT count(*) FROM coffre.archives WHERE id = $1)
"""


class Place:
    """A person about whom something is sealed, the gateway's vault, and the archive's own process."""

    def __init__(self, banc: Bench, pool: Pool, archive: Pool, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
        data = banc.engines.data
        self.pool, self.archive, self.admin = pool, archive, admin
        self.everyday, self.masters = Masters(data.masters), Masters(data.archive_masters)
        self.keeper = Keeper(archive, self.everyday, self.masters)
        self.parcours, self.row = uuid4(), uuid4()
        self.cell = b""

    def vault(self) -> Vault:
        """Of a process that has just started."""
        return Vault(self.pool, self.everyday)

    async def seal(self, parcours: UUID) -> bytes:
        return (await self.vault().ensure([parcours])).seal(parcours, "t", self.row, b"clair")

    async def opened(self, cell: bytes | None = None) -> bytes | None:
        async with self.pool.acquire() as conn:
            return (await self.vault().of_cells(conn, [cell or self.cell])).open("t", self.row, cell or self.cell)

    async def put_away(self, *parcours: UUID) -> int:
        await self.admin.execute(PUT_AWAY, parcours or [self.parcours])
        return await self.keeper.put_away()

    async def ask(self, *parcours: UUID) -> None:
        async with self.pool.acquire() as conn:
            await keys.ask_back(conn, parcours or [self.parcours])

    async def places(self, parcours: UUID | None = None) -> tuple[int, int]:
        """How many keys every day has of it, and the archive."""
        [row] = await self.admin.fetch(PLACES, parcours or self.parcours)
        return row[0], row[1]

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.keeper.keep_giving_back(stop))
            yield
            stop.set()


@pytest.fixture
async def place(banc: Bench) -> Place:
    one = Place(banc, await banc.pool("passerelle"), await banc.pool("archive"), await banc.admin())
    one.cell = await one.seal(one.parcours)
    return one


async def test_no_role_of_every_day_reads_the_archive_or_its_book_or_brings_a_key_back_itself(place: Place) -> None:
    for role in EVERYDAY:
        await place.admin.execute(f"SET ROLE {role}")
        for statement in (
            "SELECT FROM coffre.archives",
            "DELETE FROM coffre.archives",
            "INSERT INTO coffre.archives (id) VALUES (gen_random_uuid())",
            "SELECT FROM coffre.retours",
            "UPDATE coffre.retours SET rendu_a = now()",
            "INSERT INTO coffre.retours (id, demandeur) VALUES (gen_random_uuid(), 'archive')",
            "UPDATE coffre.cles SET est_archivee = false",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await place.admin.execute(statement)
        await place.admin.execute("RESET ROLE")


async def test_what_is_put_away_opens_with_no_master_of_every_day(place: Place) -> None:
    assert await place.put_away() == 1

    row = await place.admin.fetchrow("SELECT * FROM coffre.archives")
    assert row is not None
    with pytest.raises(InvalidTag):
        unwrap(place.everyday.of(row["maitre"]), row["maitre"], row["id"], row["enveloppe"])
    assert await place.places() == (0, 1)
    with pytest.raises(Archived):
        await place.opened()


async def test_who_needs_a_key_waits_for_it_and_makes_no_other(place: Place) -> None:
    await place.put_away()
    async with place.at_work():
        ring = await place.vault().ensure([place.parcours])

    assert ring.open("t", place.row, place.cell) == b"clair"
    assert await place.places() == (1, 0)
    [asked] = await place.admin.fetch("SELECT * FROM coffre.retours")
    assert (asked["id"], asked["demandeur"]) == (place.parcours, "passerelle")


async def test_without_the_archive_s_process_who_needs_a_key_is_told_so_once_it_has_waited(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.put_away()
    monkeypatch.setattr(keys, "_LOOKS", 2)
    vault = place.vault()

    for _ in range(2):
        with pytest.raises(Archived):
            await vault.ensure([place.parcours, uuid4()])

    assert await place.places() == (0, 1)
    assert await place.admin.fetchval("SELECT count(*) FROM coffre.retours") == 1


async def test_what_a_transaction_missed_is_asked_for_beside_it(place: Place) -> None:
    await place.put_away()
    vault = place.vault()
    async with place.pool.acquire() as conn:
        with contextlib.suppress(Archived):
            async with conn.transaction():
                await vault.within(conn, [place.parcours])

    async with place.at_work():
        await vault.ensure([uuid4()])

    assert await place.places() == (1, 0)


async def test_who_only_reads_asks_for_nothing(place: Place) -> None:
    await place.put_away()
    vault = place.vault()
    async with place.pool.acquire() as conn:
        ring = await vault.of_cells(conn, [place.cell], asks=False)
        await open_answers(vault, conn, [{"id": place.row, "reponse": None, "reponse_scellee": place.cell}])  # type: ignore[list-item]
        waiting = [{"id": place.row, "corps": {}, "scelle": place.cell, "est_archive": True}]
        [kept] = await open_events(vault, conn, waiting)  # type: ignore[arg-type]
    await vault.ensure([uuid4()])

    assert (ring.open("t", place.row, place.cell), kept["corps"]) == (None, {})
    assert await place.admin.fetchval("SELECT count(*) FROM coffre.retours") == 0


async def test_an_answer_of_an_archived_parcours_is_missing_and_not_closed(place: Place) -> None:
    await place.put_away()
    async with place.pool.acquire() as conn:
        deposit = {"id": place.row, "reponse": None, "reponse_scellee": place.cell}
        [read] = await open_answers(place.vault(), conn, [deposit])  # type: ignore[list-item]

    assert (read["est_close"], read["reponse"]) == (False, None)


async def test_what_nobody_spoke_of_is_put_away_again_after_an_hour(place: Place) -> None:
    await place.put_away()
    await place.ask()
    await place.keeper.give_back()
    soon = await place.keeper.put_away()
    await place.admin.execute(AN_HOUR_LATER)

    assert (soon, await place.keeper.put_away()) == (0, 1)
    assert await place.places() == (0, 1)


async def test_what_leaves_the_archive_comes_back_for_good(place: Place) -> None:
    await place.put_away()
    await place.pool.execute("DELETE FROM archives")

    await place.keeper.put_away()
    await place.keeper.give_back()
    await place.admin.execute(AN_HOUR_LATER)

    assert await place.keeper.put_away() == 0
    assert await place.opened() == b"clair"


async def test_what_is_opened_stays_at_hand_until_then(place: Place) -> None:
    await place.put_away()
    await place.admin.execute(OPEN, place.parcours, "cd-59", timedelta(days=1))
    await place.keeper.put_away()
    await place.keeper.give_back()
    await place.admin.execute(AN_HOUR_LATER)
    while_open = await place.keeper.put_away()
    await place.admin.execute("UPDATE passerelle.archives_ouvertes SET jusqua = now() - interval '1 minute'")

    assert (while_open, await place.opened()) == (0, b"clair")
    assert await place.keeper.put_away() == 1
    with pytest.raises(Archived):
        await place.opened()


async def test_of_two_departements_the_one_that_is_opened_comes_back_alone(place: Place) -> None:
    other = uuid4()
    theirs = await place.seal(other)
    assert await place.put_away(place.parcours, other) == 2

    await place.admin.execute(OPEN, other, "cd-62", timedelta(days=1))
    await place.keeper.put_away()
    await place.keeper.give_back()

    assert await place.opened(theirs) == b"clair"
    assert (await place.places(), await place.places(other)) == ((0, 1), (1, 0))


async def test_what_a_parcours_absorbed_goes_and_comes_with_it(place: Place) -> None:
    absorbed = uuid4()
    await place.seal(absorbed)
    await place.admin.execute(ABSORB, absorbed, place.parcours)

    assert await place.put_away() == 2
    await place.pool.execute("DELETE FROM archives")
    await place.keeper.put_away()
    assert await place.keeper.give_back() == 2
    assert await place.places(absorbed) == (1, 0)


SLOW = """
CREATE FUNCTION public.lente() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$;
CREATE TRIGGER lente BEFORE UPDATE ON coffre.cles FOR EACH ROW EXECUTE FUNCTION public.lente();
"""
KILL = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'archive' AND wait_event = 'PgSleep'
"""


@pytest.mark.parametrize("way", ["away", "back"])
async def test_killed_between_the_two_rows_there_is_exactly_one_key(place: Place, way: str) -> None:
    if way == "back":
        await place.put_away()
        await place.ask()
    else:
        await place.admin.execute(PUT_AWAY, [place.parcours])
    move: Callable[[], Awaitable[int]] = place.keeper.give_back if way == "back" else place.keeper.put_away
    before = await place.places()
    await place.admin.execute(SLOW)
    moving = asyncio.ensure_future(move())
    while not await place.admin.fetchval(KILL):
        await asyncio.sleep(0.02)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await moving
    killed = await place.places()
    await place.admin.execute("DROP FUNCTION public.lente CASCADE")

    assert (killed, sum(killed)) == (before, 1)
    assert await move() == 1
    assert await place.places() == before[::-1]


async def test_however_much_is_asked_for_no_more_comes_back_in_an_hour(place: Place) -> None:
    other = uuid4()
    await place.seal(other)
    await place.put_away(place.parcours, other)
    slow = Keeper(place.archive, place.everyday, place.masters, most_in_an_hour=1)
    await place.ask()
    await place.ask(other)

    given = [await slow.give_back(), await slow.give_back()]
    told = await slow.health()
    await place.admin.execute(AN_HOUR_LATER)

    assert (given, told["retours_attendus"], told["retours_attendus_depuis"] is not None) == ([1, 0], 1, True)
    assert await place.places(other) == (0, 1)
    assert await slow.give_back() == 1


async def test_an_erasure_destroys_what_is_put_away_and_nobody_brings_it_back(place: Place) -> None:
    await place.put_away()
    await place.ask()
    async with place.pool.acquire() as conn:
        await keys.destroy(conn, [place.parcours])

    await place.keeper.give_back()
    await place.keeper.put_away()

    assert await place.places() == (0, 0)
    async with place.pool.acquire() as conn:
        assert (await place.vault().of(conn, [place.parcours])).destroyed == {place.parcours}
    assert await place.opened() is None


async def test_the_archive_s_master_turns_like_the_other_and_the_former_opens_nothing(
    place: Place, tmp_path: Path
) -> None:
    path, kept = tmp_path / "maitres.cles", tmp_path / "avant.cles"
    path.write_text(masters.write({1: os.urandom(32)}))
    kept.write_text(path.read_text())
    keeper = Keeper(place.archive, place.everyday, Masters(path))
    await place.admin.execute(PUT_AWAY, [place.parcours])
    await keeper.put_away()

    done = await master_keys.rotate(place.admin, path, lambda *_: None, linger_s=0, table=ARCHIVE)

    assert (done, master_keys.versions(path)) == (master_keys.Rotation(2, 1, [1]), [2])
    await place.ask()
    with pytest.raises(MasterUnknown):
        await Keeper(place.archive, place.everyday, Masters(kept)).give_back()
    assert await keeper.give_back() == 1
    assert await place.opened() == b"clair"
    assert await place.admin.fetchval("SELECT DISTINCT maitre FROM coffre.cles WHERE maitre IS NOT NULL") == 1
