"""An HTTP server as one loop of a process: uvicorn with its strictest parser, stopped with the others."""

import asyncio
import socket
from contextlib import nullcontext

import uvicorn
from starlette.types import ASGIApp

from chassis.waiting import wait


class _Server(uvicorn.Server):
    """Signals belong to the process, not to one of its loops."""

    capture_signals = nullcontext  # type: ignore[assignment]


async def serve(app: ASGIApp, host: str, port: int, stop: asyncio.Event, *, shared: bool = False) -> None:
    """Answer until `stop`, then finish what was begun, within 10 s; `shared`: with other processes, on one port."""
    silent = {"log_config": None, "access_log": False, "server_header": False, "proxy_headers": False}
    strict = {"http": "httptools", "ws": "none", "lifespan": "off", "timeout_graceful_shutdown": 10}
    server = _Server(uvicorn.Config(app, host=host, port=port, **silent, **strict))  # type: ignore[arg-type]
    sockets = [socket.create_server((host, port), reuse_port=True)] if shared else None
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve(sockets))
        while not stop.is_set() and not serving.done():
            await wait(stop, 0.5)
        server.should_exit = True
