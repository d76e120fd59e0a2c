"""Forgetting: what is too old goes whole, slice by slice; the rest stays."""

import asyncio
from datetime import timedelta

import pytest

from console import store
from console.app import forget
from tests.console.made import START, accepted, span
from tests.console.serving import Served

pytestmark = pytest.mark.anyio


async def count(console: Served, table: str) -> int:
    return int(await console.pool.fetchval(f"SELECT count(*) FROM {table}"))


async def test_an_old_trace_goes_with_its_spans_and_ids_and_a_young_one_stays(console: Served) -> None:
    await console.keep(*accepted(trace="a" * 32, at_ms=-60_000), *accepted("m-2", trace="b" * 32))

    gone = await forget(console.pool, START - timedelta(seconds=30), asyncio.Event())

    assert gone == 1
    assert (await count(console, "traces"), await count(console, "spans")) == (1, 5)
    assert {row["valeur"] for row in await console.pool.fetch("SELECT valeur FROM reperes")} >= {"m-2"}
    assert await console.pool.fetchval("SELECT count(*) FROM reperes WHERE valeur = 'm-1'") == 0


async def test_a_slice_holds_a_bounded_number_of_spans(console: Served) -> None:
    await console.keep(*(span(n, "s", trace=f"{trace:032x}") for trace in range(1, 7) for n in range(1, 11)))

    async with console.pool.acquire() as conn:
        deleted = [await store.forget(conn, START + timedelta(days=1), 25) for _ in range(3)]

    assert deleted == [3, 3, 0]
    assert await count(console, "spans") == 0
