"""Events in their order, whatever the order in which they come."""

from dataclasses import replace
from random import Random
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from chassis.ordering import GIVE_UP_DELIVERIES, RETRY_S, Event, Key, take_in_order

HEARD = "compteur.augmente"


def event(agregat: UUID, sequence: int, deliveries: int = 1) -> Event:
    return Event(uuid4(), "compteur.augmente", "orientation", agregat, sequence, {}, deliveries)


def told(agregat: UUID, kinds: list[bool]) -> Event:
    """The last of these events, which names the ones before it."""
    types = [HEARD if is_heard else "compteur.lu" for is_heard in kinds]
    last = {type_: sequence for sequence, type_ in enumerate(types[:-1], 1)}
    body = {"precedents": " ".join(f"{type_}={sequence}" for type_, sequence in last.items())} if last else {}
    return Event(uuid4(), types[-1], "orientation", agregat, len(types), body, 1)


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


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.randoms())
def test_a_reader_of_some_types_takes_each_of_those_once_in_order(heard: list[bool], shuffle: Random) -> None:
    agregat, positions, taken = uuid4(), dict[Key, int](), list[int]()
    events = [told(agregat, kinds) for kinds in (heard[: rank + 1] for rank in range(len(heard)))]
    waiting = [event for event in events if event.type == HEARD] * 2
    shuffle.shuffle(waiting)

    for _ in heard:
        now, verdicts = take_in_order(waiting, positions, {HEARD})
        taken += [e.sequence for e in now]
        positions |= {e.key: e.sequence for e in now}
        waiting = [e for e, verdict in zip(waiting, verdicts, strict=True) if verdict is not None]

    assert taken == [rank for rank, is_heard in enumerate(heard, 1) if is_heard]
    assert not waiting


def test_what_it_hears_and_misses_is_waited_for() -> None:
    lost_between = told(uuid4(), [True, True, False, True])

    taken, verdicts = take_in_order([lost_between], {lost_between.key: 1}, {HEARD})

    assert (taken, verdicts) == ([], [RETRY_S])


def test_an_event_of_before_is_next_to_the_one_before_it() -> None:
    old = replace(told(uuid4(), [True, False, True]), body={})

    assert [take_in_order([old], {old.key: last}, {HEARD})[0] for last in (1, 2)] == [[], [old]]


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
