"""The bus in memory, for tests of components: it stands for the real one because it passes the same suite."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chassis.bus import STREAMS, Consume, Message, Respond, StreamMissing, StreamState, Unavailable


@dataclass
class _Stream:
    created_at: datetime
    last: int = 0
    messages: dict[int, tuple[str, str, bytes]] = field(default_factory=dict)
    deleted: int = 0
    acknowledged: dict[str, set[int]] = field(default_factory=dict)
    deliveries: dict[tuple[str, int], int] = field(default_factory=dict)


class MemoryBus:
    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}
        self._answers: dict[str, Respond] = {}
        self._published = asyncio.Event()

    async def request(self, subject: str, body: bytes, *, timeout_s: float) -> bytes:
        answer = next((a for pattern, a in self._answers.items() if matches(pattern, subject)), None)
        if answer is None:
            raise Unavailable(subject)
        try:
            async with asyncio.timeout(timeout_s):
                return await answer(body)
        except TimeoutError as error:
            raise Unavailable(subject) from error

    async def respond(self, subject: str, group: str, answer: Respond) -> None:
        self._answers[subject] = answer

    async def publish(self, stream: str, subject: str, message_id: str, body: bytes) -> int:
        held = self._stream(stream)
        held.last += 1
        held.messages[held.last] = (subject, message_id, body)
        self._published.set()
        return held.last

    async def ensure_stream(self, stream: str) -> None:
        if stream not in STREAMS:
            raise Unavailable(stream)
        self._streams.setdefault(stream, _Stream(datetime.now(UTC)))

    async def stream_state(self, stream: str) -> StreamState:
        held = self._stream(stream)
        return StreamState(held.created_at, min(held.messages, default=0), held.last, held.deleted)

    async def stored(self, stream: str, filters: Sequence[str], name: str) -> dict[int, str]:
        held = self._stream(stream)
        return {
            place: message_id
            for place, (subject, message_id, _) in held.messages.items()
            if any(matches(pattern, subject) for pattern in filters)
        }

    async def delete(self, stream: str, sequence: int) -> None:
        held = self._stream(stream)
        if held.messages.pop(sequence, None):
            held.deleted += 1

    async def delete_stream(self, stream: str) -> None:
        """What an accident does; no component may."""
        del self._streams[stream]

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
        while not stop.is_set():
            await self.ensure_stream(stream)
            held = self._stream(stream)
            done = held.acknowledged.setdefault(durable, set())
            waiting = [
                sequence
                for sequence, (subject, _, _) in sorted(held.messages.items())
                if sequence not in done and any(matches(pattern, subject) for pattern in filters)
            ][:batch]
            if not waiting:
                await self._wait()
                await asyncio.sleep(linger_s)
                continue
            await self._hand_over(held, durable, waiting, handle)

    async def _hand_over(self, held: _Stream, durable: str, waiting: list[int], handle: Consume) -> None:
        messages = []
        for sequence in waiting:
            count = held.deliveries.get((durable, sequence), 0) + 1
            held.deliveries[durable, sequence] = count
            subject, _, body = held.messages[sequence]
            messages.append(Message(subject, body, sequence, count))
        verdicts = await handle(messages)
        for sequence, verdict in zip(waiting, verdicts, strict=True):
            if verdict is None:
                held.acknowledged[durable].add(sequence)
        if any(verdict is not None for verdict in verdicts):
            await asyncio.sleep(min(verdict for verdict in verdicts if verdict is not None))

    async def _wait(self) -> None:
        self._published.clear()
        try:
            async with asyncio.timeout(0.05):
                await self._published.wait()
        except TimeoutError:
            return

    def _stream(self, stream: str) -> _Stream:
        if stream not in self._streams:
            raise StreamMissing(stream)
        return self._streams[stream]

    async def close(self) -> None:
        self._answers.clear()


def matches(pattern: str, subject: str) -> bool:
    """NATS wildcards: `*` is one token, a final `>` one or more."""
    wanted, given = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        return len(given) >= len(wanted) and all(w in ("*", g) for w, g in zip(wanted[:-1], given, strict=False))
    return len(wanted) == len(given) and all(w in ("*", g) for w, g in zip(wanted, given, strict=True))
