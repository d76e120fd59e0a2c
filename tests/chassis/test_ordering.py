"""Events in their order, whatever the order in which they come."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from chassis.ordering import GIVE_UP_DELIVERIES, RETRY_S, Event, Key, take_in_order


def event(agregat: UUID, sequence: int, deliveries: int = 1) -> Event:
    return Event(uuid4(), "compteur.augmente", "orientation", agregat, sequence, {}, deliveries)


@given(st.permutations(range(1, 9)), st.lists(st.integers(1, 8), max_size=5))
def test_any_order_and_any_repetition_end_in_each_event_once_in_order(order: list[int], repeated: list[int]) -> None:
    agregat = uuid4()
    positions: dict[Key, int] = {}
    waiting = [event(agregat, sequence) for sequence in [*order, *repeated]]
    taken: list[int] = []

    while waiting:
        now, verdicts = take_in_order(waiting, positions)
        taken += [e.sequence for e in now]
        positions |= {e.key: e.sequence for e in now}
        waiting = [e for e, verdict in zip(waiting, verdicts, strict=True) if verdict is not None]

    assert taken == list(range(1, 9))


def test_an_early_event_is_asked_for_again() -> None:
    taken, verdicts = take_in_order([event(uuid4(), 2)], {})

    assert (taken, verdicts) == ([], [RETRY_S])


def test_a_gap_that_nothing_fills_is_given_up_in_the_end() -> None:
    late = event(uuid4(), 7, deliveries=GIVE_UP_DELIVERIES + 1)

    taken, verdicts = take_in_order([late], {late.key: 4})

    assert (taken, verdicts) == ([late], [None])
