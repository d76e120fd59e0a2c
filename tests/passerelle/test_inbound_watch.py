"""What is said of each component: silence, a reader that does not advance, facts not published, what is set aside."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from gateway.inbound.watching.watch import Watch, Watched, anomalies
from tests.engines import Bench

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WELL: dict[str, Any] = {"rebut": 0, "a_publier": 0, "a_publier_depuis": None, "echeances_en_retard": 0, "lecteurs": {}}


def reader(place: int, a_lire: int, en_cours: int = 0) -> dict[str, Any]:
    return {"lecteurs": {"PARCOURS": {"place": place, "a_lire": a_lire, "en_cours": en_cours}}}


def heard(*told: dict[str, Any], every_s: float = 20) -> list[str]:
    """What is wrong after these answers, the last of them a moment ago."""
    watched = Watched(NOW)
    now = NOW
    for one in told:
        now += timedelta(seconds=every_s)
        watched.hear(WELL | one, now)
    return [one.phrase for one in anomalies("orientation", watched, now + timedelta(seconds=1))]


def test_what_is_well_says_nothing() -> None:
    assert heard({}, reader(10, 0), reader(10, 0), reader(10, 0)) == []


def test_a_reader_that_advances_is_well_however_much_it_has_to_read() -> None:
    assert heard(reader(10, 5_000), reader(11, 5_000), reader(12, 5_000), reader(13, 5_000)) == []


@pytest.mark.parametrize(("a_lire", "en_cours"), [(3, 0), (0, 3), (1, 2)])
def test_a_reader_that_does_not_advance_is_told(a_lire: int, en_cours: int) -> None:
    stuck = reader(10, a_lire, en_cours)

    said = heard(stuck, stuck, stuck)

    assert said == ["orientation n'avance pas dans PARCOURS depuis 41 s (3 événements l'attendent)"]


def test_what_waits_for_its_turn_or_is_owed_is_told_once_it_is_late() -> None:
    late = (NOW - timedelta(seconds=60)).isoformat()
    held = {"retenus": {"ouverture": 2, "rebut": 5}, "retenus_depuis": late}
    owed = {"a_distribuer": 3, "a_distribuer_depuis": late}

    assert heard(held | owed) == [
        "orientation retient 2 événements depuis 81 s : ce qui les précède n'est pas arrivé",
        "orientation n'a pas distribué 3 faits acceptés, le plus ancien depuis 81 s",
    ]
    assert heard({"retenus": {"rebut": 5}, "retenus_depuis": None, "a_distribuer": 0}) == []


def test_one_that_advanced_again_is_well() -> None:
    stuck = reader(10, 3)

    assert heard(stuck, stuck, stuck, reader(11, 2)) == []


def test_a_silent_component_is_told_after_ten_seconds() -> None:
    watched = Watched(NOW)

    assert list(anomalies("offres", watched, NOW + timedelta(seconds=9))) == []
    [said] = anomalies("offres", watched, NOW + timedelta(seconds=12))
    assert (said.nature, said.phrase, said.depuis) == ("composant-muet", "offres ne répond pas depuis 12 s", NOW)


def test_facts_that_are_not_published_are_told() -> None:
    since = (NOW - timedelta(seconds=70)).isoformat()

    assert heard({"a_publier": 7, "a_publier_depuis": since}, every_s=1) == [
        "orientation ne publie pas depuis 72 s (7 faits attendent)"
    ]


def test_what_is_set_aside_and_what_is_late_are_told() -> None:
    parked, late = heard({"rebut": 2, "echeances_en_retard": 5})

    assert parked.startswith("orientation a 2 éléments au rebut")
    assert late.startswith("orientation a 5 échéances")


@pytest.mark.anyio
async def test_each_component_is_asked_and_one_that_is_silent_hides_no_other(banc: Bench) -> None:
    async def answer(_: bytes) -> bytes:
        return orjson.dumps(WELL | {"rebut": 1})

    clock = [NOW]
    await banc.bus.respond("lecture.orientation.sante", "orientation", answer)
    watch = Watch(banc.bus, lambda: clock[0])

    await watch._ask("orientation")
    await watch._ask("offres")
    clock[0] += timedelta(seconds=11)
    await watch._ask("orientation")

    state = watch.state()
    assert state["composants"]["orientation"]["repond"]
    assert not state["composants"]["offres"]["repond"]
    assert "offres ne répond pas depuis 11 s" in state["anomalies"]
    assert any(said.startswith("orientation a 1 éléments au rebut") for said in state["anomalies"])
