"""Whether a service has heard all that was said of a parcours, so that what it does not know does not exist."""

from uuid import UUID

import pytest

from gateway.quiescence import Avancement, Avancements, est_au_courant

PARCOURS = UUID(int=2 << 64 | 1)


def told(**changes: Avancement) -> Avancements:
    """Three services that listen to one another, at rest but for the changes."""
    at_rest = {
        "usagers": Avancement(2, {}, place=11, lu=0),
        "orientation": Avancement(1, {"usagers": 2, "referents": 1}, place=14, lu=20),
        "referents": Avancement(1, {"usagers": 2, "orientation": 1}, place=16, lu=20),
    }
    return {(brique, PARCOURS): avancement for brique, avancement in (at_rest | changes).items()}


def test_one_that_heard_all_that_all_said_knows_all() -> None:
    assert est_au_courant("referents", PARCOURS, told())


def test_what_it_has_not_heard_may_be_what_it_lacks() -> None:
    behind = Avancement(1, {"usagers": 2, "orientation": 0}, place=16, lu=13)

    assert not est_au_courant("referents", PARCOURS, told(referents=behind))


def test_a_sibling_that_is_behind_may_say_more() -> None:
    behind = Avancement(1, {"usagers": 1, "referents": 1}, place=14, lu=10)

    assert not est_au_courant("referents", PARCOURS, told(orientation=behind))


def test_a_service_that_does_not_answer_may_have_said_something() -> None:
    silent = {key: avancement for key, avancement in told().items() if key[0] != "orientation"}

    assert not est_au_courant("referents", PARCOURS, silent)


@pytest.mark.parametrize(
    ("heard", "place", "lu", "knows"), [(0, 14, 20, True), (0, 14, 13, False), (0, None, 20, False), (1, 14, 20, False)]
)
def test_what_came_before_it_listened_was_read_past(heard: int, place: int | None, lu: int, *, knows: bool) -> None:
    """No position was ever noted of it; a fact that is not in the stream yet is still to come."""
    deaf = Avancement(1, {"usagers": 2, "orientation": heard}, place=16, lu=lu)
    said = Avancement(2, {"usagers": 2, "referents": 1}, place=place, lu=20)

    assert est_au_courant("referents", PARCOURS, told(referents=deaf, orientation=said)) is knows
