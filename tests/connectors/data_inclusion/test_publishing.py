"""What data·inclusion publishes goes to the hub once a day: what changed, and no suspicious withdrawal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.data_inclusion import SYSTEM
from connectors.data_inclusion.poller import catalogue_of, follow, try_out
from connectors.data_inclusion.publishing import pull
from connectors.hub import HubUnreachable
from connectors.mandates import token_digest
from connectors.systems import Context
from tests.connectors.data_inclusion.fake_hub import Offres
from tests.connectors.data_inclusion.source import TOKEN, Source
from tests.connectors.fakes import NOW, FakeHub, context
from tests.connectors.serving import served
from tests.offres.annonces import ARRAS, service, structure

pytestmark = pytest.mark.anyio
STOCK = (structure(1), structure(2, code_insee=ARRAS), service(1), service(2), service(3))


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Source]]:
    one = Source()
    with served(one.app()) as url:
        yield url, one


@pytest.fixture
def source(server: tuple[str, Source]) -> Source:
    _, one = server
    one.__init__(*STOCK)  # type: ignore[misc]  # the same server, as if it were new
    return one


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def place(server: tuple[str, Source], source: Source, hub: FakeHub, tmp_path: Path) -> Context:
    return placed(server[0], hub, tmp_path)


def placed(url: str, hub: FakeHub, folder: Path, **settings: Any) -> Context:
    where = {"base": f"{url}/api/v1", "jeton": TOKEN, "sources": ["dora"], "departement": "59", "taille": 2}
    return context(SYSTEM, {"tirage": where | settings}, folder, hub)


def on(place: Context, days: int, **settings: Any) -> Context:
    """The same place, some days later."""
    tirage = place.configuration.tirage.model_copy(update=settings)
    configured = place.configuration.model_copy(update={"tirage": tirage})
    later = NOW + timedelta(days=days)
    place.state.clock = lambda: later
    return replace(place, configuration=configured, clock=lambda: later)


def told(hub: FakeHub) -> list[tuple[str, str, str]]:
    return [(one["type"][13:-3], one["data"]["id"][6:], one["departement"]) for one in hub.taken.values()]


async def test_structures_then_services_are_published_where_they_are_without_what_is_computed(
    place: Context, hub: FakeHub
) -> None:
    assert await pull(place)

    assert told(hub) == [
        ("structure.publiee", "structure-1", "59"),
        ("structure.publiee", "structure-2", "62"),
        *(("service.publie", f"service-{number}", "59") for number in (1, 2, 3)),
    ]
    assert [one["data"] for one in hub.of("structure.publiee")] == [structure(1), structure(2, code_insee=ARRAS)]
    [line] = await place.journal.last()
    assert (line.nature, line.reference, line.etat, dict(line.compte)) == (
        "data-inclusion.tirage",
        "2026-11-30",
        "fait",
        {"structure.publiee": 2, "service.publie": 3, "refuse": 0},
    )


async def test_what_did_not_change_is_neither_fetched_nor_published_again(
    place: Context, hub: FakeHub, source: Source
) -> None:
    await pull(place)
    source.answers.clear()
    source.fiches["dora--service-2"] = service(2, nom="Garage")
    before = len(hub.taken)
    await pull(on(place, 1))

    assert [status for _, _, status in source.answers] == [304, 200, 304]
    assert told(hub)[before:] == [("service.publie", "service-2", "59")]


async def test_it_happens_once_a_day_after_its_hour(place: Context, hub: FakeHub, source: Source) -> None:
    for _ in range(3):
        await pull(place)
    once = len(source.answers)
    await pull(on(place, 1, heure="10:01"))

    assert (once, len(source.answers)) == (3, 3)


async def test_what_is_no_longer_there_is_withdrawn_services_first(
    place: Context, hub: FakeHub, source: Source
) -> None:
    await pull(place)
    before = len(hub.taken)
    source.drop("dora--structure-2", "dora--service-3")
    await pull(on(place, 1, retraits_max=0.5))

    assert told(hub)[before:] == [("service.retire", "service-3", "59"), ("structure.retiree", "structure-2", "62")]
    assert {one["data"]["date"] for one in hub.of("service.retire")} == {"2026-12-01"}
    source.answers.clear()
    await pull(on(place, 2))
    assert len(hub.taken) == before + 2


async def test_a_suspicious_run_does_nothing_until_it_is_confirmed(
    place: Context, hub: FakeHub, source: Source
) -> None:
    await pull(place)
    before = len(hub.taken)
    source.drop("dora--service-2", "dora--service-3")
    source.fiches["dora--service-1"] = service(1, nom="Autre")
    for _ in range(2):
        await pull(on(place, 1))
    refused = (await place.journal.last())[0]
    nothing = len(hub.taken)
    await pull(on(place, 1, retraits_confirmes_le=(NOW + timedelta(days=1)).date()))

    assert (nothing, refused.etat) == (before, "refuse")
    assert refused.motif == (
        "2 services sur 3 seraient retirés, plus de 20% : rien n'est fait. "
        "Pour l'admettre : retraits_confirmes_le = 2026-12-01"
    )
    assert [fait for fait, _, _ in told(hub)[before:]] == ["service.publie", "service.retire", "service.retire"]


async def test_a_run_that_data_inclusion_cut_short_goes_on_from_the_page_that_it_reached(
    place: Context, hub: FakeHub, source: Source
) -> None:
    source.failures = {2: 503}

    assert not await pull(place)
    assert hub.taken == {}
    assert await pull(place)

    assert source.answers == [
        ("structures", 1, 200),
        ("services", 1, 200),
        ("services", 2, 503),
        ("services", 2, 200),
    ]
    assert len(hub.taken) == 5
    assert [line.etat for line in await place.journal.last()] == ["fait", "echec"]


async def test_a_run_that_the_hub_cut_short_publishes_the_rest_and_nothing_twice(
    place: Context, hub: FakeHub, source: Source
) -> None:
    hub.failures = [HubUnreachable("…")]
    await pull(place)
    hub.failures = []
    await pull(place)

    assert len(hub.taken) == 5
    assert len([line for line in hub.traceparents if line]) == 3


@pytest.mark.parametrize("page", [1, 2])
async def test_a_page_that_is_cut_is_no_page(place: Context, hub: FakeHub, source: Source, page: int) -> None:
    source.cut = {page}

    assert not await pull(place)
    assert hub.taken == {}
    assert await pull(place)
    assert len(hub.taken) == 5


async def test_a_catalogue_that_changes_while_it_is_read_is_read_again(
    place: Context, hub: FakeHub, source: Source
) -> None:
    source.drop("dora--structure-1", "dora--structure-2")
    source.moves = [service(4)]
    source.fiches = {"dora--service-0": service(0), **source.fiches}

    while not await pull(place):
        assert hub.taken == {}

    assert sorted(id_ for _, id_, _ in told(hub)) == [f"service-{number}" for number in range(5)]


async def test_what_the_hub_refuses_is_in_the_report_and_the_rest_is_published(
    server: tuple[str, Source], source: Source, tmp_path: Path
) -> None:
    hub = FakeHub(lambda message: "non-autorise" if message["data"]["id"] == "dora--service-2" else None)
    place = placed(server[0], hub, tmp_path)
    source.fiches["dora--service-3"] = service(3, courriel="illisible")

    await pull(place)

    report = (place.folder / "rapports" / "tirage-2026-11-30.jsonl").read_text().splitlines()
    assert [(json.loads(line)["id"], json.loads(line)["code"]) for line in report] == [
        ("dora--service-2", "non-autorise"),
        ("dora--service-3", "schema-invalide"),
    ]
    assert len(hub.taken) == 3


async def test_a_token_that_is_refused_and_a_source_that_is_not_asked_for_publish_nothing(
    server: tuple[str, Source], source: Source, hub: FakeHub, tmp_path: Path
) -> None:
    assert not await pull(placed(server[0], hub, tmp_path, jeton="un autre"))
    assert await pull(placed(server[0], hub, tmp_path / "b", sources=["soliguide"]))

    assert hub.taken == {}


async def test_a_dry_run_says_what_there_is_and_publishes_nothing(
    server: tuple[str, Source], source: Source, tmp_path: Path
) -> None:
    hub = Offres()

    said = [line async for line in try_out(placed(server[0], hub, tmp_path), None)]

    assert said[-1] == "Tirage : data·inclusion annonce 2 structures et 3 services."
    assert hub.taken == {}


async def test_a_run_that_another_process_took_over_stops(place: Context, hub: FakeHub) -> None:
    class Slow(FakeHub):
        """Answers when its lease is over, and another holds it."""

        async def post_many(self, *_: Any, **__: Any) -> Any:
            place.state.clock = lambda: NOW + timedelta(minutes=11)
            await place.state.take("tirage 2026-11-30 None", timedelta(minutes=10))
            return await super().post_many(*_, **__)

    slow = Slow()

    assert not await pull(replace(place, hub=slow))  # type: ignore[arg-type]  # what a connector calls of it

    assert [fait for fait, _, _ in told(slow)] == ["structure.publiee", "structure.publiee"]


async def test_our_own_facade_is_read_as_data_inclusion_is(hub: FakeHub, tmp_path: Path) -> None:
    there = context(SYSTEM, {}, tmp_path / "facade", Offres(*STOCK))
    there = replace(there, mandate=replace(there.mandate, jeton=token_digest(TOKEN)))
    await follow(there, catalogue_of(there))
    assert SYSTEM.facade is not None
    with served(SYSTEM.facade(there)) as url:
        assert await pull(placed(url, hub, tmp_path / "tirage"))

    assert {id_: data for id_, data in ((one["data"]["id"], one["data"]) for one in hub.taken.values())} == {
        one["id"]: one for one in STOCK
    }
