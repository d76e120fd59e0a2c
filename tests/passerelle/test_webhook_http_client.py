"""What the other side of a POST can do to us (securite § 6.5, row 74), and what we make of it."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from gateway.destinations import Resolver
from gateway.outbound import http_client
from gateway.outbound.http_client import Answer, HttpClient, Silence
from tests.passerelle.receiver import unused_port

pytestmark = pytest.mark.anyio
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{listening.sockets[0].getsockname()[1]}/relais"
    finally:
        listening.close()


async def post(url: str) -> Answer | Silence:
    client = HttpClient(Resolver(autoriser_loopback=True))
    try:
        return await client.post(url, {"content-type": "application/json"}, b"{}", ())
    finally:
        await client.close()


async def test_a_redirect_is_not_followed() -> None:
    followed: list[str] = []

    async def metadata(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        followed.append("there")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with server(metadata) as target:

        async def redirect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())

        async with server(redirect) as url:
            answer = await post(url)

    assert answer == Answer(302)
    assert followed == []


async def test_an_endless_answer_is_cut_and_what_it_said_stands() -> None:
    sent = 0

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            sent += 10_000
            await writer.drain()

    async with server(endless) as url:
        answer = await post(url)

    assert answer == Answer(200)
    assert sent < 10_000_000


async def test_an_answer_that_trickles_is_a_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "_TIMEOUT", aiohttp.ClientTimeout(total=0.5))

    async def trickle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    async with server(trickle) as url:
        assert await post(url) == Silence("delai-depasse")


async def test_nobody_there_is_a_silence() -> None:
    assert await post(f"http://127.0.0.1:{unused_port()}/") == Silence("connexion")


async def test_a_connection_cut_without_an_answer_is_a_silence() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with server(hang_up) as url:
        assert await post(url) == Silence("coupure")


async def test_an_answer_that_is_not_http_is_a_silence() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp.exemple.fr ESMTP\r\n")

    async with server(babble) as url:
        assert await post(url) == Silence("coupure")


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    key, certificate = tmp_path / "cle.pem", tmp_path / "certificat.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=127.0.0.1"
    subprocess.run(  # noqa: ASYNC221  a moment, before anything runs
        [*command.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with server(greet, tls) as url:
        assert await post(url) == Silence("tls")


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("demain", None), ("-1", None)]
)
async def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    async def later(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 503 X\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode())

    async with server(later) as url:
        assert await post(url) == Answer(503, seconds)
