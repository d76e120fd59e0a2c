"""The communes that the service ships, and the centre that a search starts from."""

from collections import Counter, defaultdict
from statistics import median

import pytest

from deploy.communes import from_geonames
from services.offres.domain.fiche import sur_la_sphere
from services.offres.domain.lieu import distance_km
from services.offres.lieux import commune, communes, lieu_inconnu, zones_actuelles
from services.offres.store import centres
from tests.offres.annonces import service, structure
from tests.offres.catalogues import Catalogue


def _km(a: tuple[float, float], b: tuple[float, float]) -> float:
    return distance_km(sum((p - q) ** 2 for p, q in zip(sur_la_sphere(*a), sur_la_sphere(*b), strict=True)))


def test_every_commune_of_today_is_there_with_its_epci() -> None:
    table = communes()

    assert len(table) == 35_014
    assert table["59350"].zones == ("59350", "59", "200093201", "france", "99100", "")
    assert table["75113"].zones == ("75113", "75056", "75", "200054781", "france", "99100", "")
    assert [table[code].zones[1] for code in ("13201", "69389")] == ["13055", "69123"]
    assert table["2A004"].departement == "2A"
    assert table["97411"].departement == "974"


@pytest.mark.parametrize(
    ("code", "today"),
    [
        ("59350", "59350"),
        ("75112", "75112"),
        ("97127", "97801"),
        ("97123", "97701"),
        ("97801", "97801"),
        ("97502", "97502"),
        ("69152", "69149"),  # Pierre-Bénite
        ("01015", "01015"),
        ("38079", "69270"),
        ("59999", None),
        ("00000", None),
    ],
)
def test_a_former_code_is_that_of_today(code: str, today: str | None) -> None:
    found = commune(code)

    assert (found.code if found else None) == today


@pytest.mark.parametrize("code", ["97701", "97801", "97501", "97502"])
def test_the_islands_have_a_centre(code: str) -> None:
    found = commune(code)

    assert found
    assert found.centre


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        ("france", ("france",)),
        ("99100", ("99100",)),
        ("69", ("69",)),
        ("2A", ("2A",)),
        ("20", ("2A", "2B")),
        ("978", ("978",)),
        ("200093201", ("200093201",)),
        ("97127", ("97801",)),
        ("75112", ("75112",)),
        ("99109", ()),
        ("999999999", ()),
        ("59999", ()),
        ("96", ()),
    ],
)
def test_a_zone_is_read_as_todays_or_as_none(zone: str, today: tuple[str, ...]) -> None:
    assert zones_actuelles(zone) == today


def test_an_epci_that_is_no_more_is_its_communes() -> None:
    members = zones_actuelles("200033207")  # Vierzon-Sologne-Berry

    assert "18279" in members
    assert all(communes()[code].code == code for code in members)


def test_the_place_that_nobody_finds_is_pointed_at() -> None:
    assert lieu_inconnu({"code_insee": "59350", "zone_eligibilite": ["59", "200033207"]}) is None
    assert lieu_inconnu({"code_insee": "59999"}) == "/code_insee"
    assert lieu_inconnu({"zone_eligibilite": ["59", "999999999"]}) == "/zone_eligibilite/1"
    assert lieu_inconnu({}) is None


def test_eight_persons_in_ten_live_where_the_centre_is_known() -> None:
    people: Counter[str] = Counter()
    for one in communes().values():
        people[one.origine] += one.population

    assert people["geonames"] / people.total() > 0.8
    assert people[""] / people.total() < 0.01


def test_no_centre_is_far_from_its_departement() -> None:
    by_departement = defaultdict(list)
    for one in communes().values():
        if one.centre:
            by_departement[one.departement].append(one)

    far = []
    for departement, members in by_departement.items():
        middle = (median(m.centre[0] for m in members if m.centre), median(m.centre[1] for m in members if m.centre))
        reach_km = 400 if departement == "973" else 130  # French Guiana is as large as Portugal
        far += [m.code for m in members if m.centre and _km(m.centre, middle) > reach_km]
    assert far == []


def test_homonyms_of_a_region_are_told_apart_by_their_population_or_not_at_all() -> None:
    places = [
        {"name": "Saint-Martin", "countrycode": "FR", "admin1code": "32", "population": 900, "latitude": 50.0,
         "longitude": 3.0, "alternatenames": []},
    ]  # fmt: skip
    near = {"code": "59001", "nom": "Saint-Martin", "region": "32", "population": 1_000}
    other = {"code": "62001", "nom": "Saint-Martin", "region": "32", "population": 10_000}
    rival = {**other, "population": 800}

    assert from_geonames([near, other], places) == {"59001": (50.0, 3.0)}
    assert from_geonames([near, rival], places) == {}


@pytest.mark.anyio
async def test_a_commune_without_a_centre_takes_that_of_its_services(offre: Catalogue) -> None:
    noumea = {"code_insee": "98818", "latitude": -22.27, "longitude": 166.45}
    await offre.publier(structure(), *(service(n, **noumea) for n in range(2)))

    async with offre.pool.acquire() as conn, conn.transaction():
        await centres.observer(conn)
        trouve = await centres.centre_de(conn, communes()["98818"])

    assert trouve == ((-22.27, 166.45), "services")
