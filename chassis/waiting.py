"""Waiting under a limit of time."""

import asyncio


async def wait(event: asyncio.Event, delay_s: float) -> None:
    """Sleep, unless `event` (the end of the process, some work that arrives) is set meanwhile."""
    try:
        async with asyncio.timeout(delay_s):
            await event.wait()
    except TimeoutError:
        return
