"""The order and the drawing of a trace."""

from hypothesis import given, settings
from hypothesis import strategies as st

from console.waterfall import draw, in_order
from tests.console.made import accepted, span


def test_children_follow_their_parent_in_the_order_of_their_start() -> None:
    spans = [span(4, "d", 30, parent=1), span(3, "c", 12, parent=2), span(2, "b", 10, parent=1), span(1, "a")]

    ordered = [(one.nom, depth) for one, depth in in_order(spans)]

    assert ordered == [("a", 0), ("b", 1), ("c", 2), ("d", 1)]


def test_a_span_whose_parent_is_elsewhere_is_a_root() -> None:
    ordered = [(one.nom, depth) for one, depth in in_order([span(1, "a", parent=99), span(2, "b", 5, parent=1)])]

    assert ordered == [("a", 0), ("b", 1)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=12))
def test_whatever_the_parents_say_each_span_comes_once_and_inside_the_axis(parents: list[int]) -> None:
    spans = [span(n, f"s{n}", at_ms=n * 3, lasts_ms=2, parent=parent) for n, parent in enumerate(parents, start=1)]

    lines = draw(spans).lignes

    assert sorted(line.span.id for line in lines) == sorted(one.id for one in spans)
    assert all(-0.01 <= line.x <= line.x + line.largeur <= 100.01 for line in lines)


def test_a_wait_between_attempts_is_drawn_narrow() -> None:
    cascade = draw(accepted())

    (pause,) = cascade.pauses
    assert 5.0 < pause.duree.total_seconds() < 5.1
    assert pause.largeur == 5.0
    assert next(line for line in cascade.lignes if line.span.nom == "POST /v1/messages").largeur > 20


def test_hundreds_of_levels_do_not_exhaust_the_stack() -> None:
    spans = [span(n, "s", n, parent=n - 1) for n in range(1, 3000)]

    assert len(draw(spans).lignes) == 2999
