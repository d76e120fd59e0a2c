"""Traces and logs. Spans carry ids, types and partner codes from an allow-list, never a payload; logs are JSON."""

import logging
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

ATTRIBUTES = frozenset(
    """
    relais.id relais.message relais.type relais.partenaire relais.etat relais.code relais.brique relais.lot
    relais.abonnement relais.livraison relais.tentative http.request.method http.route http.response.status_code
    """.split()  # noqa: SIM905  one name a line would make a page of them
)
_extract = lru_cache(4096)(lambda parent: TraceContextTextMapPropagator().extract({"traceparent": parent}))
_tracer = trace.get_tracer("relais")


def start(component: str, otlp_url: str | None, level: str = "info") -> None:
    """Set up logs and traces of this process. Without `otlp_url`, spans exist (so contexts propagate) and go nowhere.

    Exports are small: the exporter holds the interpreter while it serialises, which shows in the p99 of requests.
    """
    provider = TracerProvider(resource=Resource.create({"service.name": component}))
    if otlp_url:
        exporter = OTLPSpanExporter(endpoint=f"{otlp_url.rstrip('/')}/v1/traces", timeout=5)
        provider.add_span_processor(
            BatchSpanProcessor(exporter, max_export_batch_size=128, max_queue_size=8192, schedule_delay_millis=500)
        )
    trace.set_tracer_provider(provider)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace_id,
            _without_words,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(composant=component)


def stop() -> None:
    """Send the spans that still wait; called once, at the end of the process."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


@contextmanager
def span(
    name: str,
    *,
    parent: str | None = None,
    links: list[str] | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    started_ns: int | None = None,
    **attributes: str | int | Sequence[str],
) -> Iterator[trace.Span]:
    """A span whose parent is the W3C `traceparent` given, or the current one. Attribute `relais_type` is `relais.type`.

    An attribute outside the allow-list raises at once. `started_ns`: Unix time, for a span that began before.
    """
    named = {_attribute(key): value for key, value in attributes.items()}
    context = _extract(parent) if parent else None
    with _tracer.start_as_current_span(
        name,
        context=context,
        kind=kind,
        attributes=named,
        start_time=started_ns,
        links=[link for link in map(_link, links or []) if link],
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        yield current


def annotate(current: trace.Span, **attributes: str | int | Sequence[str]) -> None:
    for key, value in attributes.items():
        current.set_attribute(_attribute(key), value)


def traceparent() -> str | None:
    """The W3C `traceparent` of the current span, to carry across a process border."""
    at = trace.get_current_span().get_span_context()
    return f"00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}" if at.is_valid else None


def trace_id() -> str | None:
    """The current trace id, 32 hexadecimal digits, or None outside a span."""
    return current.split("-")[1] if (current := traceparent()) else None


@cache
def _attribute(key: str) -> str:
    name = key.replace("_", ".", 1) if key.startswith("relais_") else key.replace("__", ".")
    if name not in ATTRIBUTES:
        raise ValueError(f"span attribute outside the allow-list: {name}")
    return name


def _link(parent: str) -> Link | None:
    context = trace.get_current_span(_extract(parent)).get_span_context()
    return Link(context) if context.is_valid and context.trace_flags & TraceFlags.SAMPLED else None


def _without_words(_: Any, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """An exception as its types and places, without its text: that of a driver or of a validator quotes the data."""
    if event.pop("exc_info", None):
        error: BaseException | None = sys.exc_info()[1]
        chain: list[str] = []
        while error is not None and len(chain) < 5:
            frames = traceback.extract_tb(error.__traceback__)[-12:]
            places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
            chain.append(" <- ".join([type(error).__name__, *places]))
            error = error.__cause__ or error.__context__
        event["exception"] = chain
    return event


def _add_trace_id(_: Any, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    if current := trace_id():
        event["trace"] = current
    return event
