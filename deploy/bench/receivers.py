"""Webhook endpoints that only note when each event arrived, at its first byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from typing import Self

from deploy.bench.caller import Caller
from deploy.datadir import HOST, LaunchError

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
_VERIFICATION = "fr.insertion.abonnement.verification.v1"
_PATIENCE_S = 60.0


class Receivers:
    """`count` endpoints, each on a port of its own, answering at once."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.arrived: dict[str, float] = {}
        """Subject → when the first byte of its event came (the last endpoint's, when several get it)."""
        self._total = self._verified = 0
        self._first_s = self._last_s = 0.0
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._servers = [await asyncio.start_server(self._serve, HOST, 0) for _ in range(self.count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.close()
            with contextlib.suppress(ConnectionError):
                await connection.wait_closed()

    @property
    def span_s(self) -> float:
        """From the first to the last arrival."""
        return self._last_s - self._first_s

    async def subscribe(self, partner: Caller, fait: str, endpoints: slice = slice(None)) -> list[str]:
        """One subscription to `fait` for each of these endpoints; their ids, once each address is verified."""
        created: list[str] = []
        before = self._verified
        for server in self._servers[endpoints]:
            url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}/"
            body = json.dumps({"url": url, "types": [f"fr.insertion.{fait}.v1"]}).encode()
            _, answer = await partner.request("POST", "/v1/abonnements", 201, body=body)
            created.append(json.loads(answer)["id"])
        await self._until(lambda: self._verified - before, len(created), "vérifications d'adresse")
        return created

    async def wait_for(self, total: int) -> None:
        """Until `total` events arrived."""
        await self._until(lambda: self._total, total, "livraisons")

    async def _until(self, count: Callable[[], int], total: int, what: str) -> None:
        """A run that stands still for a minute is given up."""
        seen, since_s = -1, time.monotonic()
        while (now := count()) < total:
            if now != seen:
                seen, since_s = now, time.monotonic()
            elif time.monotonic() - since_s > _PATIENCE_S:
                raise LaunchError(f"La mesure s'arrête : {now} {what} sur {total}.")
            await asyncio.sleep(0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while first := await reader.read(1):
                now_s = time.perf_counter()
                head = first + await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                self._note(json.loads(body), now_s)
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._connections.discard(writer)
            writer.close()

    def _note(self, event: dict[str, str], now_s: float) -> None:
        if event["type"] == _VERIFICATION:
            self._verified += 1
            return
        self.arrived[event["subject"]] = now_s
        self._first_s = self._first_s or now_s
        self._last_s = now_s
        self._total += 1


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
