"""Retries and breaker, as rules: whatever the chance and the history."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outbound.http_client import Answer, Silence
from gateway.outbound.outcomes import (
    BREAKER_AFTER,
    GIVE_UP_AFTER,
    Delivered,
    Failed,
    Gone,
    Health,
    after_failures,
    breaker_pause,
    next_attempt,
    of_answer,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DOWN = Failed(503, "reponse", is_endpoint=True)
chances = st.floats(-1, 1)


@pytest.mark.parametrize(
    ("essais", "seconds"),
    [(1, 5), (2, 30), (3, 120), (4, 600), (5, 3600), (6, 3 * 3600), (7, 6 * 3600), (8, 12 * 3600), (9, 12 * 3600)],
)
def test_the_pauses_are_those_that_partners_were_told(essais: int, seconds: int) -> None:
    assert next_attempt(essais, NOW, NOW, 0) == NOW + timedelta(seconds=seconds)


@given(essais=st.integers(1, 20), chance=chances)
def test_chance_shifts_a_pause_by_a_fifth_at_most(essais: int, chance: float) -> None:
    exact, shifted = next_attempt(essais, NOW, NOW, 0), next_attempt(essais, NOW, NOW, chance)

    assert exact is not None
    assert shifted is not None
    assert abs((shifted - NOW) / (exact - NOW) - 1) <= 0.2 + 1e-6


@given(essais=st.integers(1, 20), since=st.timedeltas(timedelta(0), timedelta(days=5)), chance=chances)
def test_no_attempt_comes_later_than_three_days_after_the_first_failure(
    essais: int, since: timedelta, chance: float
) -> None:
    first = NOW - since

    due = next_attempt(essais, first, NOW, chance)

    assert due is None or due <= first + GIVE_UP_AFTER


def test_the_receiver_may_ask_for_a_longer_pause_and_not_for_a_shorter_one() -> None:
    assert next_attempt(1, NOW, NOW, 0, 90) == NOW + timedelta(seconds=90)
    assert next_attempt(3, NOW, NOW, 0, 1) == NOW + timedelta(seconds=120)
    assert next_attempt(1, NOW, NOW, 0, 10**9) == NOW + timedelta(hours=12)


@given(count=st.integers(1, 50))
def test_one_parcours_that_fails_alone_never_opens_the_breaker(count: int) -> None:
    health = Health()
    for _ in range(count):
        health = after_failures(health, [("a", DOWN)], NOW, 0)

    assert health.echecs == 1
    assert health.rouvre_a is None


@given(batches=st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8), min_size=1, max_size=20))
def test_the_breaker_opens_exactly_from_the_fifth_failure_on(batches: list[list[str]]) -> None:
    health = Health()
    for batch in batches:
        health = after_failures(health, [(parcours, DOWN) for parcours in batch], NOW, 0)

        assert (health.rouvre_a is not None) == (health.echecs >= BREAKER_AFTER)
        assert not health.est_suspendu


def test_a_probe_that_fails_lengthens_the_rest_up_to_a_quarter_of_an_hour() -> None:
    pauses = [breaker_pause(echecs).total_seconds() for echecs in range(BREAKER_AFTER, BREAKER_AFTER + 10)]

    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_an_endpoint_that_is_away_for_three_days_is_suspended() -> None:
    health = Health(echecs=9, premier_echec_a=NOW - GIVE_UP_AFTER, dernier_echec="a")

    assert after_failures(health, [("a", DOWN)], NOW, 0).est_suspendu


def test_answers_and_silences_are_told_apart() -> None:
    assert of_answer(Answer(204)) == Delivered(204)
    assert of_answer(Answer(410)) == Gone()
    assert of_answer(Answer(302)) == Failed(302, "redirection", is_endpoint=True)
    assert of_answer(Answer(422)) == Failed(422, "reponse", is_endpoint=False)
    assert of_answer(Answer(429, 30.0)) == Failed(429, "reponse", is_endpoint=True, retry_after_s=30.0)
    assert of_answer(Silence("tls")) == Failed(None, "tls", is_endpoint=True)
