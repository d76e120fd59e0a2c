"""The trace that a deposit names in its envelope, its emitter's own: the hub links to it and never joins it."""

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()


def link(current: trace.Span, traceparent: str | None) -> None:
    """Link a span to a readable W3C `traceparent`, whether its emitter records it or not."""
    if traceparent:
        context = _propagator.extract({"traceparent": traceparent})
        current.add_link(trace.get_current_span(context).get_span_context())
