"""The master key turns while keys are made and cells are opened; afterwards the former one opens nothing more."""

import asyncio
import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag

from chassis.database import Pool
from coffre import masters, rotation
from coffre.keys import Vault, destroy
from coffre.masters import Masters, MasterUnknown
from deploy import master_keys
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


async def opened(vault: Vault, pool: Pool, row: UUID, cell: bytes) -> bytes | None:
    async with pool.acquire() as conn:
        return (await vault.of_cells(conn, [cell])).open("t", row, cell)


async def sealed(vault: Vault, row: UUID) -> bytes:
    return (await vault.ensure([row])).seal(row, "t", row, row.bytes)


async def test_what_was_sealed_before_opens_after_and_the_former_master_is_gone(
    banc: Bench, pool: Pool, path: Path
) -> None:
    rows = [uuid4() for _ in range(30)]
    cells = {row: await sealed(Vault(pool, Masters(path)), row) for row in rows}
    former = path.read_text()
    told: list[tuple[int, int]] = []

    done = await master_keys.rotate(await banc.admin(), path, lambda *at: told.append(at), linger_s=0)

    assert (done, told) == (master_keys.Rotation(2, 30, [1]), [(30, 30)])
    assert list(masters.read(path.read_text())) == [2]
    vault = Vault(pool, Masters(path))
    assert [await opened(vault, pool, row, cell) for row, cell in cells.items()] == [row.bytes for row in rows]
    path.write_text(former)
    with pytest.raises(MasterUnknown):
        await opened(Vault(pool, Masters(path)), pool, rows[0], cells[rows[0]])


async def test_a_copy_of_a_destroyed_key_is_worth_nothing_once_its_master_is_dropped(
    banc: Bench, pool: Pool, path: Path
) -> None:
    row, admin = uuid4(), await banc.admin()
    cell = await sealed(Vault(pool, Masters(path)), row)
    await admin.execute("CREATE TABLE public.sauvegarde AS SELECT * FROM coffre.cles")
    async with pool.acquire() as conn:
        await destroy(conn, [row])
    await master_keys.rotate(admin, path, lambda *_: None, linger_s=0)

    await admin.execute("DELETE FROM coffre.cles")
    await admin.execute("INSERT INTO coffre.cles SELECT * FROM public.sauvegarde")
    with pytest.raises(MasterUnknown):
        await opened(Vault(pool, Masters(path)), pool, row, cell)
    await admin.execute("UPDATE coffre.cles SET maitre = 2")
    with pytest.raises(InvalidTag):
        await opened(Vault(pool, Masters(path)), pool, row, cell)


async def test_keys_are_made_and_cells_opened_all_along(banc: Bench, pool: Pool, path: Path) -> None:
    stop, admin = asyncio.Event(), await banc.admin()
    kept: dict[UUID, bytes] = {}

    async def traffic(clock: float) -> int:
        """A process that remembers nothing for long."""
        vault, turns = Vault(pool, Masters(path), iter(range(0, 10**9, 10)).__next__), 0
        while not stop.is_set():
            row = uuid4()
            kept[row] = await sealed(vault, row)
            for one in list(kept)[-5:]:
                assert await opened(vault, pool, one, kept[one]) == one.bytes
            turns += 1
        return turns

    async with asyncio.TaskGroup() as group:
        processes = [group.create_task(traffic(0)) for _ in range(3)]
        for _ in range(3):
            await asyncio.sleep(0.2)
            await master_keys.rotate(admin, path, lambda *_: None, linger_s=0.2)
        stop.set()

    assert all(process.result() > 5 for process in processes)
    assert await pool.fetchval("SELECT array_agg(DISTINCT maitre) FROM coffre.cles") == [4]
    vault = Vault(pool, Masters(path))
    assert [await opened(vault, pool, row, cell) for row, cell in kept.items()] == [row.bytes for row in kept]


async def test_a_rotation_that_was_interrupted_is_resumed(banc: Bench, pool: Pool, path: Path) -> None:
    admin = await banc.admin()
    await Vault(pool, Masters(path)).ensure([uuid4() for _ in range(5)])
    path.write_text(masters.write({**masters.read(path.read_text()), 2: os.urandom(32)}))
    await rotation.rewrap(admin, Masters(path), 2)

    done = await master_keys.rotate(admin, path, lambda *_: None, linger_s=0)

    assert done == master_keys.Rotation(2, 3, [1])


async def test_the_former_master_is_kept_when_asked(banc: Bench, path: Path) -> None:
    done = await master_keys.rotate(await banc.admin(), path, lambda *_: None, drop=False)

    assert (done.abandonnees, master_keys.versions(path)) == ([], [1, 2])
