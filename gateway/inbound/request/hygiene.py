"""What HTTP itself must be before anything looks at it: one host, small headers, a canonical path, a body that comes.

nginx refuses most of this already (and alone closes slow headers); a door that stands without it refuses it too.
"""

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.inbound.request import problems
from relais_contrats.transport import hotes_de, refus_http

# A body may keep us waiting that long, and one second more for each kilobyte that came.
_PATIENCE_S: Final = 10.0
_BYTES_PER_S: Final = 1_024


class Hygiene:
    """An ASGI wrapper that does a few comparisons per request."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._base_url = base_url
        self._hosts = hotes_de(base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        problem = refus_http(scope, self._hosts)
        if problem is not None:
            problem.headers["Connection"] = "close"
            await problems.response(problem, self._base_url)(scope, receive, send)
            return
        body = _Body(receive)
        await self._app(scope, body.receive, body.closing(send))


class _Body:
    """Cuts a body that comes too slowly: for the application, the client has left."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._waited_s = 0.0
        self._received = 0
        self._is_complete = False
        self._is_cut = False

    async def receive(self) -> Message:
        if self._is_complete:
            return await self._receive()
        loop = asyncio.get_running_loop()
        began = loop.time()
        left_s = _PATIENCE_S + self._received / _BYTES_PER_S - self._waited_s
        try:
            async with asyncio.timeout(max(left_s, 0)):
                message = await self._receive()
        except TimeoutError:
            self._is_complete = self._is_cut = True
            return {"type": "http.disconnect"}
        self._waited_s += loop.time() - began
        self._received += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        return message

    def closing(self, send: Send) -> Send:
        async def wrapped(message: Message) -> None:
            if self._is_cut and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        return wrapped
