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


def test_a_gap_is_waited_for_as_long_as_its_owner_may_be_down_and_seen_soon_after_it_is_filled() -> None:
    agregat, pauses = uuid4(), list[float]()

    for delivery in range(1, GIVE_UP_DELIVERIES + 1):
        taken, [pause_s] = take_in_order([event(agregat, 7, delivery)], {("orientation", agregat): 5})
        assert (taken, pause_s is None) == ([], False)
        pauses.append(pause_s or 0.0)

    assert sum(pauses) > 3_600
    assert max(pauses) < 5


def test_a_gap_that_nothing_fills_is_given_up_in_the_end() -> None:
    late = event(uuid4(), 7, deliveries=GIVE_UP_DELIVERIES + 1)

    taken, verdicts = take_in_order([late], {late.key: 4})

    assert (taken, verdicts) == ([late], [None])
