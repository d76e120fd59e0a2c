"""Whose fault a failure is: a message is set aside only when it is its own."""

import asyncio
import json
from uuid import uuid4

import asyncpg
import pytest

from chassis import faults
from chassis.database import Connection, Pool
from chassis.depots import Engine
from tests.chassis.counter import BRIQUE, NOW, CounterEngine, deposit
from tests.engines import Bench


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        ZeroDivisionError(),
        AttributeError(),
        RecursionError(),
        UnicodeDecodeError("utf-8", b"", 0, 1, ""),
        json.JSONDecodeError("", "", 0),
        asyncpg.DataError(),
        asyncpg.exceptions.CheckViolationError(),
        asyncpg.NumericValueOutOfRangeError(),
        asyncpg.CardinalityViolationError(),
        asyncpg.ProgramLimitExceededError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_content_can_cause_it(error: Exception) -> None:
    assert faults.can_come_from_a_message(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.LockNotAvailableError(),
        asyncpg.QueryCanceledError(),
        asyncpg.DiskFullError(),
        asyncpg.OutOfMemoryError(),
        asyncpg.ReadOnlySQLTransactionError(),
        asyncpg.InsufficientPrivilegeError(),
        asyncpg.UndefinedColumnError(),
        asyncpg.InvalidCachedStatementError(),
        asyncpg.DeadlockDetectedError(),
        asyncpg.IndexCorruptedError(),
        asyncpg.AdminShutdownError(),
        asyncpg.InterfaceError(""),
        asyncpg.InternalClientError(),
        ConnectionResetError(),
        TimeoutError(),
        MemoryError(),
        OSError(28, "No space left on device"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_content_causes_it(error: Exception) -> None:
    assert not faults.can_come_from_a_message(error)


@pytest.fixture
async def pool(banc: Bench) -> Pool:
    return await banc.pool("orientation")


@pytest.fixture
def engine(pool: Pool) -> CounterEngine:
    return Engine(BRIQUE, pool, on_facts=lambda: None, clock=lambda: NOW)


@pytest.mark.anyio
@pytest.mark.parametrize("table", ["faits", "entrees", "echeances", "rebut", "positions"])
async def test_a_locked_table_sets_nothing_aside_even_what_is_poison(
    engine: CounterEngine, pool: Pool, banc: Bench, table: str
) -> None:
    entrees = [deposit(uuid4(), 1), deposit(uuid4(), 66), deposit(uuid4(), 50)]
    admin = await banc.admin()
    await admin.execute("ALTER ROLE orientation SET lock_timeout = '50ms'")
    await pool.expire_connections()

    async with admin.transaction():
        await admin.execute(f"LOCK TABLE orientation.{table} IN SHARE MODE")
        locked = await engine.decide(entrees)
    await admin.execute("ALTER ROLE orientation RESET lock_timeout")
    after = await engine.decide(entrees)

    assert "rebut" not in [r.etat for r in locked]
    assert [r.etat for r in after] == ["accepte", "rebut", "accepte"]


@pytest.mark.anyio
async def test_a_read_only_database_sets_nothing_aside(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute("SET default_transaction_read_only = on")
        read_only = await _probe(conn)
        await conn.execute("RESET default_transaction_read_only")

    assert not read_only
    assert await faults.is_healthy(pool)


async def _probe(conn: Connection) -> bool:
    try:
        await conn.execute(faults._PROBE)
    except asyncpg.PostgresError:
        return False
    return True


class Attempts:
    """Items that fail as they are told to, and what was set aside."""

    def __init__(self, failures: dict[str, list[Exception]], *, cannot_park: bool = False) -> None:
        self.failures = failures
        self.tried: list[str] = []
        self.aside: set[str] = set()
        self.cannot_park = cannot_park

    async def attempt(self, item: str) -> str | None:
        self.tried.append(item)
        if item[0] in self.aside:
            return None
        if self.failures.get(item):
            raise self.failures[item].pop(0)
        return f"{item} done"

    async def park(self, item: str, error: Exception) -> str:
        if self.cannot_park:
            raise asyncpg.DiskFullError
        self.aside.add(item[0])
        return f"{item} aside"

    async def all(self, pool: Pool, *items: str) -> list[str | None]:
        return await faults.one_by_one(pool, items, self.attempt, self.park, lambda item: item[0])


@pytest.mark.anyio
async def test_what_fails_alone_again_and_again_is_set_aside_and_holds_what_follows_it(pool: Pool) -> None:
    poison = Attempts({"a1": [ValueError()] * 9})

    outcomes = await poison.all(pool, "b1", "a1", "a2", "b2")

    assert outcomes == ["b1 done", "a1 aside", None, "b2 done"]


@pytest.mark.anyio
async def test_what_succeeds_when_tried_again_is_not_set_aside(pool: Pool) -> None:
    fleeting = Attempts({"a1": [ValueError(), ValueError()]})

    assert await fleeting.all(pool, "a1", "a2") == ["a1 done", "a2 done"]


@pytest.mark.anyio
async def test_any_other_failure_waits_in_its_place_and_its_neighbours_go_on(pool: Pool) -> None:
    slow = Attempts({"a1": [asyncpg.QueryCanceledError()]})

    assert await slow.all(pool, "a1", "a2", "b1") == [None, None, "b1 done"]


@pytest.mark.anyio
async def test_what_cannot_be_set_aside_waits(pool: Pool) -> None:
    poison = Attempts({"a1": [ValueError()] * 9}, cannot_park=True)

    assert await poison.all(pool, "a1") == [None]


@pytest.mark.anyio
async def test_without_a_database_the_first_failure_is_enough(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_: Pool) -> bool:
        await asyncio.sleep(0)
        return False

    monkeypatch.setattr(faults, "is_healthy", away)
    broken = Attempts({"a1": [ValueError()] * 9, "b1": [ValueError()] * 9})

    outcomes = await broken.all(pool, "a1", "b1", "c1")

    assert (outcomes, broken.tried) == ([None, None, None], ["a1"])
