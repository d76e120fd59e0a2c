"""A partner's endpoint: a real HTTP server on loopback that remembers what it got and answers as it is told."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


Answer = Callable[[Received], Awaitable[Response] | Response]


def accept(_: Received) -> Response:
    return Response(status_code=204)


@dataclass
class Receiver:
    port: int
    answer: Answer = accept
    received: list[Received] = field(default_factory=list)
    busy: int = 0
    most_busy: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event of every request, in the order of arrival."""
        bodies = [one.json for one in self.received]
        return [event for body in bodies for event in (body if isinstance(body, list) else [body])]

    async def take(self, request: Request) -> Response:
        one = Received(request.url.path, dict(request.headers), await request.body())
        self.received.append(one)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            response = self.answer(one)
            return response if isinstance(response, Response) else await response
        finally:
            self.busy -= 1


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        endpoint = Receiver(listening.getsockname()[1])
        app = Starlette(routes=[Route("/{path:path}", endpoint.take, methods=["POST", "GET"])])
        config = uvicorn.Config(app, http="httptools", lifespan="off", log_config=None, timeout_graceful_shutdown=1)
        server = _Server(config)
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listening]))
            try:
                yield endpoint
            finally:
                server.should_exit = True


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
