"""What HTTP itself must be before anything looks at it: one host, small headers, a canonical path, a body that comes.

nginx refuses most of this already (and alone closes slow headers); a door that stands without it refuses it too.
"""

import asyncio
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.inbound.request import problems
from relais_contrats.problemes import Problem

MAX_HEADER_BYTES: Final = 16 * 1024
MAX_URL_BYTES: Final = 8 * 1024
# A body may keep us waiting that long, and one second more for each kilobyte that came.
_PATIENCE_S: Final = 10.0
_BYTES_PER_S: Final = 1_024
_PROBES: Final = ("/sante/vivant", "/sante/pret")

# RFC 3986 segments, without what has two writings: escapes of letters, digits, `-._~`, of slashes and controls.
_CHARACTER: Final = (
    rb"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]"
    rb"|%(?![01]|2[DEF]|3[0-9]|4[1-9A-F]|5[0-9ACF]|6[1-9A-F]|7[0-9AEF])[0-9A-F]{2})"
)
_CANONICAL: Final = re.compile(rb"(?:/(?!\.{1,2}(?:/|$))" + _CHARACTER + rb"+)+|/")

_MALFORMED: Final = "La requête HTTP n'est pas écrite comme tout le monde la lit."


def hosts_of(base_url: str, others: Collection[str] = ()) -> frozenset[bytes]:
    """The `Host` values that name this hub; a loopback one has two names."""
    parts = urlsplit(base_url)
    known = {parts.netloc, *others}
    if parts.hostname == "127.0.0.1":
        known.add(parts.netloc.replace("127.0.0.1", "localhost"))
    return frozenset(host.lower().encode() for host in known)


class Hygiene:
    """An ASGI wrapper that does a few comparisons per request."""

    def __init__(self, app: ASGIApp, base_url: str, hosts: frozenset[bytes]) -> None:
        self._app = app
        self._base_url = base_url
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        problem = self._refusal(scope)
        if problem is not None:
            problem.headers["Connection"] = "close"
            await problems.response(problem, self._base_url)(scope, receive, send)
            return
        body = _Body(receive)
        await self._app(scope, body.receive, body.closing(send))

    def _refusal(self, scope: Scope) -> Problem | None:
        path: bytes = scope["raw_path"]
        if len(path) + len(scope["query_string"]) > MAX_URL_BYTES:
            return Problem(status=414)
        size, hosts, authorizations = 0, [], 0
        for name, value in scope["headers"]:
            size += len(name) + len(value)
            if name == b"host":
                hosts.append(value.lower())
            elif name == b"authorization":
                authorizations += 1
            elif b"_" in name:
                # Some proxies write `X_Name` for `X-Name`: whoever may not set one could set the other.
                return Problem(status=400, detail=_MALFORMED)
        if size > MAX_HEADER_BYTES:
            return Problem(status=431)
        if len(hosts) != 1 or authorizations > 1 or not _CANONICAL.fullmatch(path):
            return Problem(status=400, detail=_MALFORMED)
        # Probes come by address.
        if hosts[0] not in self._hosts and scope["path"] not in _PROBES:
            return Problem(status=400, detail=_MALFORMED)
        return None


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
