"""`/v1/offres/…` with the service behind: what it asks for, what it refuses, and lists that an import does not move."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from chassis.database import Pool
from gateway import partners
from gateway.inbound.reading.bookmarks import Bookmarks
from gateway.inbound.reading.offres import Offres
from gateway.inbound.reading.sight import Sight
from gateway.inbound.request.call import Handler
from gateway.inbound.request.door import Door, Guarded
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from relais_contrats.v1.vues_offre import (
    VueChangements,
    VueOffreDuTerritoire,
    VuePageServices,
    VuePageStructures,
    VueService,
    VueStructure,
)
from services import service as services_service
from services.offres.app import SERVICE
from services.offres.importer import passage
from tests.engines import Bench
from tests.offres.annonces import LILLE, service, structure
from tests.offres.catalogues import Catalogue
from tests.passerelle.outgoing import KEY, until
from tests.passerelle.partner_api import OpenDoor, api, as_partner
from tests.securite.oauth.partenaire import cle_es256

pytestmark = pytest.mark.anyio
CD, ML = as_partner("cd-59"), as_partner("ml-lille")
SECRET = "zz-a-ne-pas-redire"
SERVICES, CHANGES = "/v1/offres/services", "/v1/offres/changements"


class ScopedDoor(OpenDoor):
    """Lets in whoever the header names, with the scopes that the header `portees` gives; all of them without it."""

    def guard(self, scope: str, handler: Handler, *, changes: bool = False, own_books: bool = False) -> Guarded:
        opened = super().guard(scope, handler, changes=changes, own_books=own_books)

        async def endpoint(request: Request) -> Response:
            held = request.headers.get("portees")
            return await opened.respond(request) if held is None or scope in held.split() else Response(status_code=403)

        return Guarded(endpoint)


async def known(pool: Pool) -> Annuaire:
    """Two partners of the Nord."""
    key = cle_es256()
    async with pool.acquire() as conn:
        for code, kind in (("cd-59", "departement"), ("ml-lille", "mission-locale")):
            await partners.creer(
                conn,
                code=code,
                type_organisme=kind,
                nom=code,
                departements=["59"],
                structures=[],
                conventions=[{"finalite": "pilotage", "fin": None}],
                scopes=[],
                jwk={**key.jwk, "kid": code, "alg": key.alg},
            )
    annuaire = Annuaire(pool)
    await annuaire.reload()
    return annuaire


@pytest.fixture
async def offre(banc: Bench, tmp_path: Path) -> Catalogue:
    return Catalogue(await banc.pool("offres"), tmp_path)


@pytest.fixture
async def client(banc: Bench) -> AsyncIterator[httpx.AsyncClient]:
    await services_service.connect(SERVICE, await banc.process("offres", "offres"))
    entrant = await banc.process("entrant", "passerelle")
    sight = Sight(entrant.pool, entrant.bus, Pseudonyms(KEY))
    door: Door = ScopedDoor(await known(entrant.pool))
    async with api(Offres(sight, Bookmarks(KEY)).routes(door)) as one:
        yield one


async def pages(client: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    """Every page of a list of services."""
    read = [(await client.get(path, headers=CD, params=params)).json()]
    while read[-1]["suite"]:
        answer = await client.get(path, headers=CD, params={**params, "apres": read[-1]["suite"]})
        assert answer.status_code == 200, answer.text
        read.append(answer.json())
    return read


async def mirror(client: httpx.AsyncClient, copy: dict[str, Any], cursor: str | None, limit: int = 3) -> str:
    """Apply the changes since the cursor to a partner's copy; where to come back."""
    remains = True
    while remains:
        params = {"limite": limit} | ({"apres": cursor} if cursor else {})
        told = (await client.get(CHANGES, headers=CD, params=params)).json()
        VueChangements.model_validate(told)
        for change in told["changements"]:
            if change["nature"] == "retrait":
                copy.pop(change["id"], None)
            else:
                copy[change["id"]] = change["donnees"]
        cursor, remains = told["curseur"], told["reste"]
    assert cursor
    return cursor


async def test_each_read_asks_for_its_scope(client: httpx.AsyncClient, offre: Catalogue) -> None:
    await offre.publier(structure(), service())
    structures = "/v1/offres/structures"
    paths = [SERVICES, f"{SERVICES}/dora--service-1", structures, f"{structures}/dora--structure-1", CHANGES]
    statistics = "/v1/statistiques/offres?departement=59"

    def read(held: str, paths: list[str]) -> list[Awaitable[httpx.Response]]:
        return [client.get(path, headers={**CD, "portees": held}) for path in paths]

    allowed = await asyncio.gather(*read("offres:lire", paths), *read("pilotage:lire", [statistics]))
    refused = await asyncio.gather(*read("pilotage:lire parcours:lire", paths), *read("offres:lire", [statistics]))

    assert [one.status_code for one in allowed] == [200] * 6
    assert [one.status_code for one in refused] == [403] * 6


async def test_what_is_answered_is_what_the_contract_describes(client: httpx.AsyncClient, offre: Catalogue) -> None:
    twin: dict[str, Any] = {"siret": "13003013300016"}
    await offre.publier(structure(**twin), structure(2, **twin), service(), service(2, modes_accueil=["a-distance"]))
    near = {"code_commune": LILLE, "facettes": "thematiques,types", "q": "garage"}

    answers = {
        model: (await client.get(path, headers=CD, params=params)).json()
        for model, path, params in (
            (VuePageServices, SERVICES, near),
            (VueService, f"{SERVICES}/dora--service-1", {}),
            (VuePageStructures, "/v1/offres/structures", {"departement": "59"}),
            (VueStructure, "/v1/offres/structures/dora--structure-2", {}),
            (VueChangements, CHANGES, {}),
            (VueOffreDuTerritoire, "/v1/statistiques/offres", {"departement": "59"}),
        )
    }

    for model, answer in answers.items():
        model.model_validate(answer)
    assert answers[VueOffreDuTerritoire]["catalogue"]["services"] == 2


async def test_a_reader_that_holds_the_page_gets_a_304_until_the_catalogue_changes(
    client: httpx.AsyncClient, offre: Catalogue
) -> None:
    await offre.publier(structure(), service())
    etag = (await client.get(SERVICES, headers=CD)).headers["etag"]

    again = await client.get(SERVICES, headers={**CD, "If-None-Match": etag})
    await offre.publier(service(nom="Garage associatif"))
    changed = await client.get(SERVICES, headers={**CD, "If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, changed.json()["services"][0]["nom"]) == (200, "Garage associatif")


async def test_the_unknown_and_the_withdrawn_are_told_apart(client: httpx.AsyncClient, offre: Catalogue) -> None:
    await offre.publier(structure(), structure(2), service())
    await offre.retirer("dora--service-1", raison="Fermé pour travaux.")
    await offre.retirer("dora--structure-2", "structure", "Fusion.")

    unknown = await client.get(f"{SERVICES}/dora--inconnu/de/tous", headers=CD)
    closed = await client.get(f"{SERVICES}/dora--service-1", headers=CD)
    merged = await client.get("/v1/offres/structures/dora--structure-2", headers=CD)

    assert (unknown.status_code, unknown.json()["code"]) == (404, "inconnu")
    assert [(one.status_code, one.json()["code"]) for one in (closed, merged)] == [(410, "retire")] * 2
    assert closed.json()["retrait"] == {"date": "2026-10-02", "raison": "Fermé pour travaux."}
    assert merged.json()["retrait"] == {"date": "2026-10-02", "raison": "Fusion."}


async def test_a_list_read_during_an_import_has_no_gap_and_no_duplicate(
    client: httpx.AsyncClient, offre: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passage, "_BLOC", 20)
    await offre.publier(structure(), *(service(n) for n in range(1, 41)))
    kept = [service(n, nom=f"Garage {n} rouvert") for n in range(1, 36)]
    file = offre.fichier([structure(), *kept, *(service(n) for n in range(100, 400))])
    at_first = (await client.get(SERVICES, headers=CD, params={"limite": 100})).json()

    async def has_begun() -> bool:
        return bool(await offre.valeur("SELECT version FROM catalogue") > at_first["version"])

    async with asyncio.TaskGroup() as tasks:
        read = [(await client.get(SERVICES, headers=CD, params={"limite": 3})).json()]
        imported = tasks.create_task(offre.importer(file))
        await until(has_begun, 20)
        while suite := read[-1]["suite"]:
            read.append((await client.get(SERVICES, headers=CD, params={"limite": 3, "apres": suite})).json())
    now = await pages(client, SERVICES, limite=100)

    assert imported.result().service.publiees == 335
    assert [one for page in read for one in page["services"]] == at_first["services"]
    assert {page["version"] for page in read} == {at_first["version"]}
    assert len({one["id"] for page in now for one in page["services"]}) == 335


async def test_a_cursor_is_good_for_its_partner_and_its_question_only(
    client: httpx.AsyncClient, offre: Catalogue
) -> None:
    await offre.publier(structure(), service(), service(2))
    question: dict[str, Any] = {"limite": 1, "modes_accueil": "en-presentiel"}
    suite = (await client.get(SERVICES, headers=CD, params=question)).json()["suite"]
    tried = {"apres": suite, **question}

    own = await client.get(SERVICES, headers=CD, params={**tried, "facettes": "types"})
    refused = [
        await client.get(SERVICES, headers=ML, params=tried),
        await client.get(SERVICES, headers=CD, params={**tried, "modes_accueil": "a-distance"}),
        await client.get(SERVICES, headers=CD, params={**tried, "apres": suite[:-6] + "AAAAAA"}),
        await client.get(CHANGES, headers=CD, params={"apres": suite}),
    ]

    assert [one["id"] for one in own.json()["services"]] == ["dora--service-2"]
    assert {(one.status_code, one.json()["erreurs"][0]["pointeur"]) for one in refused} == {(422, "apres")}


async def test_a_wrong_parameter_is_named_and_its_value_not_repeated(client: httpx.AsyncClient) -> None:
    wrong: list[tuple[dict[str, str], str]] = [
        ({"lat": "50.6"}, "lon"),
        ({"lat": SECRET, "lon": "3"}, "lat"),
        ({"lat": "91", "lon": "3"}, "lat"),
        ({"lat": "9e1000", "lon": "3"}, "lat"),
        ({"lat": "inf", "lon": "3"}, "lat"),
        ({"lat": "5.96e-08", "lon": "-3.0", "rayon_km": "3e2"}, "rayon_km"),
        ({"rayon_km": "5"}, "rayon_km"),
        ({"code_commune": LILLE, "rayon_km": "500"}, "rayon_km"),
        ({"code_commune": SECRET}, "code_commune"),
        ({"thematiques": f"mobilite,{SECRET}"}, "thematiques"),
        ({"facettes": SECRET}, "facettes"),
        ({"maj_depuis": SECRET}, "maj_depuis"),
        ({"limite": "0"}, "limite"),
        ({"q": "de la"}, "q"),
        ({SECRET: "1"}, ""),
    ]

    answers = [await client.get(SERVICES, headers=CD, params=params) for params, _ in wrong]

    assert {answer.status_code for answer in answers} <= {400, 422}
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
    assert [answer.json()["erreurs"][0]["pointeur"] for answer in answers] == [pointer for _, pointer in wrong]
    assert [answer.text for answer in answers if SECRET in answer.text] == []


async def test_facets_count_the_whole_list(client: httpx.AsyncClient, offre: Catalogue) -> None:
    several = [service(n, type="atelier" if n % 2 else "formation", frais="gratuit") for n in range(1, 8)]
    await offre.publier(structure(), *several)

    told = (await client.get(SERVICES, headers=CD, params={"limite": 1, "facettes": "types,frais"})).json()

    assert (len(told["services"]), told["total"]) == (1, 7)
    assert told["facettes"] == {"types": {"atelier": 4, "formation": 3}, "frais": {"gratuit": 7}}


async def test_the_changes_make_a_copy_of_the_catalogue_at_any_time(
    client: httpx.AsyncClient, offre: Catalogue
) -> None:
    copy: dict[str, Any] = {}
    await offre.publier(structure(), structure(2), *(service(n) for n in range(1, 9)))
    cursor = await mirror(client, copy, None)
    at_first = set(copy)

    await offre.publier(service(3, nom="Garage associatif"), service(9, structure_id="dora--structure-2"))
    await offre.retirer("dora--service-5")
    await offre.retirer("dora--structure-2", "structure")
    cursor = await mirror(client, copy, cursor)
    await offre.retirer("dora--service-6")
    await offre.publier(service(5))
    await mirror(client, copy, cursor)

    alive = [one for page in await pages(client, SERVICES, limite=2) for one in page["services"]]
    alive = [{name: value for name, value in one.items() if name != "score_qualite"} for one in alive]
    [told] = await pages(client, "/v1/offres/structures")
    assert len(at_first) == 10
    assert copy == {one["id"]: one for one in [*alive, *told["structures"]]}
    assert copy["dora--service-3"]["nom"] == "Garage associatif"
    assert {"dora--service-6", "dora--service-9", "dora--structure-2"}.isdisjoint(copy)


async def test_the_statistics_are_those_of_a_departement_of_the_convention(
    client: httpx.AsyncClient, offre: Catalogue
) -> None:
    await offre.publier(structure(), service(date_maj="2020-01-01"), service(2))

    own = await client.get("/v1/statistiques/offres", headers=CD, params={"departement": "59"})
    elsewhere = await client.get("/v1/statistiques/offres", headers=CD, params={"departement": "62"})
    nowhere = await client.get("/v1/statistiques/offres", headers=CD)

    assert (own.json()["catalogue"]["services"], own.json()["catalogue"]["perimes"]) == (2, 1)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "hors-territoire")
    assert (nowhere.status_code, nowhere.json()["erreurs"][0]["pointeur"]) == (422, "departement")
