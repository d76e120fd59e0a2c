"""The bus as components see it: ask and answer within a deadline, publish with an acknowledgement, consume in batches.

`bus_nats` is the only importer of the NATS client; a twin in memory, for tests, passes the same behaviour suite.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

# BusError
# ├── Unavailable       nobody answers, or the bus itself is away: try again later
# └── StreamMissing     the stream was deleted under us: `ensure_stream` makes it again


class BusError(Exception):
    """Root of what the bus raises."""


class Unavailable(BusError):
    """No answer within the deadline, nobody listens, or the connection is down."""


class StreamMissing(BusError):
    """The stream does not exist (any more)."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a stream. `sequence` is its place there, `deliveries` how many times it was handed out, from 1."""

    subject: str
    body: bytes
    sequence: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class StreamState:
    created_at: datetime
    first_sequence: int
    last_sequence: int
    deleted: int


# One verdict per message of a batch: None acknowledges it, a number of seconds asks for it again after that delay.
Verdicts = Sequence[float | None]
Respond = Callable[[bytes], Awaitable[bytes]]
Consume = Callable[[Sequence[Message]], Awaitable[Verdicts]]


class Bus(Protocol):
    async def request(self, subject: str, body: bytes, *, timeout_s: float) -> bytes:
        """Ask one of those who answer `subject`; raises Unavailable."""

    async def respond(self, subject: str, group: str, answer: Respond) -> None:
        """Answer the requests on `subject` (wildcards allowed), shared within `group`."""

    async def publish(self, stream: str, subject: str, message_id: str, body: bytes) -> int:
        """Store in the stream; returns its place there. Published twice, it is stored twice: readers are idempotent."""

    async def ensure_stream(self, stream: str) -> None:
        """Create the stream with its settled configuration if it is missing."""

    async def stream_state(self, stream: str) -> StreamState:
        """What the stream holds; raises StreamMissing."""

    async def stored(self, stream: str, filters: Sequence[str], name: str) -> Mapping[int, str]:
        """Place → message id of what is there under `filters`, read without bodies; `name` distinguishes readers."""

    async def delete(self, stream: str, sequence: int) -> None:
        """Erase one message from the stream, its bytes included."""

    async def consume(
        self,
        stream: str,
        durable: str,
        filters: Sequence[str],
        handle: Consume,
        stop: asyncio.Event,
        *,
        batch: int = 256,
        linger_s: float = 0.0,
    ) -> None:
        """Hand over, until `stop`, what came within `linger_s` of a first message; survives restarts and deletions."""

    async def close(self) -> None: ...


STREAMS: Mapping[str, Sequence[str]] = {"PARCOURS": ["parcours.>"], "OFFRES": ["offres.>"]}
MAX_AGE_S = 30 * 86_400
