"""What a partner may ask: the bucket of a process, the quota over all of them, the headers that tell both."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inbound.request.counters import RECHERCHES, REQUETES, Counters
from gateway.inbound.request.limits import Limits, Policy
from relais_contrats.oauth.freins import Freins
from relais_contrats.partenaires import Partenaire, Quotas
from relais_contrats.problemes import Problem
from relais_contrats.transport import CANONIQUE
from tests.engines import Bench

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
COMMON = Quotas()
POLICY = Policy(burst=10, per_second=5, per_day=1_000)


@pytest.fixture
async def counters(banc: Bench) -> Counters:
    pool = await banc.pool("passerelle")
    return Counters(pool)


def partner(code: str, quotas: Quotas = COMMON) -> Partenaire:
    return Partenaire(code, "departement", code, frozenset(), (), (), frozenset(), est_actif=True, quotas=quotas)


def take(limits: Limits, partenaire: str, at_s: float) -> bool:
    try:
        limits.take(partner(partenaire), NOW, at_s)
    except Problem:
        return False
    return True


@pytest.mark.anyio
async def test_a_burst_is_admitted_then_the_rate_and_others_are_unaffected(counters: Counters) -> None:
    limits = Limits(POLICY, counters)

    burst = [take(limits, "cd-59", 0.0) for _ in range(15)]
    after_a_second = [take(limits, "cd-59", 1.0) for _ in range(10)]
    other = take(limits, "caf-59", 0.0)

    assert burst == [True] * 10 + [False] * 5
    assert sum(after_a_second) == 5
    assert other


@pytest.mark.anyio
async def test_the_headers_tell_the_policy_what_is_left_and_when_to_come_back(counters: Counters) -> None:
    limits = Limits(POLICY, counters)

    first = limits.take(partner("cd-59"), NOW, 0.0)
    for _ in range(9):
        limits.take(partner("cd-59"), NOW, 0.0)
    with pytest.raises(Problem) as refused:
        limits.take(partner("cd-59"), NOW, 0.0)

    assert first["RateLimit-Policy"] == '"rafale";q=10;w=2, "jour";q=1000;w=86400'
    assert re.fullmatch(r'"rafale";r=9;t=1, "jour";r=999;t=50401', first["RateLimit"])
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")
    assert refused.value.headers["RateLimit"].startswith('"rafale";r=0;')


@pytest.mark.anyio
async def test_the_daily_quota_is_shared_by_all_processes(banc: Bench) -> None:
    one, other = Counters(await banc.pool("passerelle")), Counters(await banc.pool("passerelle"))
    limits = Limits(Policy(burst=5_000, per_second=5_000, per_day=100), other)
    one.add("cd-59", REQUETES, NOW, 60)
    other.add("cd-59", REQUETES, NOW, 39)

    await one.share(NOW)
    await other.share(NOW)
    admitted = [take(limits, "cd-59", 0.0) for _ in range(3)]

    assert admitted == [True, False, False]


@pytest.mark.anyio
async def test_a_partner_has_the_quotas_that_an_operator_gave_it(counters: Counters) -> None:
    limits, own = Limits(POLICY, counters), partner("cd-59", Quotas(rafale=2, quota_jour=7))

    told = limits.take(own, NOW, 0.0)
    limits.take(own, NOW, 0.0)
    with pytest.raises(Problem):
        limits.take(own, NOW, 0.0)

    assert told["RateLimit-Policy"] == '"rafale";q=2;w=1, "jour";q=7;w=86400'
    with pytest.raises(Problem):
        limits.spend(own, 6, NOW)


@pytest.mark.anyio
async def test_messages_of_a_stream_count_and_stop_it(counters: Counters) -> None:
    limits = Limits(POLICY, counters)
    limits.spend(partner("cd-59"), 900, NOW)

    with pytest.raises(Problem) as refused:
        limits.spend(partner("cd-59"), 256, NOW)

    assert refused.value.status == 429


@pytest.mark.anyio
async def test_a_period_that_is_over_is_forgotten(counters: Counters) -> None:
    counters.add("cd-59", RECHERCHES, NOW, 7)
    await counters.share(NOW)

    used = counters.add("cd-59", RECHERCHES, NOW + timedelta(minutes=59))
    later = counters.used("cd-59", RECHERCHES, NOW + timedelta(hours=1))

    assert (used, later) == (8, 0)


def test_refusals_slow_down_their_author_only() -> None:
    freins = Freins(rafale=3, par_minute=60)

    bad = [freins.depasse(["adresse 1", "client a"], 0.0) for _ in range(5)]
    other = freins.depasse(["adresse 2", "client b"], 0.0)
    later = freins.depasse(["adresse 1", "client a"], 2.0)

    assert bad == [False, False, False, True, True]
    assert (other, later) == (False, False)


@given(st.binary(max_size=40))
def test_a_canonical_path_has_no_other_writing(path: bytes) -> None:
    if CANONIQUE.fullmatch(b"/" + path):
        text = (b"/" + path).decode()
        segments = text.split("/")[1:]
        assert not {".", ".."} & set(segments)
        assert all(segments) or text == "/"
        assert re.sub("%[0-9A-F]{2}", "", text).isascii()
        assert "%" not in re.sub("%[0-9A-F]{2}", "", text)
