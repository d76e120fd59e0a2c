"""Erasure of a person: in the database at once, in the stream as soon as everything was published."""

from uuid import UUID

import pytest

from chassis.bus_nats import NatsBus
from chassis.outbox import Outbox
from coffre import keys
from services.usagers.store.dossiers import REGISTRE
from tests.engines import Bench
from tests.usagers.conftest import Essai
from tests.usagers.personnes import Personne, depot, local, nir, signale

pytestmark = pytest.mark.anyio

CAMILLE = Personne(nir=nir(1))
RIEN = {"dossiers": 0, "histoire": 0, "etats": 0}
DEMANDE = {"motif": "Demande de la personne"}


async def _publier(essai: Essai, bus: NatsBus) -> None:
    outbox = Outbox("usagers", "PARCOURS", essai.pool, bus, REGISTRE.sceaux)
    async with essai.pool.acquire() as conn:
        await outbox.relay(conn)


async def _oublier(essai: Essai, bus: NatsBus) -> int:
    outbox = Outbox("usagers", "PARCOURS", essai.pool, bus, REGISTRE.sceaux)
    async with essai.pool.acquire() as conn:
        return await outbox.forget(conn)


async def _dans_le_flux(bus: NatsBus) -> list[str]:
    """The facts that the stream holds, in its order."""
    messages = (await bus.stored("PARCOURS", ["parcours.>"], "essai")).values()
    return [id_ for ids in messages for id_ in ids.split(",")]


async def _restes(essai: Essai, *parcours: UUID) -> dict[str, int]:
    """Rows that still speak of these parcours."""
    async with essai.pool.acquire() as conn:
        return {
            table: await conn.fetchval(f"SELECT count(*) FROM {table} WHERE {colonne} = ANY($1)", parcours)
            for table, colonne in (
                ("dossiers", "parcours"),
                ("histoire", "dossier"),
                ("etats", "parcours"),
                ("cles", "parcours"),
                ("champs_proteges", "parcours"),
                ("faits", "agregat"),
            )
        }


@pytest.fixture
def bus(banc: Bench) -> NatsBus:
    return banc.bus


async def test_the_vault_forgets_the_person_and_all_that_it_absorbed(essai: Essai, bus: NatsBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    absorbe = await essai.ouvrir(signale(Personne("Petit", "Alex"), local("B")))
    fusion = {"conserve": str(parcours), "absorbes": [str(absorbe)]}
    await essai.accepte(depot("usager.fusionne", fusion, parcours))
    await _publier(essai, bus)

    await essai.accepte(depot("usager.efface", DEMANDE, absorbe))

    assert await _restes(essai, parcours, absorbe) == {**RIEN, "cles": 0, "champs_proteges": 0, "faits": 1}


async def test_an_erased_person_is_unknown_under_every_id(essai: Essai) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await essai.accepte(depot("usager.efface", DEMANDE, parcours))

    code = await essai.refuse("usager.efface", DEMANDE, parcours)

    assert code == "parcours-inconnu"
    assert await essai.lire("parcours", parcours=str(parcours)) is None
    assert await essai.lire("alias", parcours=[str(parcours)]) == {}
    assert await essai.resoudre(identifiants=[{"type": "nir", "valeur": nir(1)}]) == {"resultat": "aucun"}


async def test_the_stream_keeps_the_erasure_and_nothing_before_it(essai: Essai, bus: NatsBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await _publier(essai, bus)
    [efface] = await essai.accepte(depot("usager.efface", DEMANDE, parcours))
    await _publier(essai, bus)

    finis = await _oublier(essai, bus)

    assert finis == 1
    assert await _dans_le_flux(bus) == [str(efface.id)]


async def test_a_fact_that_a_crash_stored_twice_is_forgotten_twice(essai: Essai, bus: NatsBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await _publier(essai, bus)
    async with essai.pool.acquire() as conn:
        await conn.execute("UPDATE faits SET publie_seq = NULL")
    await _publier(essai, bus)
    [efface] = await essai.accepte(depot("usager.efface", DEMANDE, parcours))

    await _oublier(essai, bus)
    await _publier(essai, bus)

    assert await _dans_le_flux(bus) == [str(efface.id)]


async def test_a_fact_published_while_it_was_erased_is_found_all_the_same(essai: Essai, bus: NatsBus) -> None:
    """The relay read it before the erasure and stored it after: no row says where."""
    parcours = await essai.ouvrir(signale(CAMILLE))
    absorbe = await essai.ouvrir(signale(Personne("Petit", "Alex"), local("B")))
    fusion = {"conserve": str(parcours), "absorbes": [str(absorbe)]}
    await essai.accepte(depot("usager.fusionne", fusion, parcours))
    await essai.accepte(depot("usager.efface", DEMANDE, parcours))
    await bus.publish("PARCOURS", f"parcours.59.usagers.signale.{absorbe.hex}", "en retard", b"{}")

    await _publier(essai, bus)
    await _oublier(essai, bus)

    assert "en retard" not in await _dans_le_flux(bus)


async def test_a_fact_that_was_not_yet_published_is_published_then_forgotten(essai: Essai, bus: NatsBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await essai.accepte(depot("usager.efface", DEMANDE, parcours))

    trop_tot = await _oublier(essai, bus)
    await _publier(essai, bus)
    ensuite = await _oublier(essai, bus)

    assert (trop_tot, ensuite) == (0, 1)
    assert (await _restes(essai, parcours))["faits"] == 1


async def test_reconciliation_does_not_bring_an_erased_person_back(essai: Essai, bus: NatsBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await essai.accepte(depot("usager.efface", DEMANDE, parcours))
    await _publier(essai, bus)
    await _oublier(essai, bus)
    outbox = Outbox("usagers", "PARCOURS", essai.pool, bus, REGISTRE.sceaux)

    async with essai.pool.acquire() as conn:
        republies = await outbox.reconcile(conn)

    assert republies == 0


async def test_many_persons_are_forgotten_in_one_pass(essai: Essai, bus: NatsBus) -> None:
    parcours = [await essai.ouvrir(signale(Personne(f"Nom{n}", nir=nir(n)))) for n in range(5)]
    voisin = await essai.ouvrir(signale(Personne("Petit", "Alex"), local("B")))
    for id_ in parcours:
        await essai.accepte(depot("usager.efface", DEMANDE, id_))
    await _publier(essai, bus)

    finis = await _oublier(essai, bus)

    assert finis == 5
    assert len(await _dans_le_flux(bus)) == 5 + (await _restes(essai, voisin))["faits"]


async def test_facts_of_others_are_left_alone(essai: Essai, bus: NatsBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    voisin = await essai.ouvrir(signale(Personne("Petit", "Alex"), local("B")))
    await _publier(essai, bus)

    await essai.accepte(depot("usager.efface", DEMANDE, parcours))

    assert await _restes(essai, voisin) == {
        "dossiers": 1,
        "histoire": 3,
        "etats": 1,
        "cles": 4,
        "champs_proteges": 1,
        "faits": 2,
    }


async def test_a_person_whose_key_is_destroyed_opens_no_more(essai: Essai, banc: Bench) -> None:
    [signalement, _] = await essai.accepte(signale(CAMILLE))
    cellules = await essai.pool.fetch("SELECT parcours, etat FROM dossiers")
    await keys.destroy(await banc.admin(), [signalement.agregat])  # as the gateway does
    REGISTRE.sceaux._vault.forget()

    async with essai.pool.acquire() as conn:
        ouverts = await REGISTRE.ouvrir(conn, cellules)
        champs = await essai.service.lectures["champs"](conn, {"faits": [str(signalement.id)]})

    assert (ouverts, champs) == ({}, {})
    assert await essai.refuse("usager.oppose", {"motif": "Demande."}, signalement.agregat) == "parcours-inconnu"
    assert [await essai.pool.fetchval(f"SELECT count(*) FROM {table}") for table in ("dossiers", "cles")] == [0, 0]
    assert await essai.ouvrir(signale(CAMILLE)) != signalement.agregat
