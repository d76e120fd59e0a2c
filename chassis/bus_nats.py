"""The bus on NATS JetStream: ask and answer within a deadline, publish with an acknowledgement, consume in batches.

The only file that imports the NATS client.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import repeat
from pathlib import Path

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError
from nats.micro import add_service
from nats.micro.request import Request
from nats.micro.service import Service

from chassis.bus import MAX_AGE_S, STREAMS, VERSION, Consume, Message, Respond, StreamMissing, StreamState, Unavailable

_log = structlog.get_logger()
# Not `Nats-Msg-Id`: the server's own deduplication would refuse, for its whole window, to store again what it has lost.
_ID_HEADER = "Relais-Id"
_ERROR_HEADER = "Nats-Service-Error"  # a request that could not be answered, as the services of NATS say it
_RETRY_S = 1.0
_PULL_EXPIRES_S = 5
_BATCH = 256
_ACK_WAIT_S = 4  # what a killed process held comes back after it, within the 5 s of a mixture; a batch takes tenths
_PUBLISH_TIMEOUT_S = 5
_READ_BACK_S = 300


class NatsBus:
    """A connection under the component's own NATS user. `tasks` runs one task per request being answered."""

    def __init__(self, client: Client, tasks: asyncio.TaskGroup) -> None:
        self._client = client
        self._jetstream = client.jetstream(timeout=_PUBLISH_TIMEOUT_S)
        self._tasks = tasks
        self._service: Service
        self.connections = 0
        """Grows with each connection: what the server held before is to be looked at again."""

    @classmethod
    async def connect(cls, url: str, nkey_file: Path, component: str, tasks: asyncio.TaskGroup) -> "NatsBus":
        """Connect, and reconnect for ever. The server reports a denied subject asynchronously; it is logged."""
        bus = cls(Client(), tasks)
        await bus._client.connect(
            url,
            name=component,
            nkeys_seed=str(nkey_file),
            inbox_prefix=f"_INBOX_{component}",
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type]  # seconds, whole or not
            connect_timeout=3,
            ping_interval=20,
            error_cb=bus._on_error,
            disconnected_cb=bus._on_disconnect,
            reconnected_cb=bus._on_reconnect,
        )
        bus._service = await add_service(bus._client, name=component, version=VERSION)  # for `nats micro`
        return bus

    async def _on_error(self, error: Exception) -> None:
        _log.warning("bus.error", error=type(error).__name__, denied="permissions violation" in str(error).lower())

    async def _on_disconnect(self) -> None:
        _log.warning("bus.disconnected")

    async def _on_reconnect(self) -> None:
        self.connections += 1
        _log.info("bus.reconnected")

    @property
    def is_connected(self) -> bool:
        return self._client.is_connected

    async def request(self, subject: str, body: bytes, *, timeout_s: float) -> bytes:
        """Ask one of the processes that answer `subject`. Raises Unavailable."""
        with _reaching(subject):
            reply = await self._client.request(subject, body, timeout=timeout_s)
        if reply.headers and _ERROR_HEADER in reply.headers:
            raise Unavailable(f"{subject}: {reply.headers[_ERROR_HEADER]}")
        return reply.data

    async def respond(self, subject: str, group: str, answer: Respond) -> None:
        """Answer the requests on `subject` (wildcards allowed), shared within `group`."""

        async def on_request(request: Request) -> None:
            self._tasks.create_task(self._answer(request, answer))

        name = subject.replace(".", "-").replace("*", "_")
        await self._service.add_endpoint(name=name, subject=subject, queue_group=group, handler=on_request)

    async def _answer(self, request: Request, answer: Respond) -> None:
        try:
            await request.respond(await answer(request.data))
        except Exception as error:  # the outer loop of a request: its sender learns of it before the log does
            with suppress(NatsError):
                await request.respond_error("500", type(error).__name__)
            _log.exception("bus.answer_failed", subject=request.subject)

    async def publish(self, stream: str, subject: str, message_id: str, body: bytes) -> int:
        """Store in the stream; returns its place there. Published twice, it is stored twice: readers are idempotent."""
        with _reaching(stream):
            return (await self._jetstream.publish(subject, body, stream=stream, headers={_ID_HEADER: message_id})).seq

    async def ensure_stream(self, stream: str) -> None:
        """Create the stream with its settled configuration if it is missing."""
        subjects = list(STREAMS[stream])
        config = StreamConfig(name=stream, subjects=subjects, storage=StorageType.FILE, max_age=MAX_AGE_S)
        with _reaching(stream):
            try:
                await self._jetstream.add_stream(config)
            except APIError as error:
                if error.err_code != 10058:  # it exists with a configuration that an operator chose
                    raise

    async def stream_state(self, stream: str) -> StreamState:
        """Return the state of the stream. Raises StreamMissing."""
        with _reaching(stream):
            info = await self._jetstream.stream_info(stream)
        if info.created is None:
            raise Unavailable(stream)
        state = info.state
        return StreamState(info.created, state.first_seq, state.last_seq, state.num_deleted or 0)

    async def stored(self, stream: str, filters: Sequence[str], name: str, start: int = 1) -> dict[int, str]:
        """Return place → message id of the messages from `start` on under `filters`, read without bodies.

        `name` distinguishes readers. A message that was not published by us has the id "".
        """
        last = (await self.stream_state(stream)).last_sequence
        async with self._reader(stream, filters, name, start) as pending, asyncio.timeout(_READ_BACK_S):
            subscription = await self._jetstream.pull_subscribe_bind(consumer=f"verif-{name}", stream=stream)
            ids = await _read_ids(subscription, pending, last)
            await subscription.unsubscribe()
        return ids

    async def count(self, stream: str, filters: Sequence[str], name: str, start: int) -> int:
        """How many messages are there from `start` on under `filters`: the server knows, nothing is read."""
        async with self._reader(stream, filters, name, start) as pending:
            return pending

    @asynccontextmanager
    async def _reader(self, stream: str, filters: Sequence[str], name: str, start: int) -> AsyncIterator[int]:
        """A consumer of headers for the time of a look; yields how much it would hand over."""
        reader = f"verif-{name}"
        config = ConsumerConfig(
            name=reader,
            filter_subjects=list(filters),
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=start,
            ack_policy=AckPolicy.NONE,
            headers_only=True,
            inactive_threshold=60,
            mem_storage=True,
        )
        with _reaching(stream):
            await self._forget_consumer(stream, reader)
            yield (await self._jetstream.add_consumer(stream, config)).num_pending or 0
            await self._forget_consumer(stream, reader)

    async def _forget_consumer(self, stream: str, consumer: str) -> None:
        with suppress(NotFoundError):
            await self._jetstream.delete_consumer(stream, consumer)

    async def delete(self, stream: str, sequence: int) -> None:
        """Erase one message from the stream, its bytes included."""
        with _reaching(stream), suppress(NotFoundError):
            await self._jetstream.delete_msg(stream, sequence)

    async def reader(self, stream: str, durable: str) -> dict[str, int]:
        """Return how far a durable consumer is: messages to read, in hand, and read; up to `acquis` without a gap."""
        with _reaching(stream):
            info = await self._jetstream.consumer_info(stream, durable)
        place, acquis = (at.stream_seq if at else 0 for at in (info.delivered, info.ack_floor))
        pending, held = info.num_pending or 0, info.num_ack_pending or 0
        return {"a_lire": pending, "en_cours": held, "place": place, "acquis": acquis}

    async def read_up_to(self, stream: str, durable: str) -> int:
        """The place up to which it has read without a gap: the end of the stream, when nothing waits for it."""
        last, reader = (await self.stream_state(stream)).last_sequence, await self.reader(stream, durable)
        return reader["acquis"] if reader["a_lire"] or reader["en_cours"] else last

    async def consume(
        self, stream: str, name: str, filters: Sequence[str], handle: Consume, stop: asyncio.Event, linger_s: float = 0
    ) -> None:
        """Pass messages to `handle` in batches, gathered for `linger_s`. Survives restarts and deletions."""
        pull = _Pull(self._client, stream, name, linger_s)
        while not stop.is_set():
            try:
                is_settled = await self._ensure_consumer(stream, name, filters)
                await pull.open()
                while not stop.is_set():
                    if messages := await pull.next_batch():
                        await _settle(messages, handle)
                    elif not is_settled:
                        break
            except (NatsError, TimeoutError, Unavailable, StreamMissing) as error:
                _log.warning("bus.consume_interrupted", stream=stream, durable=name, error=type(error).__name__)
                await asyncio.sleep(0.5)
            finally:
                await pull.close()

    async def _ensure_consumer(self, stream: str, name: str, filters: Sequence[str]) -> bool:
        """Create the durable consumer. Whether it has these filters: first it reads what it had asked for before."""
        await self.ensure_stream(stream)
        held = list(filters)
        with suppress(NotFoundError):
            info = await self._jetstream.consumer_info(stream, name)
            if info.num_pending or info.num_ack_pending:
                held = info.config.filter_subjects or [info.config.filter_subject or ">"]
        config = ConsumerConfig(
            name=name, durable_name=name, ack_wait=_ACK_WAIT_S, max_ack_pending=4096, filter_subjects=held
        )
        await self._jetstream.add_consumer(stream, config)
        return sorted(held) == sorted(filters)

    async def close(self) -> None:
        await self._client.drain()


class _Pull:
    """One standing pull request, renewed as it is used up. A batch is gathered for `linger_s`."""

    def __init__(self, client: Client, stream: str, durable: str, linger_s: float) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._linger_s = linger_s
        self._subscription: Subscription | None = None
        self._inbox, self._credit, self._expires_at = "", 0, 0.0

    async def open(self) -> None:
        self._inbox = self._client.new_inbox()
        self._subscription = await self._client.subscribe(self._inbox)
        self._credit = 0

    async def close(self) -> None:
        if self._subscription and self._client.is_connected:
            await self._subscription.unsubscribe()
        self._subscription = None

    async def next_batch(self) -> list[Msg]:
        """Return up to 256 messages; wait up to a second for the first. Raises when the consumer is gone."""
        assert self._subscription is not None
        if self._credit <= 0 or time.monotonic() > self._expires_at:
            await self._ask()
        received: list[Msg] = []
        try:
            received.append(await self._subscription.next_msg(timeout=1))
        except TimeoutError:
            return []
        await asyncio.sleep(self._linger_s)
        while self._subscription.pending_msgs and len(received) < _BATCH:
            received.append(await self._subscription.next_msg(timeout=1))
        messages = [message for message in received if not self._is_status(message)]
        self._credit -= len(messages)
        return messages

    async def _ask(self) -> None:
        body = {"batch": _BATCH, "expires": _PULL_EXPIRES_S * 1_000_000_000}
        await self._client.publish(self._subject, json.dumps(body).encode(), reply=self._inbox)
        self._credit = _BATCH
        self._expires_at = time.monotonic() + _PULL_EXPIRES_S + 1

    def _is_status(self, message: Msg) -> bool:
        """404 and 408 end the pull request; 409 and 503 say that the consumer or the stream is gone."""
        status = (message.headers or {}).get("Status")
        if status is None:
            return False
        self._credit = 0
        if status in ("409", "503"):
            raise NoRespondersError
        return True


@contextmanager
def _reaching(what: str) -> Iterator[None]:
    """Turn errors of the client about a subject or a stream into our own."""
    try:
        yield
    except (NoStreamResponseError, NotFoundError) as error:
        raise StreamMissing(what) from error
    except (NatsError, TimeoutError) as error:
        raise Unavailable(what) from error


async def _read_ids(subscription: JetStreamContext.PullSubscription, pending: int, last: int) -> dict[int, str]:
    ids: dict[int, str] = {}
    while pending > 0:
        messages = await subscription.fetch(min(pending, 1000), timeout=5)
        pending -= len(messages)
        ids |= {m.metadata.sequence.stream: (m.headers or {}).get(_ID_HEADER, "") for m in messages}
        if messages[-1].metadata.sequence.stream >= last:
            break
    return ids


def _parts(message: Msg) -> list[Message]:
    place, deliveries = message.metadata.sequence.stream, message.metadata.num_delivered
    return [Message(message.subject, part, place, deliveries) for part in message.data.split(b"\n")]


async def _settle(messages: Sequence[Msg], handle: Consume) -> None:
    """A message comes again, whole, as long as one of its parts has to."""
    parts = [_parts(message) for message in messages]
    try:
        verdicts = iter(await handle([part for of_one in parts for part in of_one]))
    except Exception:  # the outer loop of a consumer: what it could not handle comes again
        _log.exception("bus.not_handled", messages=len(messages))
        verdicts = repeat(_RETRY_S)
    for message, of_one in zip(messages, parts, strict=True):
        delays_s = [delay_s for _ in of_one if (delay_s := next(verdicts)) is not None]
        await (message.nak(delay=max(delays_s)) if delays_s else message.ack())
