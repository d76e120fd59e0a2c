"""What the receiver takes over the wire, from the real exporter and from whoever else reaches its port."""

import asyncio
import gzip
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from console import otlp
from console.otlp import Unreadable
from tests.console.serving import Served

pytestmark = pytest.mark.anyio
PROTOBUF = {"Content-Type": "application/x-protobuf"}
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLDEST = NOW - timedelta(days=7)


def finished(work: Callable[[TracerProvider], None]) -> Sequence[ReadableSpan]:
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "entrant"}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    work(provider)
    return memory.get_finished_spans()


def deposit(provider: TracerProvider) -> None:
    tracer = provider.get_tracer("essai")
    with tracer.start_as_current_span("POST /v1/messages"):
        attributes = {"relais.partenaire": "caf-59", "relais.message": "m-1", "url.full": "https://x/?nir=184"}
        tracer.start_span("deposer usager.signale", attributes=attributes).end()


async def export(console: Served, spans: Sequence[ReadableSpan], compression: Compression) -> SpanExportResult:
    exporter = OTLPSpanExporter(endpoint=f"{console.url}/v1/traces", compression=compression, timeout=10)
    return await asyncio.to_thread(exporter.export, spans)


def request(start: datetime = NOW, **changes: bytes) -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    span = made.resource_spans.add().scope_spans.add().spans.add()
    nano = int(start.timestamp() * 1e9)
    span.trace_id, span.span_id = changes.get("trace_id", b"t" * 16), changes.get("span_id", b"s" * 8)
    span.name, span.start_time_unix_nano, span.end_time_unix_nano = "essai", nano, nano + 1000
    return made


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
async def test_spans_of_the_real_exporter_are_kept(console: Served, compression: Compression) -> None:
    result = await export(console, finished(deposit), compression)

    kept = await console.pool.fetch("SELECT nom, service, parent_id FROM spans ORDER BY nom DESC")
    assert result is SpanExportResult.SUCCESS
    assert [row["nom"] for row in kept] == ["deposer usager.signale", "POST /v1/messages"]
    assert kept[0]["service"] == "entrant"
    assert kept[0]["parent_id"] is not None


async def test_the_same_export_twice_has_one_effect(console: Served) -> None:
    spans = finished(deposit)
    await export(console, spans, Compression.Gzip)

    await export(console, spans, Compression.Gzip)

    assert await console.pool.fetchval("SELECT count(*) FROM spans") == 2
    assert await console.pool.fetchval("SELECT nombre FROM traces") == 2


async def test_only_attributes_of_the_allow_list_are_kept(console: Served) -> None:
    await export(console, finished(deposit), Compression.Gzip)

    attributes = await console.pool.fetchval("SELECT attributs FROM spans WHERE nom LIKE 'deposer %'")
    assert attributes == {"relais.partenaire": "caf-59", "relais.message": "m-1"}


async def test_concurrent_exports_of_one_trace_add_up(console: Served) -> None:
    def many(provider: TracerProvider) -> None:
        tracer = provider.get_tracer("essai")
        with tracer.start_as_current_span("POST /v1/messages"):
            for _ in range(120):
                tracer.start_span("decider usager.signale").end()

    spans = finished(many)

    await asyncio.gather(*(export(console, spans[n : n + 11], Compression.Gzip) for n in range(0, 121, 11)))

    assert await console.pool.fetchval("SELECT nombre FROM traces") == 121


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"", {}, 415),
        (b"\xff" * 50, PROTOBUF, 400),
        (b"not gzip", PROTOBUF | {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"\x0a\x00" * 50, mtime=0)[:-9], PROTOBUF | {"Content-Encoding": "gzip"}, 400),
        (b"", PROTOBUF | {"Content-Encoding": "br"}, 415),
        (gzip.compress(bytes(17 * 1024 * 1024), mtime=0), PROTOBUF | {"Content-Encoding": "gzip"}, 413),
        (bytes(4 * 1024 * 1024 + 1), PROTOBUF, 413),
        (b"\x0a\x02\x12\x00", PROTOBUF, 200),
    ],
)
async def test_bytes_that_no_exporter_sends_are_the_sender_s_fault(
    console: Served, body: bytes, headers: dict[str, str], status: int
) -> None:
    response = await console.client.post("/v1/traces", content=body, headers=headers)

    assert response.status_code == status


async def test_a_span_that_cannot_be_kept_is_counted_and_the_others_are_taken(console: Served) -> None:
    made = request(datetime.now(UTC))
    made.MergeFrom(request(datetime.now(UTC), span_id=b"short"))
    made.MergeFrom(request(datetime.now(UTC) - timedelta(days=8), span_id=b"o" * 8))

    response = await console.client.post("/v1/traces", content=made.SerializeToString(), headers=PROTOBUF)

    answer = ExportTraceServiceResponse.FromString(response.content)
    assert answer.partial_success.rejected_spans == 2
    assert await console.pool.fetchval("SELECT count(*) FROM spans") == 1


async def test_control_signs_and_nul_reach_neither_database_nor_page(console: Served) -> None:
    made = request(datetime.now(UTC))
    made.resource_spans[0].scope_spans[0].spans[0].name = "a\x00b\x1bc\ufffe"

    response = await console.client.post("/v1/traces", content=made.SerializeToString(), headers=PROTOBUF)

    assert response.status_code == 200
    assert await console.pool.fetchval("SELECT nom FROM spans") == "a\ufffdb\ufffdc\ufffd"
    assert "a\ufffdb" in await console.page(f"/traces/{(b't' * 16).hex()}")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=400), encoding=st.sampled_from(["", "gzip", "identity", "zstd"]))
def test_any_bytes_are_read_or_refused(body: bytes, encoding: str) -> None:
    try:
        lot = otlp.decode(body, encoding, NOW, OLDEST)
    except Unreadable as refused:
        assert refused.status in (400, 413, 415)
    else:
        assert lot.rejected >= 0


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 60), value=st.integers(0, 255))
def test_a_flipped_byte_gives_a_span_that_fits_the_table_or_none(place: int, value: int) -> None:
    body = bytearray(request().SerializeToString())
    body[place % len(body)] = value

    try:
        spans = otlp.decode(bytes(body), "", NOW, OLDEST).spans
    except Unreadable:
        return

    assert all(len(span.trace) == 32 and len(span.id) == 16 and span.debut <= span.fin for span in spans)
    assert all(span.debut >= OLDEST and span.nom.isprintable() for span in spans)
