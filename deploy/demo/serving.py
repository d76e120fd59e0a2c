"""An ASGI application of the demonstration, on a loopback port, for as long as the demonstration plays."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp


@contextlib.asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """Its port."""
    endpoint = socket.create_server(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(app, log_level="critical", lifespan="off", access_log=False))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[endpoint]))
        try:
            yield endpoint.getsockname()[1]
        finally:
            server.should_exit = True


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C belongs to the demonstration, not to its servers."""
        yield
