"""Cells open in their place only; keys are made once, wrapped by the newest master; nothing opens after their end."""

import asyncio
import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from chassis.database import Pool
from coffre import keys, masters
from coffre.keys import Vault
from coffre.masters import Masters, MasterUnknown
from tests.engines import Bench

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "maitres.cles"
    file.write_text(masters.write({1: os.urandom(32)}))
    return file


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    return await banc.pool("passerelle")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def vault(pool: Pool, path: Path, clock: Clock | None = None) -> Vault:
    return Vault(pool, Masters(path), clock or Clock())


async def opened(vault: Vault, pool: Pool, table: str, row: UUID, cell: bytes) -> bytes | None:
    async with pool.acquire() as conn:
        return (await vault.of_cells(conn, [cell])).open(table, row, cell)


async def test_what_one_process_seals_another_opens(pool: Pool, path: Path) -> None:
    parcours, row = uuid4(), uuid4()
    cell = (await vault(pool, path).ensure([parcours])).seal(parcours, "a.b", row, b"clair")

    assert b"clair" not in cell
    assert await opened(vault(pool, path), pool, "a.b", row, cell) == b"clair"


@pytest.mark.parametrize("moved", ["table", "row", "key"])
async def test_a_cell_that_was_moved_does_not_open(pool: Pool, path: Path, moved: str) -> None:
    parcours, other, row = uuid4(), uuid4(), uuid4()
    one = vault(pool, path)
    cell = (await one.ensure([parcours, other])).seal(parcours, "a.b", row, b"clair")
    table, place = ("a.c" if moved == "table" else "a.b"), (uuid4() if moved == "row" else row)
    if moved == "key":
        cell = cell[:1] + other.bytes + cell[17:]

    with pytest.raises(InvalidTag):
        await opened(one, pool, table, place, cell)


async def test_two_that_make_the_same_keys_at_once_have_the_same(pool: Pool, path: Path) -> None:
    several = [uuid4() for _ in range(50)]
    one, other = vault(pool, path), vault(pool, path)

    mine, theirs = await asyncio.gather(one.ensure(several), other.ensure(several[::-1]))

    cells = [mine.seal(key, "t", key, b"x") for key in several]
    assert [theirs.open("t", key, cell) for key, cell in zip(several, cells, strict=True)] == [b"x"] * 50


async def test_after_its_key_is_destroyed_nothing_opens_and_no_process_remembers_it_for_long(
    pool: Pool, path: Path
) -> None:
    clock, parcours, row = Clock(), uuid4(), uuid4()
    one = vault(pool, path, clock)
    cell = (await one.ensure([parcours])).seal(parcours, "t", row, b"x")
    async with pool.acquire() as conn:
        await keys.destroy(conn, [parcours])

    clock.now += 6

    assert await opened(one, pool, "t", row, cell) is None
    assert await opened(vault(pool, path), pool, "t", row, cell) is None


async def test_a_key_that_was_destroyed_is_never_made_again_and_what_comes_late_is_closed(
    pool: Pool, path: Path
) -> None:
    """Under a second key of that id, what is left of the first would look damaged; and who would destroy the second?"""
    parcours, unknown, row = uuid4(), uuid4(), uuid4()
    before = (await vault(pool, path).ensure([parcours])).seal(parcours, "t", row, b"x")
    async with pool.acquire() as conn:
        await keys.destroy(conn, [parcours, unknown])

    late = await vault(pool, path).ensure([parcours, unknown])

    cells = [before, *(late.seal(one, "t", row, b"clair") for one in (parcours, unknown))]
    assert [late.open("t", row, cell) for cell in cells] == [None] * 3
    assert [await opened(vault(pool, path), pool, "t", row, cell) for cell in cells] == [None] * 3
    assert all(keys.key_of(cell) in (parcours, unknown) and b"clair" not in cell for cell in cells)


async def test_who_seals_while_a_key_is_being_destroyed_makes_no_other(pool: Pool, path: Path) -> None:
    parcours, row = uuid4(), uuid4()
    async with pool.acquire() as conn, conn.transaction():
        await keys.destroy(conn, [parcours])
        sealing = asyncio.create_task(vault(pool, path).ensure([uuid4(), parcours]))
        await asyncio.sleep(0.2)

    cell = (await sealing).seal(parcours, "t", row, b"x")

    assert await opened(vault(pool, path), pool, "t", row, cell) is None
    assert await pool.fetchval("SELECT count(enveloppe) FROM coffre.cles WHERE id = $1", parcours) == 0


async def test_a_key_is_wrapped_by_the_newest_master_without_a_restart(pool: Pool, path: Path) -> None:
    one, before, after = vault(pool, path), uuid4(), uuid4()
    await one.ensure([before])
    path.write_text(masters.write({**masters.read(path.read_text()), 2: os.urandom(32)}))

    await one.ensure([after])

    rows = await pool.fetch("SELECT id, maitre FROM coffre.cles")
    assert {row["id"]: row["maitre"] for row in rows} == {before: 1, after: 2}


async def test_without_its_master_a_key_is_worth_nothing(pool: Pool, path: Path) -> None:
    parcours, row = uuid4(), uuid4()
    cell = (await vault(pool, path).ensure([parcours])).seal(parcours, "t", row, b"x")
    path.write_text(masters.write({2: os.urandom(32)}))
    with pytest.raises(MasterUnknown):
        await opened(vault(pool, path), pool, "t", row, cell)

    path.write_text(masters.write({1: os.urandom(32)}))
    with pytest.raises(InvalidTag):
        await opened(vault(pool, path), pool, "t", row, cell)


async def test_an_envelope_that_was_moved_to_another_key_opens_nothing(pool: Pool, path: Path, banc: Bench) -> None:
    mine, theirs = uuid4(), uuid4()
    await vault(pool, path).ensure([mine, theirs])
    admin = await banc.admin()
    await admin.execute(
        "UPDATE coffre.cles c SET enveloppe = o.enveloppe FROM coffre.cles o WHERE o.id = $1 AND c.id = $2",
        mine,
        theirs,
    )

    with pytest.raises(InvalidTag):
        await vault(pool, path).ensure([theirs])


async def test_the_gateway_neither_changes_a_key_nor_does_a_stranger_read_one(banc: Bench, pool: Pool) -> None:
    console = await banc.pool("console")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("UPDATE coffre.cles SET maitre = 9")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await console.fetch("SELECT FROM coffre.cles")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await console.execute("SELECT coffre.detruire($1)", [uuid4()])


@pytest.mark.parametrize("text", ["", "1 AAAA\n", "0 " + "A" * 43, "un " + "A" * 43])
def test_a_damaged_file_of_masters_stops_the_process(tmp_path: Path, text: str) -> None:
    (tmp_path / "maitres.cles").write_text(text)

    with pytest.raises(ValueError):
        Masters(tmp_path / "maitres.cles")


def test_the_hour_names_the_key_of_what_has_no_parcours_yet() -> None:
    at = datetime(2026, 3, 2, 9, 59, 59, tzinfo=UTC)

    assert keys.passage(at) == keys.passage(at.replace(minute=0)) != keys.passage(at + timedelta(seconds=1))


async def test_a_key_that_is_rolled_back_with_what_it_sealed_is_not_remembered(pool: Pool, path: Path) -> None:
    parcours, row, one = uuid4(), uuid4(), vault(pool, path)
    async with pool.acquire() as conn:
        with contextlib.suppress(ZeroDivisionError):
            async with conn.transaction():
                await one.within(conn, [parcours])
                await one.of(conn, [parcours])
                raise ZeroDivisionError
        async with conn.transaction():
            cell = (await one.within(conn, [parcours])).seal(parcours, "a.b", row, b"clair")

    assert await opened(vault(pool, path), pool, "a.b", row, cell) == b"clair"
