"""The search: places, zones, filters, text, order; and pages that no change disturbs."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from services.offres.domain import lieu
from services.offres.domain.fiche import maille, maille_fine, sur_la_sphere
from services.offres.lieux import communes
from services.offres.store import catalogue
from tests.offres.annonces import ARRAS, LILLE, PARIS, ROUBAIX, service, structure
from tests.offres.catalogues import INSTANT, Catalogue

pytestmark = pytest.mark.anyio

A_ARRAS = {"code_insee": ARRAS, "latitude": 50.2910, "longitude": 2.7775}
A_ROUBAIX = {"code_insee": ROUBAIX, "latitude": 50.6942, "longitude": 3.1746}
A_PARIS = {"code_insee": PARIS, "latitude": 48.8534, "longitude": 2.3488}


async def test_the_nearest_come_first_and_those_out_of_the_radius_not_at_all(offre: Catalogue) -> None:
    await offre.publier(structure(), service(1, **A_ARRAS), service(2, **A_PARIS), service(3, **A_ROUBAIX), service(4))

    trouves = await offre.lire("services", code_commune=LILLE)

    assert [(un["id"], un["distance_km"]) for un in trouves["services"]] == [
        ("dora--service-4", 0.0),
        ("dora--service-3", 10.8),
        ("dora--service-1", 42.9),
    ]
    assert trouves["lieu"]["centre"] == "geonames"


async def test_a_service_that_says_only_its_commune_is_found_at_its_centre_and_says_so(offre: Catalogue) -> None:
    sans = {"latitude": None, "longitude": None}
    await offre.publier(
        structure(),
        service(1, code_insee=LILLE, **sans),
        service(2, code_insee=ROUBAIX, latitude=0, longitude=0),
        service(3, code_insee=None, **sans),
        service(4, **sans, modes_accueil=["a-distance"], zone_eligibilite=["75"]),
        service(5),
    )

    trouves = {un["id"][-1]: un for un in (await offre.lire("services", code_commune=LILLE))["services"]}
    seul = await offre.lire("service", id="dora--service-1")

    assert set(trouves) == {"1", "2", "5"}
    assert trouves["1"]["localisation"] == trouves["2"]["localisation"] == seul["localisation"]
    assert trouves["1"]["localisation"] == "centre-de-la-commune"
    assert "localisation" not in trouves["5"]
    assert trouves["1"]["distance_km"] < 1
    assert trouves["2"]["distance_km"] > 8


@pytest.mark.parametrize("publie", ["97127", "97801"])
@pytest.mark.parametrize("cherche", ["97127", "97801"])
async def test_a_former_code_is_published_and_found_as_todays(offre: Catalogue, publie: str, cherche: str) -> None:
    sans = {"latitude": None, "longitude": None}
    await offre.publier(structure(code_insee=publie), service(1, code_insee=publie, **sans))

    structures = await offre.lire("structures", code_commune=cherche)

    assert await offre.chercher(code_commune=cherche) == ["dora--service-1"]
    assert [une["id"] for une in structures["structures"]] == ["dora--structure-1"]
    assert await offre.valeur("SELECT departement FROM services") == "978"


async def test_a_former_zone_takes_in_who_lives_there_today(offre: Catalogue) -> None:
    ici = {"code_insee": "18279", "latitude": 47.22, "longitude": 2.07}
    zones: list[Any] = [["200033207"], ["59"], ["18279"]]
    await offre.publier(structure(), *(service(n, **ici, zone_eligibilite=zone) for n, zone in enumerate(zones)))

    assert sorted(await offre.chercher(code_commune="18279")) == ["dora--service-0", "dora--service-2"]


async def test_a_point_and_a_radius(offre: Catalogue) -> None:
    await offre.publier(structure(), service(1, **A_ARRAS), service(2, **A_ROUBAIX))

    assert await offre.chercher(lat=50.70, lon=3.17, rayon_km=5) == ["dora--service-2"]


async def test_who_lives_outside_the_zone_is_not_shown_the_service(offre: Catalogue) -> None:
    zones: list[Any] = [["59"], ["59350"], ["200093201"], ["france"], ["99100"], None, ["62"], ["59512"]]
    await offre.publier(structure(), *(service(n, zone_eligibilite=zone) for n, zone in enumerate(zones)))

    trouves = await offre.chercher(code_commune=LILLE)

    assert sorted(trouves) == [f"dora--service-{n}" for n in range(6)]


async def test_services_at_a_distance_follow_from_anywhere_when_they_take_in_the_person(offre: Catalogue) -> None:
    loin = {**A_PARIS, "modes_accueil": ["a-distance"]}
    await offre.publier(
        structure(),
        service(1, **loin, zone_eligibilite=["france"], date_maj="2026-08-01"),
        service(2, **loin, zone_eligibilite=["75"]),
        service(3, **loin, date_maj="2026-09-15"),
        service(4),
    )

    trouves = (await offre.lire("services", code_commune=LILLE))["services"]

    assert [un["id"] for un in trouves] == ["dora--service-4", "dora--service-3", "dora--service-1"]
    assert "distance_km" not in trouves[1]


async def test_a_service_at_a_distance_only_is_nowhere_near(offre: Catalogue) -> None:
    await offre.publier(
        structure(), service(1, modes_accueil=["a-distance"]), service(2, modes_accueil=["a-distance", "en-presentiel"])
    )

    trouves = (await offre.lire("services", code_commune=LILLE))["services"]

    assert [un["id"] for un in trouves] == ["dora--service-2", "dora--service-1"]
    assert [un.get("distance_km") for un in trouves] == [0.0, None]


@pytest.mark.parametrize(
    ("filtre", "attendus"),
    [
        ({"thematiques": ["mobilite"]}, [1]),
        ({"thematiques": ["mobilite--preparer-un-permis", "logement-hebergement"]}, [2]),
        ({"types": ["atelier"]}, [2]),
        ({"publics": ["jeunes"]}, [1, 2]),
        ({"publics": ["seniors"]}, [1]),
        ({"frais": ["gratuit"]}, [2]),
        ({"modes_accueil": ["a-distance"]}, [2]),
        ({"sources": ["soliguide"]}, []),
        ({"maj_depuis": "2026-06-01"}, [1]),
        ({"types": ["atelier"], "frais": ["payant"]}, []),
    ],
)
async def test_each_filter(offre: Catalogue, filtre: dict[str, Any], attendus: list[int]) -> None:
    await offre.publier(
        structure(),
        service(1, publics=["tous-publics"], frais="payant", date_maj="2026-06-01"),
        service(
            2,
            thematiques=["logement-hebergement--se-maintenir-dans-le-logement"],
            type="atelier",
            publics=["jeunes", "femmes"],
            frais="gratuit",
            modes_accueil=["a-distance"],
            date_maj="2026-05-31",
        ),
    )

    assert await offre.chercher(code_commune=LILLE, **filtre) == [f"dora--service-{n}" for n in attendus]


@pytest.mark.parametrize("q", ["mobilités", "MOBILITE solidaires", "mobilté", "la mobilité", "garage"])
async def test_accents_plurals_and_mistakes_in_names_are_understood(offre: Catalogue, q: str) -> None:
    await offre.publier(
        structure(),
        service(1, nom="Garage solidaire : mobilité"),
        service(2, nom="Épicerie", description="Des produits frais à petit prix."),
    )

    assert await offre.chercher(q=q) == ["dora--service-1"]


async def test_a_name_weighs_more_than_a_description(offre: Catalogue) -> None:
    await offre.publier(
        structure(),
        service(1, nom="Accompagnement", description="Un atelier de couture, chaque semaine."),
        service(2, nom="Atelier de couture", description="Apprendre à coudre, à son rythme."),
    )

    assert await offre.chercher(q="couture", code_commune=LILLE) == ["dora--service-2", "dora--service-1"]


THEMES = ("mobilite--acceder-a-un-vehicule", "mobilite--preparer-un-permis", "sante--acces-aux-soins")


def _au_hasard(chance: random.Random, numero: int) -> dict[str, Any]:
    """Within 70 km of Lille, a third of them nowhere, a third at a distance only, a third both; no two at one distance
    nor of one day."""
    lieu = {"latitude": 50.63 + chance.uniform(-0.6, 0.6), "longitude": 3.06 + chance.uniform(-0.9, 0.9)}
    return service(
        numero,
        **(lieu if numero % 3 else {"latitude": None, "longitude": None, "code_insee": None}),
        thematiques=chance.sample(THEMES, chance.choice((0, 1, 2))),
        modes_accueil=chance.choice((["en-presentiel"], ["a-distance"], ["a-distance", "en-presentiel"])),
        zone_eligibilite=chance.choice((["59"], ["62"], ["59", "france"], None)),
        frais="gratuit",
        date_maj=str(date(2026, 9, 1) - timedelta(days=numero)),
    )


def _attendus(fiches: Sequence[dict[str, Any]], thematiques: Sequence[str]) -> list[str]:
    """What a search around Lille must find: every record looked at."""
    lille = communes()[LILLE]
    assert lille.centre
    pres, loin = [], []
    for fiche in fiches:
        themes = {*fiche["thematiques"], *(un.partition("--")[0] for un in fiche["thematiques"])}
        if (thematiques and themes.isdisjoint(thematiques)) or not set(lille.zones) & set(
            fiche["zone_eligibilite"] or [""]
        ):
            continue
        ecart = 9.0
        if fiche["latitude"] and fiche["modes_accueil"] != ["a-distance"]:
            places = sur_la_sphere(*lille.centre), sur_la_sphere(fiche["latitude"], fiche["longitude"])
            ecart = sum((a - b) ** 2 for a, b in zip(*places, strict=True))
        if ecart <= lieu.corde2(50):
            pres.append((ecart, fiche["id"]))
        elif "a-distance" in fiche["modes_accueil"]:
            loin.append((fiche["date_maj"], fiche["id"]))
    return [id_ for _, id_ in sorted(pres)] + [id_ for _, id_ in sorted(loin, reverse=True)]


@pytest.mark.parametrize("thematiques", [[], ["mobilite"], [THEMES[2]], [THEMES[0], THEMES[2]]], ids=str)
async def test_a_search_finds_what_a_look_at_every_record_finds(offre: Catalogue, thematiques: list[str]) -> None:
    chance = random.Random(12)  # noqa: S311
    fiches = [_au_hasard(chance, numero) for numero in range(1, 150)]
    question: dict[str, Any] = {"code_commune": LILLE, "thematiques": thematiques, "limite": 100}
    await offre.publier(structure(), *fiches)

    trouves = await offre.chercher(**question)
    par_l_autre_index = await offre.chercher(**question, frais=["gratuit"])

    assert trouves == par_l_autre_index == _attendus(fiches, thematiques)[:100]
    assert len(trouves) >= 20


async def test_what_no_cursor_asks_for_any_more_leaves_every_index(offre: Catalogue) -> None:
    await offre.publier(structure(), service(1, modes_accueil=["a-distance", "en-presentiel"]), service(2))
    await offre.publier(service(1, nom="Garage"))
    await offre.retirer("dora--service-2")

    avant = await offre.valeur("SELECT (SELECT count(*) FROM reperes) * 100 + (SELECT count(*) FROM distants)")
    async with offre.pool.acquire() as conn, conn.transaction():
        await catalogue.purger(conn, INSTANT + timedelta(hours=26))
    apres = await offre.valeur("SELECT (SELECT count(*) FROM reperes) * 100 + (SELECT count(*) FROM distants)")

    # Three versions of services, then one; each under '' and its thématique.
    assert (avant, apres) == (602, 200)


async def test_facets_count_the_whole_list(offre: Catalogue) -> None:
    await offre.publier(
        structure(), service(1, type="atelier"), service(2, type="atelier"), service(3, type="formation", **A_PARIS)
    )

    trouves = await offre.lire("services", code_commune=LILLE, facettes=["types", "thematiques"], limite=1)

    assert trouves["total"] == 2
    assert trouves["facettes"] == {
        "types": {"atelier": 2},
        "thematiques": {"mobilite--entretenir-reparer-son-vehicule": 2},
    }


@pytest.mark.parametrize(
    ("demande", "code"),
    [
        ({"code_commune": "59999"}, "commune-inconnue"),
        ({"code_commune": "98818"}, "commune-sans-centre"),
        ({"q": "de la"}, "schema-invalide"),
    ],
)
async def test_what_cannot_be_answered_is_said(offre: Catalogue, demande: dict[str, Any], code: str) -> None:
    assert (await offre.lire("services", **demande))["erreur"]["code"] == code


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"code_commune": LILLE},
    {"lat": 50.6, "lon": 3.0, "rayon_km": 30},
    {"code_commune": LILLE, "q": "garage"},
    {"q": "garage"},
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
async def test_pages_have_no_gap_and_no_repeat_while_the_catalogue_changes(
    offre: Catalogue, question: dict[str, Any]
) -> None:
    chance = random.Random(1)  # noqa: S311
    fiches = [
        service(
            n,
            latitude=50.6 + chance.uniform(-0.3, 0.3) * (n % 3),
            longitude=3.0 + chance.uniform(-0.3, 0.3) * (n % 3),
            modes_accueil=[chance.choice(["en-presentiel", "a-distance"])],
        )
        for n in range(60)
    ]
    await offre.publier(structure(), *fiches)
    attendus = await offre.chercher(**question, limite=100)

    lus: list[str] = []
    apres = None
    while True:
        page = await offre.lire("services", **question, limite=7, apres=apres)
        lus += [un["id"] for un in page["services"]]
        apres = page["suite"]
        if apres is None:
            break
        tour = len(lus)
        await offre.publier(
            service(1_000 + tour),
            *({**fiche, "nom": f"Garage {tour}", "latitude": 50.9} for fiche in chance.sample(fiches, 20)),
        )
        await offre.retirer(f"dora--service-{tour % 60}")

    assert lus == attendus
    assert len(attendus) >= 20


async def test_a_list_that_is_no_longer_kept_says_so(offre: Catalogue) -> None:
    await offre.publier(structure(), service(1), service(2))
    suite = (await offre.lire("services", limite=1))["suite"]
    await offre.publier(service(3), instant=INSTANT + timedelta(hours=1))
    async with offre.pool.acquire() as conn, conn.transaction():
        await catalogue.purger(conn, INSTANT + timedelta(hours=26))

    assert (await offre.lire("services", apres=suite))["erreur"]["code"] == "curseur-perime"


async def _suivre(offre: Catalogue, miroir: dict[str, Any], apres: Any, limite: int) -> Any:
    """Apply the changes to a mirror until there is none left."""
    while True:
        lus = await offre.lire("changements", apres=apres, limite=limite)
        for change in lus["changements"]:
            if change["nature"] == "retrait":
                miroir.pop(change["id"], None)
            else:
                miroir[change["id"]] = change["donnees"]
        apres = lus["suite"]
        if not lus["reste"]:
            return apres


async def test_a_mirror_that_follows_the_changes_is_the_catalogue(offre: Catalogue) -> None:
    chance = random.Random(5)  # noqa: S311
    miroir: dict[str, Any] = {}
    apres = None
    for tour in range(12):
        await offre.publier(
            structure(1), *(service(chance.randrange(40), nom=f"Garage {chance.random()}") for _ in range(9))
        )
        await offre.retirer(f"dora--service-{chance.randrange(40)}")
        if tour % 3 == 0:
            apres = await _suivre(offre, miroir, apres, limite=4)
    await _suivre(offre, miroir, apres, limite=4)

    vivants = await offre.lire("services", limite=100)
    sans_score = [{k: v for k, v in un.items() if k != "score_qualite"} for un in vivants["services"]]
    structures = (await offre.lire("structures"))["structures"]
    assert sorted(miroir.values(), key=lambda f: f["id"]) == sorted([*sans_score, *structures], key=lambda f: f["id"])


async def test_structures_are_listed_page_by_page(offre: Catalogue) -> None:
    await offre.publier(*(structure(n, code_insee=LILLE if n % 2 else PARIS) for n in range(1, 8)))

    premiere = await offre.lire("structures", departement="59", limite=3)
    seconde = await offre.lire("structures", departement="59", limite=3, apres=premiere["suite"])

    assert [un["id"] for un in premiere["structures"] + seconde["structures"]] == [
        f"dora--structure-{n}" for n in (1, 3, 5, 7)
    ]
    assert seconde["suite"] is None


async def test_the_offer_of_a_departement_and_its_stale_share(offre: Catalogue) -> None:
    await offre.publier(
        structure(),
        service(1, date_maj="2026-09-30"),
        service(2, date_maj="2026-03-01"),
        service(3, date_maj="2024-09-01"),
        service(4, **A_PARIS),
    )

    vue = await offre.lire("statistiques_catalogue", departement="59", maintenant=INSTANT.isoformat())

    assert (vue["services"], vue["a_revoir"], vue["perimes"]) == (3, 2, 1)
    assert vue["part_a_revoir"] == 0.6667
    assert vue["thematiques"][0]["services"] == 3


def test_the_cells_of_a_disc_hold_every_place_in_it() -> None:
    chance = random.Random(9)  # noqa: S311
    for _ in range(3_000):
        latitude, longitude = chance.uniform(-60, 60), chance.uniform(-180, 180)
        rayon_km = chance.choice((0.1, 4, 14, 15, 16, 50, 200))
        autre = latitude + chance.uniform(-2, 2), longitude + chance.uniform(-4, 4)
        ici, la = sur_la_sphere(latitude, longitude), sur_la_sphere(*autre)
        corde2 = sum((a - b) ** 2 for a, b in zip(ici, la, strict=True))
        if corde2 <= lieu.corde2(rayon_km):
            normale = (autre[1] + 180) % 360 - 180
            cles = lieu.mailles(latitude, longitude, rayon_km)
            assert maille(cles[0][:2], autre[0], normale) in cles
            assert maille_fine(*autre) in lieu.mailles_fines(latitude, longitude, rayon_km)
