"""PostgreSQL: one pool per process, JSON through orjson, the component's own schema first in the search path."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Record = asyncpg.Record
T = TypeVar("T")

# What passes by itself: a restart of the server, a lost connection, two transactions in each other's way.
TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # giving back a connection that the server has just broken
    asyncpg.OperatorInterventionError,
    asyncpg.TransactionRollbackError,
    asyncpg.TooManyConnectionsError,
    OSError,
)
CONFLICT = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError)  # another process: begin again


async def _prepare(connection: Any) -> None:
    """JSON through orjson; UUIDs of the standard library, since orjson does not know the driver's own kind."""
    await connection.set_type_codec(
        "uuid", encoder=lambda u: u.bytes, decoder=lambda b: UUID(bytes=b), schema="pg_catalog", format="binary"
    )
    # Its binary form (a version, then the text) is what COPY takes.
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda b: orjson.loads(b[1:]),
        schema="pg_catalog",
        format="binary",
    )


async def _keep_session(_: Any) -> None:
    """Skip the driver's reset, a round trip at each release: code that changes a session must restore it."""


async def open_pool(url: str, password: str, schema: str, *, min_size: int = 2, max_size: int = 8) -> Pool:
    """A pool bound to `schema`; a statement may take 30 s, a connection 5 s, a wait for a free one is the caller's."""
    return await asyncpg.create_pool(
        url,
        password=password,
        min_size=min_size,
        max_size=max_size,
        init=_prepare,
        reset=_keep_session,
        timeout=5,
        command_timeout=30,
        server_settings={"search_path": schema, "application_name": f"relais-{schema}", "jit": "off"},
    )


async def write(conn: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run once, for all rows, a statement whose parameters are their columns (`unnest`); not at all without rows."""
    if columns := [list(column) for column in zip(*rows, strict=True)]:
        await conn.execute(statement, *columns)


def grouped(rows: Iterable[Record], key: str, read: Callable[[Record], T]) -> dict[UUID, list[T]]:
    """Group rows by one of their columns, in their order."""
    groups: dict[UUID, list[T]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(read(row))
    return groups
