"""Decides whether a failure is the fault of a message: services and fan-out set messages aside by this rule.

Only a message that fails by itself, alone and again, on a healthy database, with an error that its content can cause,
is set aside. Every other failure (a lock, a full disk, a lost connection, a missing right) waits and is tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from typing import TypeVar

import asyncpg
import structlog

from chassis.database import Pool

I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

_log = structlog.get_logger()
_TRIES, _PAUSE_S = 3, 0.05
# What reading, judging or encoding a content raises; the driver's error on an argument is a ValueError too.
_OF_CODE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError, RecursionError)
# Classes of SQLSTATE: cardinality, data, integrity constraint, program limit.
_OF_DATA = ("21", "22", "23", "54")

# The lock of a write in every table that this role writes: refused while one is locked against writers.
_PROBE = """
DO $$ BEGIN
    IF current_setting('transaction_read_only')::bool THEN RAISE read_only_sql_transaction; END IF;
    EXECUTE (
        SELECT 'LOCK TABLE ' || string_agg(format('%I', relname), ', ') || ' IN ROW EXCLUSIVE MODE NOWAIT'
        FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        AND has_table_privilege(oid, 'UPDATE, DELETE')
    );
END $$
"""


def can_come_from_a_message(error: BaseException) -> bool:
    """Whether the content of a message can cause this error, in any state of the machine."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_OF_DATA)
    return isinstance(error, _OF_CODE)


async def is_healthy(pool: Pool) -> bool:
    """Whether the database would take a write now, in each table of the schema."""
    try:
        async with pool.acquire(timeout=5) as conn:
            await conn.execute(_PROBE)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        return False
    return True


async def one_by_one(
    pool: Pool,
    items: Sequence[I],
    attempt: Callable[[I], Awaitable[R | None]],
    park: Callable[[I, Exception], Awaitable[R]],
    key: Callable[[I], Hashable | None],
) -> list[R | None]:
    """Try the items of a failed batch one by one. Return an outcome for each; None: it waits, to be tried again later.

    `attempt` returns None for an item that must wait, such as one behind a parked one. Under the same `key`, items
    behind a waiting one wait too. Once the database is in trouble, the rest waits untried.
    """
    outcomes, held, is_well = list[R | None](), set[Hashable](), True
    for item in items:
        outcome = None
        if is_well and key(item) not in held:
            outcome, is_well = await _alone(pool, item, attempt, park)
        if outcome is None and key(item) is not None:
            held.add(key(item))
        outcomes.append(outcome)
    return outcomes


async def _alone(
    pool: Pool, item: I, attempt: Callable[[I], Awaitable[R | None]], park: Callable[[I, Exception], Awaitable[R]]
) -> tuple[R | None, bool]:
    """Return the outcome, and whether the database is well."""
    for tries in range(1, _TRIES + 1):
        try:
            return await attempt(item), True
        except Exception as error:  # an outer loop: it finds out whose fault that is
            is_well = await is_healthy(pool)
            if not (is_well and can_come_from_a_message(error)):
                _log.warning("faults.waiting", error=type(error).__name__, database_is_well=is_well)
                return None, is_well
            if tries == _TRIES:
                _log.exception("faults.set_aside")
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # else it waits, it is not lost
                    return await park(item, error), True
        await asyncio.sleep(_PAUSE_S)
    return None, False
