"""A webhook endpoint for tests: keeps each request as it came, answers what it is told to."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Received:
    """One request: its headers in lower case and its exact bytes."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = orjson.loads(self.body)
        return event


class Endpoint:
    """`answer` decides the status of each request; 204 unless it is replaced."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"
        self.received: list[Received] = []
        self.answer: Callable[[Received], int] = lambda _: 204
        self._arrived = asyncio.Event()

    async def receive(self, request: Request) -> Response:
        try:
            one = Received(dict(request.headers), await request.body())
        except ClientDisconnect:
            return Response(status_code=400)
        status = self.answer(one)
        self.received.append(one)
        self._arrived.set()
        return Response(status_code=status)

    def of_type(self, type_court: str) -> list[Received]:
        return [one for one in self.received if one.event["type"] == f"fr.insertion.{type_court}.v1"]

    async def wait_for(self, found: Callable[["Endpoint"], Any], timeout_s: float = 10) -> Any:
        """What `found(endpoint)` gives, once it is true."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (value := found(self)):
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            raise TimeoutError(f"not found in {timeout_s:.0f} s among {len(self.received)} requests") from None
        return value


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Endpoint]:
    listener = socket.create_server(("127.0.0.1", 0))
    endpoint = Endpoint(listener.getsockname()[1])
    app = Starlette(routes=[Route("/hook", endpoint.receive, methods=["POST"])])
    server = _Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]))
        try:
            yield endpoint
        finally:
            server.should_exit = True


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the test's."""
        yield
