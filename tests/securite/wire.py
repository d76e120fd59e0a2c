"""HTTP written by hand on a socket: what a client library would never send."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Wire:
    """What came back, and whether the hub closed the connection. `status` is 0 when nothing came."""

    status: int
    head: str
    body: bytes
    is_closed: bool
    elapsed_s: float

    @property
    def problem(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read


def raw(port: int, *parts: bytes, pause_s: float = 0.0, timeout_s: float = 3.0) -> Wire:
    """Send the parts with pauses between them, read until the connection closes or falls silent."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
        with contextlib.suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
                time.sleep(pause_s)
        received, is_closed = _read(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return Wire(status, head.decode("latin-1"), body, is_closed, time.monotonic() - began)


def _read(connection: socket.socket) -> tuple[bytes, bool]:
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
            head, found, body = received.partition(b"\r\n\r\n")
            if found and len(body) >= _length(head):
                connection.settimeout(0.3)
        return received, True
    except TimeoutError:
        return received, False
    except ConnectionError:
        return received, True


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def request(method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes = b"") -> bytes:
    """The bytes of a request; `headers` as they are, in their order."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def trickle(head: bytes, pieces: int) -> Iterator[bytes]:
    """A head, then one byte at a time."""
    yield head
    for _ in range(pieces):
        yield b"x"
