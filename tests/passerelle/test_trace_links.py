"""A deposit's own trace is linked, and never joined."""

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

from gateway.inbound.deposit.trace_links import link


def test_the_trace_of_a_partner_becomes_a_link_recorded_or_not() -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    with TracerProvider().get_tracer("essai").start_as_current_span("deposer") as current:
        link(current, f"00-{trace_id}-b7ad6b7169203331-00")
        link(current, None)

    assert isinstance(current, ReadableSpan)
    assert [f"{link.context.trace_id:032x}" for link in current.links] == [trace_id]
