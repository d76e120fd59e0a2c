"""`POST /v1/traces`, the OTLP/HTTP receiver: protobuf in, one insert for what several senders bring within moments."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no stubs
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.database import TRANSIENT, Pool
from chassis.microbatch import MicroBatch
from console import otlp, store
from console.access.guard import Public
from console.otlp import MAX_BODY_BYTES, Lot, Unreadable
from console.spans import Span

_log = structlog.get_logger()
_MEDIA_TYPE = "application/x-protobuf"
_READ_TIMEOUT_S = 10.0
_MOST_WAITING = 20_000
"""Spans held in memory while the database is slow; past that, senders are asked to come back (they queue too)."""


class Receiver:
    """`retention` bounds how old a span may be on arrival."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime], retention: timedelta) -> None:
        self._pool = pool
        self._clock = clock
        self._retention = retention
        self._waiting = 0
        self.inserts: MicroBatch[Sequence[Span], None] = MicroBatch(self._insert, max_items=8, delay_s=0.02)

    def routes(self) -> list[Route]:
        """Asks nobody who they are: the hub's components send here. The port is not for the world."""
        return [Public("/v1/traces", self.receive, methods=["POST"])]

    async def receive(self, request: Request) -> Response:
        """What is wrong with the bytes is the sender's (4xx); 503 is ours, and asks for the same request again."""
        try:
            lot = await self._read(request)
        except Unreadable as refused:
            _log.info("receiver.refused", status=refused.status, reason=refused.reason)
            return _status(refused.status, refused.reason)
        if self._waiting + len(lot.spans) > _MOST_WAITING:
            return _busy()
        self._waiting += len(lot.spans)
        try:
            await self.inserts.submit(lot.spans)
        except TRANSIENT as error:
            _log.warning("receiver.database_away", error=type(error).__name__)
            return _busy()
        finally:
            self._waiting -= len(lot.spans)
        return _accepted(lot)

    async def _read(self, request: Request) -> Lot:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
            raise Unreadable(415, f"content-type must be {_MEDIA_TYPE}")
        body = await _body(request)
        now = self._clock()
        encoding = request.headers.get("content-encoding", "").strip().lower()
        return otlp.decode(body, encoding, now, now - self._retention)

    async def _insert(self, lots: Sequence[Sequence[Span]]) -> Sequence[None]:
        spans = [span for lot in lots for span in lot]
        async with self._pool.acquire() as conn, conn.transaction():
            await store.insert(conn, spans)
        return [None] * len(lots)


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise Unreadable(413, "too large")
    body = bytearray()
    try:
        async with asyncio.timeout(_READ_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise Unreadable(413, "too large")
    except (TimeoutError, ClientDisconnect) as error:
        raise Unreadable(400, "body cut short") from error
    return bytes(body)


def _accepted(lot: Lot) -> Response:
    answer = ExportTraceServiceResponse()
    if lot.rejected:
        answer.partial_success.rejected_spans = lot.rejected
        answer.partial_success.error_message = "spans without valid ids, or outside the window of time that is kept"
    return Response(answer.SerializeToString(), media_type=_MEDIA_TYPE)


def _status(status: int, message: str) -> Response:
    """OTLP/HTTP wants a google.rpc.Status in every refusal."""
    return Response(Status(message=message).SerializeToString(), status, media_type=_MEDIA_TYPE)


def _busy() -> Response:
    response = _status(503, "busy, send again")
    response.headers["Retry-After"] = "2"
    return response
