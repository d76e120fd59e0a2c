"""The vocabulary of the bus: its messages, its streams, its errors. `bus_nats` implements it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


class BusError(Exception):
    """Root of the errors of the bus."""


class Unavailable(BusError):
    """No answer within the deadline, nobody listens, or the connection is down: try again later."""


class StreamMissing(BusError):
    """The stream does not exist (any more): `ensure_stream` makes it again."""


@dataclass(frozen=True, slots=True)
class Message:
    """A line of a message of a stream. `sequence` is its place there, `deliveries` how often it came, from 1."""

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

STREAMS: Mapping[str, Sequence[str]] = {"PARCOURS": ["parcours.>"], "OFFRES": ["offres.>"]}
VERSION = "1.0.0"  # of what components answer one another
MAX_AGE_S = 30 * 86_400
