"""Publications and withdrawals: versions, what stays known, what is announced, probable duplicates."""

from datetime import timedelta

import pytest

from services.offres.clocks import Entretien
from services.offres.store import catalogue, doublons
from tests.offres.annonces import ROUBAIX, service, structure
from tests.offres.catalogues import INSTANT, Catalogue

pytestmark = pytest.mark.anyio


async def test_the_same_record_again_changes_nothing(offre: Catalogue) -> None:
    await offre.publier(structure(), service())
    version = await offre.valeur("SELECT version FROM catalogue")

    await offre.publier(structure(), service())

    assert await offre.valeur("SELECT version FROM catalogue") == version
    assert await offre.valeur("SELECT count(*) FROM services") == 1


async def test_a_changed_record_replaces_the_former_one(offre: Catalogue) -> None:
    await offre.publier(structure(), service())

    await offre.publier(service(nom="Garage associatif"))

    assert (await offre.lire("service", id="dora--service-1"))["nom"] == "Garage associatif"
    assert await offre.valeur("SELECT count(*) FROM services WHERE retire_a IS NULL") == 1


async def test_a_record_is_told_as_it_was_published_whatever_its_signs(offre: Catalogue) -> None:
    texte = 'Un\\N "deux"\ttrois\r\nquatre {cinq},\u00a0six \\t é 🚲'
    publie = service(nom='Nom \\ "entre" {a,b}', description=texte, zone_eligibilite=["59", "france"])
    await offre.publier(structure(nom="Les \\. \\N", adresse='1 "bis" \\ rue'), publie)

    lu = await offre.lire("service", id="dora--service-1")
    structure_lue = await offre.lire("structure", id="dora--structure-1")

    assert {champ: valeur for champ, valeur in lu.items() if champ != "score_qualite"} == publie
    assert (structure_lue["nom"], structure_lue["adresse"]) == ("Les \\. \\N", '1 "bis" \\ rue')
    assert await offre.chercher(q="quatre") == ["dora--service-1"]


async def test_a_structure_leaves_with_its_services_and_each_is_announced(offre: Catalogue) -> None:
    await offre.publier(structure(), structure(2), service(), service(2), service(3, structure_id="dora--structure-2"))

    partis = await offre.retirer("dora--structure-1", "structure", "Cessation d'activité.")

    assert partis == ["dora--service-1", "dora--service-2"]
    retire = {"retire": {"date": "2026-10-02", "raison": "Cessation d'activité."}}
    assert [await offre.lire("service", id=id_) for id_ in partis] == [retire, retire]
    assert await offre.lire("structure", id="dora--structure-1") == retire
    assert await offre.valeur("SELECT array_agg(service_id ORDER BY service_id) FROM retraits_a_annoncer") == partis
    assert await offre.chercher() == ["dora--service-3"]


async def test_what_is_withdrawn_is_told_with_its_reason(offre: Catalogue) -> None:
    await offre.publier(structure(), service())
    await offre.retirer("dora--service-1", raison="Complet.")

    assert await offre.lire("service", id="dora--service-1") == {"retire": {"date": "2026-10-02", "raison": "Complet."}}
    assert await offre.lire("service", id="dora--inconnu") is None


async def test_what_is_published_again_is_withdrawn_no_more(offre: Catalogue) -> None:
    await offre.publier(structure(), service())
    await offre.retirer("dora--service-1")

    await offre.publier(service())

    assert (await offre.lire("service", id="dora--service-1"))["id"] == "dora--service-1"


async def test_withdrawing_twice_announces_once(offre: Catalogue) -> None:
    await offre.publier(structure(), service())

    partis = [await offre.retirer("dora--service-1"), await offre.retirer("dora--service-1")]

    assert partis == [["dora--service-1"], []]
    assert await offre.valeur("SELECT count(*) FROM retraits_a_annoncer") == 1


async def test_superseded_rows_stay_a_day_then_go(offre: Catalogue) -> None:
    await offre.publier(structure(), service())
    await offre.publier(service(nom="Garage associatif"), instant=INSTANT + timedelta(hours=1))

    restantes = []
    for heures in (24, 26):
        async with offre.pool.acquire() as conn, conn.transaction():
            await catalogue.purger(conn, INSTANT + timedelta(hours=heures))
        restantes.append(await offre.valeur("SELECT count(*) FROM services"))

    assert restantes == [2, 1]


async def test_a_catalogue_fed_by_deposits_alone_is_cared_for_when_it_changed(offre: Catalogue) -> None:
    await offre.publier(structure(), service())
    await offre.publier(service(nom="Garage associatif"), instant=INSTANT + timedelta(hours=1))
    entretien = Entretien(offre.pool, lambda: INSTANT + timedelta(hours=26))

    faits = [await entretien.entretenir(), await entretien.entretenir()]

    assert faits == [True, False]
    assert await offre.valeur("SELECT count(*) FROM services") == 1
    assert await offre.valeur("SELECT reltuples FROM pg_class WHERE oid = 'offres.services'::regclass") == 1


@pytest.mark.parametrize(
    ("autre", "raison"),
    [
        ({"siret": "13003013300016", "nom": "Tout autre nom", "adresse": "9 quai Neuf"}, "siret"),
        ({"nom": "Maison de l'emploi de Lille"}, "nom-et-adresse"),
        ({"nom": "Maison de l'emploi", "adresse": "1, rue du Moulin, bât. A"}, "nom-et-adresse"),
        ({"nom": "Maison de l'emploi", "code_insee": ROUBAIX}, None),
        ({"nom": "Épicerie sociale"}, None),
    ],
)
async def test_structures_that_look_alike_are_told_and_kept_apart(
    offre: Catalogue, autre: dict[str, str], raison: str | None
) -> None:
    await offre.publier(
        structure(1, siret="13003013300016", nom="Maison de l'emploi", adresse="1 rue du Moulin"),
        structure(2, **{"adresse": "1 rue du Moulin", **autre}),
    )

    async with offre.pool.acquire() as conn, conn.transaction():
        await doublons.signaler(conn, None, INSTANT)

    vues = [await offre.lire("structure", id=f"dora--structure-{numero}") for numero in (1, 2)]
    attendu = [[{"id": f"dora--structure-{n}", "raison": raison}] if raison else [] for n in (2, 1)]
    assert [vue["doublons_probables"] for vue in vues] == attendu


async def test_looking_at_one_structure_leaves_what_is_told_of_the_others(offre: Catalogue) -> None:
    paires = [structure(n, siret=siret) for n, siret in ((1, "13003013300016"), (2, "13003013300016"))]
    autres = [structure(n, siret=siret) for n, siret in ((3, "90000075300013"), (4, "90000075300013"))]
    await offre.publier(*paires, *autres)
    async with offre.pool.acquire() as conn, conn.transaction():
        await doublons.signaler(conn, None, INSTANT)
    await offre.publier(structure(2, siret=None), structure(5, siret="90000075300013"))

    async with offre.pool.acquire() as conn, conn.transaction():
        await doublons.signaler(conn, ["dora--structure-2", "dora--structure-5"], INSTANT)

    numeros = "SELECT array_agg(right(structure_id, 1) || right(autre_id, 1) ORDER BY 1) FROM doublons"
    assert await offre.valeur(numeros) == ["34", "35", "45"]
