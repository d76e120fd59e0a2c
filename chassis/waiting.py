"""Waiting under a limit of time."""

import asyncio
from contextlib import suppress


async def wait(event: asyncio.Event, delay_s: float) -> None:
    """Sleep, unless `event` (the end of the process, some work that arrives) is set meanwhile."""
    with suppress(TimeoutError):
        async with asyncio.timeout(delay_s):
            await event.wait()
