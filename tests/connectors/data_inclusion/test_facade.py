"""data·inclusion's API v1 on our catalogue: what its clients ask for, and the shapes in which it answers them."""

from __future__ import annotations

import asyncio
import dataclasses
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from connectors.data_inclusion import SYSTEM
from connectors.data_inclusion.codes import DEPARTEMENTS, REGIONS
from connectors.data_inclusion.poller import catalogue_of, follow, try_out
from connectors.mandates import new_token, token_digest
from connectors.systems import Context
from relais_contrats.client import HubUnreachable, QuotaReached
from tests.connectors.data_inclusion.fake_hub import Offres, refusal
from tests.connectors.fakes import NOW, context
from tests.jour import aujourdhui
from tests.offres.annonces import ARRAS, LILLE, PARIS, ROUBAIX, service, structure

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from data_inclusion.schema.v1 import (
        Categorie,
        Frais,
        ModeAccueil,
        Public,
        ReseauPorteur,
        Service,
        Structure,
        Thematique,
        TypeService,
    )
    from data_inclusion.schema.v1.score_qualite import score

TOKEN = new_token()
PREFIX = "/connecteurs/cd-59-essai/api/v1"
SERVICE = {*Service.model_fields, "adresse_certifiee", "score_qualite"}
STRUCTURE = {*Structure.model_fields, "adresse_certifiee"}


class Played:
    """A façade with a token, over a fake hub."""

    def __init__(self, folder: Path, hub: Offres, **configuration: Any) -> None:
        self.hub = hub
        made = context(SYSTEM, configuration, folder, hub, ("offres:lire",))
        self.clock = [NOW]
        mandate = dataclasses.replace(made.mandate, jeton=token_digest(TOKEN))
        self.context: Context = dataclasses.replace(made, mandate=mandate, clock=lambda: self.clock[0])
        self.catalogue = catalogue_of(self.context)
        assert SYSTEM.facade is not None
        mounted = FastAPI(routes=[Mount("/connecteurs/cd-59-essai", app=SYSTEM.facade(self.context))])
        self._transport = httpx.ASGITransport(mounted)

    def follow(self) -> Played:
        asyncio.run(follow(self.context, self.catalogue))
        return self

    async def ask(self, path: str, params: dict[str, Any], token: str | None = TOKEN) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(
            transport=self._transport, base_url="http://relais", headers=headers, follow_redirects=True
        ) as client:
            return await client.get(f"{PREFIX}{path}", params=params)

    def get(self, path: str, **params: Any) -> httpx.Response:
        return asyncio.run(self.ask(path, params))

    def page(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def ids(self, path: str, **params: Any) -> list[str]:
        """Without their source."""
        items = self.page(path, **params)["items"]
        return [item.get("service", item)["id"].partition("--")[2] for item in items]


def played_in(folder: Path) -> Played:
    hub = Offres(
        structure(1, siret="13003013300016", reseaux_porteurs=["mission-locale"]),
        structure(2, code_insee=PARIS, source="soliguide", id="soliguide--structure-2"),
        service(3, code_insee=ARRAS, type="atelier", publics=["femmes"], frais="gratuit", adresse="1 rue du Puits"),
        service(1, description="d" * 300, publics=["tous-publics"], modes_accueil=["a-distance", "en-presentiel"]),
        service(
            2,
            source="soliguide",
            id="soliguide--service-2",
            structure_id="soliguide--structure-2",
            code_insee=PARIS,
            thematiques=["numerique--acquerir-un-equipement"],
            modes_accueil=["a-distance"],
        ),
    )
    return Played(folder, hub).follow()


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return played_in(tmp_path / "di")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """For those who only read the copy."""
    return played_in(tmp_path_factory.mktemp("partage") / "di")


def test_a_page_has_every_field_with_null_and_its_counts(shared: Played) -> None:
    page = shared.page("/services", size=2)

    assert {name: page[name] for name in ("total", "page", "size", "pages")} == {
        "total": 3,
        "page": 1,
        "size": 2,
        "pages": 2,
    }
    assert [item["id"] for item in page["items"]] == ["dora--service-1", "dora--service-3"]
    assert all(set(item) == SERVICE for item in page["items"])
    assert page["items"][0]["horaires_accueil"] is None
    for item in page["items"]:
        Service.model_validate(item)
    assert shared.page("/services", size=2, page=2)["size"] == 1
    assert shared.page("/services", size=2, page=3)["items"] == []
    empty = shared.page("/services", sources="ailleurs")
    assert (empty["total"], empty["pages"]) == (0, 0)


def test_structures_are_listed_with_the_mean_of_their_services(shared: Played) -> None:
    page = shared.page("/structures")

    assert all(set(item) == {*STRUCTURE, "score_qualite", "doublons"} for item in page["items"])
    for item in page["items"]:
        Structure.model_validate(item)
    scores = [item["score_qualite"] for item in shared.page("/services", sources="dora")["items"]]
    assert page["items"][0]["score_qualite"] == pytest.approx(sum(scores) / 2, abs=0.01)


def test_the_quality_is_that_of_data_inclusion_on_the_day(tmp_path: Path) -> None:
    fiche = service(1, date_maj=str(aujourdhui() - timedelta(days=400)))
    played = Played(tmp_path / "di", Offres(structure(1), fiche))
    played.clock[0] = NOW.combine(aujourdhui(), NOW.timetz())
    played.follow()

    [item] = played.page("/services")["items"]

    assert item["score_qualite"] == pytest.approx(score(Service.model_validate(fiche))[0], abs=0.02)


def test_one_service_comes_with_its_structure_and_one_structure_with_its_services(played: Played) -> None:
    played.hub.publish(structure(9, siret="13003013300016"))
    played.hub.twins = {"dora--structure-1": ["dora--structure-9"]}
    played.follow()

    one = played.page("/services/dora--service-1")
    whole = played.page("/structures/dora--structure-1")

    assert set(one) == {*SERVICE, "structure"}
    assert set(one["structure"]) == STRUCTURE
    assert one["structure"]["id"] == "dora--structure-1"
    assert set(whole) == {*STRUCTURE, "score_qualite", "doublons", "services"}
    assert [item["id"] for item in whole["services"]] == ["dora--service-1", "dora--service-3"]
    assert all(set(item) == SERVICE for item in whole["services"])
    [twin] = whole["doublons"]
    assert (twin["id"], set(twin)) == ("dora--structure-9", set(Structure.model_fields))
    assert played.page("/structures/dora/structure-1") == whole
    assert played.page("/services/dora/dora--service-1") == one


def test_unknown_and_withdrawn_are_not_found(played: Played) -> None:
    played.hub.withdraw("service", "dora--service-1")
    played.follow()
    played.hub.withdraw("structure", "dora--structure-1")
    paths = (
        "/services/bar--42",
        "/services/dora--service-1",
        "/structures/foo--42",
        "/structures/dora--structure-1",
    )

    answers = [played.get(path) for path in paths]

    assert [(one.status_code, one.json()) for one in answers] == [(404, {"detail": "Not Found"})] * 4


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"thematiques": "mobilite"}, ["service-1", "service-3"]),
        ({"thematiques": ["numerique--acquerir-un-equipement", "famille"]}, ["service-2"]),
        ({"publics": "femmes"}, ["service-1", "service-3"]),
        ({"publics": "jeunes"}, ["service-1"]),
        ({"publics": ["tous-publics", "jeunes"]}, ["service-1", "service-3", "service-2"]),
        ({"types": "atelier"}, ["service-3"]),
        ({"frais": "gratuit"}, ["service-3"]),
        ({"frais": "payant"}, []),
        ({"modes_accueil": "a-distance"}, ["service-1", "service-2"]),
        ({"sources": ["soliguide", "foobar"]}, ["service-2"]),
        ({"score_qualite_minimum": 0.5}, ["service-1", "service-3"]),
    ],
)
@pytest.mark.parametrize("path", ["/services", "/search/services"])
def test_services_are_filtered(shared: Played, path: str, params: dict[str, Any], expected: list[str]) -> None:
    assert shared.ids(path, **params) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"code_departement": "62"}, ["service-3"]),
        ({"slug_departement": "nord"}, ["service-1"]),
        ({"code_region": "32"}, ["service-1", "service-3"]),
        ({"slug_region": "ile-de-france"}, ["service-2"]),
        ({"code_region": "11", "code_departement": "59"}, []),
        ({"code_commune": LILLE}, ["service-1"]),
        ({"code_commune": ROUBAIX}, []),
    ],
)
def test_services_are_listed_by_territory(shared: Played, params: dict[str, Any], expected: list[str]) -> None:
    assert shared.ids("/services", **params) == expected


def test_structures_are_filtered(shared: Played) -> None:
    assert shared.ids("/structures", reseaux_porteurs="mission-locale") == ["structure-1"]
    assert shared.ids("/structures", code_departement="75") == ["structure-2"]
    assert shared.ids("/structures", sources=["dora", "soliguide"]) == ["structure-1", "structure-2"]
    assert shared.ids("/structures", reseaux_porteurs="afpa") == []


def test_a_search_around_a_commune_is_the_hub_s_in_their_order(played: Played) -> None:
    played.hub.near = {"soliguide--service-2": 1.2, "dora--service-1": 39.4, "dora--service-3": 2.6}
    params = {"code_commune": LILLE, "publics": ["jeunes"], "thematiques": "mobilite", "sources": "dora"}

    page = played.page("/search/services", **params)

    assert [(item["service"]["id"], item["distance"]) for item in page["items"]] == [
        ("dora--service-3", 3),
        ("dora--service-1", 39),
        ("soliguide--service-2", None),
    ]
    assert (page["total"], page["pages"]) == (3, 1)
    assert set(page["items"][0]["service"]) == {*SERVICE, "structure"}
    Service.model_validate(page["items"][0]["service"])
    path, asked = played.hub.asked[-1]
    assert (path, asked["code_commune"], asked["publics"], asked["sources"]) == (
        "/v1/offres/services",
        LILLE,
        "jeunes,tous-publics",
        "dora",
    )
    assert set(asked["thematiques"].split(",")) == {code.value for code in Thematique if code.startswith("mobilite--")}


def test_the_pages_of_a_search_are_of_one_list_for_five_minutes(played: Played) -> None:
    played.hub.near = {f"dora--service-{number}": float(number) for number in (1, 3)}
    first = played.page("/search/services", code_commune=LILLE, size=1)
    played.hub.near = {}

    second = played.page("/search/services", code_commune=LILLE, size=1, page=2)
    played.clock[0] += timedelta(minutes=6)
    later = played.page("/search/services", code_commune=LILLE, size=1)

    assert [page["items"][0]["service"]["id"] for page in (first, second)] == ["dora--service-1", "dora--service-3"]
    assert (first["total"], first["pages"], later["total"]) == (2, 2, 0)


def test_a_long_search_is_read_to_its_end(played: Played) -> None:
    for number in range(10, 20):
        played.hub.publish(service(number))
    played.follow()
    played.hub.near = {f"dora--service-{number}": 5.0 for number in range(10, 20)}

    page = played.page("/search/services", code_commune=LILLE, score_qualite_minimum=0.1)

    assert page["total"] == 10
    assert played.page("/search/services", code_commune=LILLE, score_qualite_minimum=1)["total"] == 0


def test_a_point_moves_the_centre_and_asks_for_nothing_without_a_commune(played: Played) -> None:
    played.page("/search/services", code_commune=LILLE, lat=50.7262, lon=0)
    around = played.hub.asked[-1][1]
    asked = len(played.hub.asked)

    everywhere = played.page("/search/services", lat=48.0, lon=0.2)

    assert (around["lat"], around["lon"]) == ("50.7262", "0.0")
    assert everywhere["total"] == 3
    assert [item["distance"] for item in everywhere["items"]] == [None] * 3
    assert len(played.hub.asked) == asked


@pytest.mark.parametrize("params", [{"lat": 48.0}, {"lon": 0.2, "code_commune": LILLE}])
def test_half_a_point_is_refused_in_their_words(shared: Played, params: dict[str, Any]) -> None:
    answer = shared.get("/search/services", **params)

    assert (answer.status_code, answer.json()) == (
        422,
        {"detail": "The `lat` and `lon` must be simultaneously filled."},
    )


def test_a_commune_that_is_none_is_refused_in_their_words(played: Played) -> None:
    played.hub.refusal = lambda path, _: refusal(422, "code_commune", "commune-inconnue")

    answer = played.get("/search/services", code_commune="59999")

    assert (answer.status_code, answer.json()) == (422, {"detail": "This `code_commune` does not exist."})


@pytest.mark.parametrize(
    ("path", "params", "kind", "where"),
    [
        ("/services", {"size": 10_001}, "less_than_equal", ["query", "size"]),
        ("/structures", {"page": 0}, "greater_than_equal", ["query", "page"]),
        ("/services", {"types": "autre"}, "enum", ["query", "types", 0]),
        ("/services", {"thematiques": "autre"}, "enum", ["query", "thematiques", 0]),
        ("/services", {"code_departement": "69M"}, "enum", ["query", "code_departement"]),
        ("/search/services", {"code_commune": "5935"}, "string_too_short", ["query", "code_commune"]),
        ("/search/services", {"lat": "nord"}, "float_parsing", ["query", "lat"]),
        ("/search/services", {"recherche_public": "jeune"}, "value_error", ["query", "recherche_public"]),
        ("/services", {"recherche_public": "jeune"}, "value_error", ["query", "recherche_public"]),
        ("/structures", {"exclure_doublons": "true"}, "value_error", ["query", "exclure_doublons"]),
        ("/search/services", {"exclure_doublons": "true"}, "value_error", ["query", "exclure_doublons"]),
    ],
)
def test_what_cannot_be_answered_is_refused_as_fastapi_does(
    shared: Played, path: str, params: dict[str, Any], kind: str, where: list[Any]
) -> None:
    answer = shared.get(path, **params)

    [fault] = answer.json()["detail"]
    assert (answer.status_code, fault["type"], fault["loc"]) == (422, kind, where)
    assert {"msg", "input"} <= set(fault)


def test_a_mandate_may_say_that_duplicates_are_given_all_the_same(tmp_path: Path) -> None:
    played = Played(tmp_path / "di", Offres(structure(1), service(1)), exclure_doublons="ignorer").follow()

    assert played.page("/search/services", exclure_doublons="true")["total"] == 1


@pytest.mark.parametrize("path", ["/structures/", "/services", "/services/dora--service-1", "/search/services"])
def test_without_the_token_of_the_mandate_nothing_is_told(shared: Played, path: str) -> None:
    without = asyncio.run(shared.ask(path, {"size": "x"}, token=None))
    wrong = asyncio.run(shared.ask(path, {}, token=new_token()))

    assert (without.status_code, without.json()) == (401, {"detail": "Not authenticated"})
    assert (wrong.status_code, wrong.json()) == (401, {"detail": "Unauthorized"})
    assert "www-authenticate" in wrong.headers


def test_sources_are_those_of_the_catalogue_under_the_names_of_the_mandate(tmp_path: Path) -> None:
    hub = Offres(structure(1), structure(2, source="soliguide", id="soliguide--2"))
    played = Played(tmp_path / "di", hub, sources={"dora": {"nom": "DORA"}}).follow()

    assert played.get("/sources").json() == [
        {"slug": "dora", "nom": "DORA", "description": None},
        {"slug": "soliguide", "nom": "soliguide", "description": None},
    ]


def test_extra_is_there_when_it_is_asked_for(shared: Played) -> None:
    assert shared.page("/services", extra="true")["items"][0]["extra"] is None


def test_what_the_hub_refuses_to_the_partner_is_refused_here(played: Played) -> None:
    played.hub.refusal = lambda _, __: refusal(403)
    played.follow()
    refused = played.get("/services")
    played.hub.refusal = lambda _, __: None
    played.follow()

    assert (refused.status_code, refused.json()) == (403, {"detail": "Forbidden"})
    assert played.get("/services").status_code == 200


def test_a_search_that_the_hub_refuses_or_does_not_answer_says_so(played: Played) -> None:
    played.hub.refusal = lambda _, __: refusal(403)
    refused = played.get("/search/services", code_commune=LILLE)
    played.hub.refusal = lambda _, __: HubUnreachable("Le relais ne répond pas.")
    silent = played.get("/search/services", code_commune=LILLE)
    played.hub.refusal = lambda _, __: QuotaReached(7)
    full = played.get("/search/services", code_commune=LILLE)
    played.hub.refusal = lambda _, __: refusal(422, "code_commune", "commune-sans-centre")
    other = played.get("/search/services", code_commune=LILLE)

    assert (refused.status_code, refused.json()) == (403, {"detail": "Forbidden"})
    assert (silent.status_code, silent.json()) == (503, {"detail": "Service Unavailable"})
    assert (full.status_code, full.headers["Retry-After"]) == (429, "7")
    assert other.json()["detail"][0]["loc"] == ["query", "code_commune"]


def test_a_copy_that_nobody_confirmed_is_not_shown(tmp_path: Path) -> None:
    played = Played(tmp_path / "di", Offres(structure(1), service(1)))
    before = played.get("/services")
    played.follow()
    played.clock[0] += timedelta(minutes=11)

    late = played.get("/services")

    assert (before.status_code, late.status_code) == (503, 503)
    assert played.follow().get("/services").status_code == 200


def test_the_catalogue_is_followed_and_its_reading_goes_on_where_it_was(played: Played) -> None:
    played.hub.publish(service(1, nom="Garage associatif"))
    played.hub.withdraw("service", "dora--service-3")
    played.hub.asked.clear()

    again = Played(played.context.folder, played.hub).follow()

    assert [asked["apres"] for _, asked in played.hub.asked] == ["c5"]
    assert [item["nom"] for item in again.page("/services", sources="dora")["items"]] == ["Garage associatif"]


def test_a_position_of_another_hub_is_forgotten_and_the_catalogue_read_again(played: Played) -> None:
    played.hub.changes = played.hub.changes[:1]
    played.hub.refusal = lambda _, asked: refusal(422, "apres") if asked.get("apres") == "c5" else None

    played.follow()

    assert (played.ids("/structures"), played.ids("/services")) == (["structure-1"], [])


def test_each_exchange_has_its_line_and_its_trace(played: Played) -> None:
    played.hub.near = {"dora--service-1": 1.0}
    played.page("/search/services", code_commune=LILLE)

    last, first = asyncio.run(played.context.journal.last())

    assert (first.sens, first.nature, first.compte) == ("entrant", "catalogue", {"publication": 5})
    assert (last.sens, last.nature, last.etat, last.compte) == ("sortant", "recherche", "fait", {"rendu": 1})
    headers = played.hub.headers[-1]
    assert headers is not None
    assert headers["traceparent"].split("-")[1] == last.trace


def test_a_dry_run_reads_and_keeps_nothing(tmp_path: Path) -> None:
    played = Played(tmp_path / "di", Offres(structure(1), service(1)))

    async def told() -> list[str]:
        return [line async for line in try_out(played.context, None)]

    lines = asyncio.run(told())

    assert lines == ["Catalogue lu : 1 structure(s), 1 service(s)."]
    assert played.catalogue.reading().curseur is None


def test_every_departement_is_in_one_region_and_has_one_slug() -> None:
    of_regions = [code for _, codes in REGIONS.values() for code in codes]

    assert sorted(of_regions) == sorted(DEPARTEMENTS)
    assert len(set(DEPARTEMENTS.values())) == len(DEPARTEMENTS) == 101
    assert (DEPARTEMENTS["21"], DEPARTEMENTS["69"], REGIONS["93"][0]) == (
        "cote-d-or",
        "rhone",
        "provence-alpes-cote-d-azur",
    )


def test_every_code_of_theirs_may_be_asked_for(shared: Played) -> None:
    codes = {
        "thematiques": [code.value for code in (*Thematique, *Categorie)],
        "publics": [code.value for code in Public],
        "types": [code.value for code in TypeService],
        "frais": [code.value for code in Frais],
        "modes_accueil": [code.value for code in ModeAccueil],
    }

    assert shared.get("/services", **codes).status_code == 200
    assert shared.get("/structures", reseaux_porteurs=[code.value for code in ReseauPorteur]).status_code == 200
