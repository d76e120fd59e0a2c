"""The one HTTP client: POSTs to partners, on connections whose address was checked, within limits of time and size."""

import asyncio
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore

from gateway.destinations import Interdite, Resolver, lire

_CONNECT_TIMEOUT_S = 5.0
_TOTAL_TIMEOUT_S = 15.0
_ANSWER_LIMIT_BYTES = 64 * 1024
_CONNECTIONS_PER_ORIGIN = 32
_KEEPALIVE_S = 30.0
_ORIGINS = 1024

# Answer      the receiver said something
# Silence     nothing that can be used: `raison` is one of a closed list, for the partner to read


@dataclass(frozen=True, slots=True)
class Answer:
    """`retry_after_s` is what Retry-After asks for, in seconds from now, if it does."""

    status: int
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """`raison`: adresse-interdite, nom-introuvable, connexion, tls, delai-depasse, coupure."""

    raison: str


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a name once, checks every address, dials one of them; TLS and Host keep the name."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is the library's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError()
        for address in await self._resolver.addresses(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class HttpClient:
    """One small pool of connections per origin: they share nothing that one of them could use up.

    Below httpx, on its own transport library: a POST without redirects, cookies or proxies needs nothing else, and it
    costs a third of the processor time.
    """

    def __init__(self, resolver: Resolver, *, verify: ssl.SSLContext | None = None) -> None:
        self._resolver = resolver
        self._backend = _CheckedBackend(resolver)
        self._tls = verify or ssl.create_default_context()
        self._pools: dict[tuple[str, str, int], httpcore.AsyncConnectionPool] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer | Silence:
        """Never raises for what the other side does. Redirects are answers like others: they are not followed."""
        try:
            destination = lire(url, autoriser_loopback=self._resolver.autoriser_loopback)
            pool = await self._pool((destination.scheme, destination.host, destination.port))
            async with asyncio.timeout(_TOTAL_TIMEOUT_S):
                return await self._exchange(pool, url, headers, body)
        except Interdite:
            return Silence("adresse-interdite")
        except (TimeoutError, httpcore.TimeoutException):
            return Silence("delai-depasse")
        except httpcore.ConnectError as error:
            return Silence("tls" if isinstance(error.__cause__, ssl.SSLError) else "connexion")
        except OSError:
            return Silence("nom-introuvable")
        except (httpcore.NetworkError, httpcore.ProtocolError):
            return Silence("coupure")

    async def _exchange(
        self, pool: httpcore.AsyncConnectionPool, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        timeouts = {"connect": _CONNECT_TIMEOUT_S, "read": _TOTAL_TIMEOUT_S, "write": _TOTAL_TIMEOUT_S}
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with pool.stream("POST", url, headers=sent, content=body, extensions={"timeout": timeouts}) as response:
            answer = Answer(response.status, _retry_after(response.headers))
            read_bytes = 0
            async for chunk in response.aiter_stream():
                read_bytes += len(chunk)
                if read_bytes > _ANSWER_LIMIT_BYTES:  # leaving closes the connection; what was said stands
                    break
            return answer

    async def _pool(self, origin: tuple[str, str, int]) -> httpcore.AsyncConnectionPool:
        pool = self._pools.pop(origin, None)
        if pool is None:
            pool = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=_CONNECTIONS_PER_ORIGIN,
                max_keepalive_connections=_CONNECTIONS_PER_ORIGIN,
                keepalive_expiry=_KEEPALIVE_S,
                network_backend=self._backend,
            )
        self._pools[origin] = pool  # last used, last to go
        if len(self._pools) > _ORIGINS:
            origin, oldest = next(iter(self._pools.items()))
            if all(connection.is_idle() for connection in oldest.connections):
                del self._pools[origin]
                await oldest.aclose()
        return pool

    async def close(self) -> None:
        """Close every connection; a later `post` would open new ones."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()


def _retry_after(headers: list[tuple[bytes, bytes]]) -> float | None:
    """RFC 9110 § 10.2.3: seconds, or a date."""
    for name, value in headers:
        if name.lower() != b"retry-after":
            continue
        text = value.decode("latin-1").strip()
        if text.isdecimal() and len(text) <= 9:
            return float(text)
        try:
            at: datetime = parsedate_to_datetime(text)
        except ValueError:
            return None
        return max(0.0, at.timestamp() - time.time())
    return None
