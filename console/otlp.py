"""Bytes of OTLP/HTTP → spans. Everything in them is foreign: sizes, ids, instants and texts are checked here, once.

    Unreadable         the request as a whole is refused, with an HTTP status
    ├── 400            not gzip, not protobuf
    ├── 413            too large, once inflated too; too many spans
    └── 415            another encoding

A span that cannot be kept is left out and counted; the others are taken (OTLP's partial success).
"""

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # ships no stubs
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from chassis.telemetry import ATTRIBUTES
from console.spans import Lien, Span, Valeur

MAX_BODY_BYTES = 4 * 1024 * 1024
_MAX_INFLATED_BYTES = 16 * 1024 * 1024
_MAX_SPANS = 4_096
_MAX_LINKS = 128
_MAX_ITEMS = 1_024
_MAX_TEXT = 256
_MAX_SERVICE = 64
_INT64 = 2**63
_AHEAD = timedelta(hours=1)
"""How far a sender's clock may be ahead of ours."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Lot:
    """The spans of one request, and how many were left out."""

    spans: Sequence[Span]
    rejected: int


def decode(body: bytes, encoding: str, now: datetime, oldest: datetime) -> Lot:
    """Spans of an ExportTraceServiceRequest; those older than `oldest` would be deleted at once."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(_inflate(body, encoding))
    except DecodeError as error:
        raise Unreadable(400, "not an ExportTraceServiceRequest") from error
    given = list(_spans(request))
    read = [_read(service, span, now, oldest) for service, span in given]
    taken = [span for span in read if span is not None]
    return Lot(taken, len(given) - len(taken))


def _inflate(body: bytes, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Unreadable(415, "content-encoding must be gzip or identity")
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(body, _MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise Unreadable(400, "not gzip") from error
    if inflater.unconsumed_tail:
        raise Unreadable(413, "too large once inflated")
    if not inflater.eof:
        raise Unreadable(400, "gzip cut short")
    return inflated


def _spans(request: ExportTraceServiceRequest) -> Iterator[tuple[str, trace_pb2.Span]]:
    scopes = [(resource, scope) for resource in request.resource_spans for scope in resource.scope_spans]
    if sum(len(scope.spans) for _, scope in scopes) > _MAX_SPANS:
        raise Unreadable(413, "too many spans")
    for resource, scope in scopes:
        service = _service(resource.resource.attributes)
        yield from ((service, span) for span in scope.spans)


def _service(attributes: Sequence[KeyValue]) -> str:
    named = next((pair.value.string_value for pair in attributes if pair.key == "service.name"), "")
    return _text(named, _MAX_SERVICE) or "inconnu"


def _read(service: str, span: trace_pb2.Span, now: datetime, oldest: datetime) -> Span | None:
    debut, fin = _instant(span.start_time_unix_nano), _instant(span.end_time_unix_nano)
    if debut is None or fin is None or not oldest <= debut <= fin <= now + _AHEAD:
        return None
    if not (_is_id(span.trace_id, 16) and _is_id(span.span_id, 8)):
        return None
    if span.parent_span_id and not _is_id(span.parent_span_id, 8):
        return None
    return Span(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex() or None,
        service=service,
        nom=_text(span.name, _MAX_TEXT) or "sans nom",
        genre=span.kind if 0 <= span.kind <= 5 else 0,
        debut=debut,
        fin=fin,
        statut=span.status.code if 0 <= span.status.code <= 2 else 0,
        attributs=_attributes(span.attributes),
        liens=_links(span.links),
    )


def _attributes(pairs: Sequence[KeyValue]) -> dict[str, Valeur]:
    """Those of the allow-list only, whoever sends them: a library's own may hold an address or a query."""
    read = ((pair.key, _value(pair.value)) for pair in pairs if pair.key in ATTRIBUTES)
    return {key: value for key, value in read if value is not None}


def _value(value: AnyValue) -> Valeur | None:
    match value.WhichOneof("value"):
        case "string_value":
            return _text(value.string_value, _MAX_TEXT)
        case "int_value":
            return value.int_value
        case "bool_value":
            return value.bool_value
        case "double_value" if math.isfinite(value.double_value):
            return value.double_value
        case "array_value":
            items = value.array_value.values[:_MAX_ITEMS]
            return [_text(item.string_value, _MAX_TEXT) for item in items]
        case _:
            return None


def _links(links: Sequence[trace_pb2.Span.Link]) -> tuple[Lien, ...]:
    kept = [link for link in links[:_MAX_LINKS] if _is_id(link.trace_id, 16) and _is_id(link.span_id, 8)]
    return tuple(Lien(link.trace_id.hex(), link.span_id.hex()) for link in kept)


def _is_id(raw: bytes, length: int) -> bool:
    return len(raw) == length and any(raw)


def _instant(unix_nano: int) -> datetime | None:
    if not 0 < unix_nano < _INT64:
        return None
    return _EPOCH + timedelta(microseconds=unix_nano // 1000)


def _text(raw: str, longest: int) -> str:
    """PostgreSQL refuses NUL, and a control character has no place in a name or an id."""
    return "".join(sign if sign.isprintable() else "�" for sign in raw[:longest])
