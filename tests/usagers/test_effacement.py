"""Erasure of a person: in the database at once, in the stream as soon as everything was published."""

import asyncio
from uuid import UUID

import pytest

from chassis.outbox import Outbox
from services.usagers.effacement import Effaceur
from tests.chassis.memory_bus import MemoryBus
from tests.usagers.conftest import Essai
from tests.usagers.personnes import MAINTENANT, Personne, depot, local, nir, signale

pytestmark = pytest.mark.anyio

CAMILLE = Personne(nir=nir(1))
DEMANDE = {"motif": "Demande de la personne"}


async def _publier(essai: Essai, bus: MemoryBus) -> None:
    outbox = Outbox("usagers", "PARCOURS", essai.pool, bus)
    async with essai.pool.acquire() as conn:
        await outbox.relay(conn)


async def _restes(essai: Essai, *parcours: UUID) -> dict[str, int]:
    """Rows that still speak of these parcours."""
    async with essai.pool.acquire() as conn:
        return {
            table: await conn.fetchval(f"SELECT count(*) FROM {table} WHERE {colonne} = ANY($1)", parcours)
            for table, colonne in (
                ("coffre", "parcours"),
                ("cles", "parcours"),
                ("champs_proteges", "parcours"),
                ("faits", "agregat"),
            )
        }


@pytest.fixture
async def bus() -> MemoryBus:
    bus = MemoryBus()
    await bus.ensure_stream("PARCOURS")
    return bus


async def test_the_vault_forgets_the_person_and_all_that_it_absorbed(essai: Essai, bus: MemoryBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    absorbe = await essai.ouvrir(signale(Personne("Petit", "Alex"), local("B")))
    fusion = {"conserve": str(parcours), "absorbes": [str(absorbe)]}
    await essai.accepte(depot("usager.fusionne", fusion, parcours))
    await _publier(essai, bus)

    await essai.accepte(depot("usager.efface", DEMANDE, absorbe))

    assert await _restes(essai, parcours, absorbe) == {"coffre": 0, "cles": 0, "champs_proteges": 0, "faits": 1}


async def test_an_erased_person_is_unknown_under_every_id(essai: Essai) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await essai.accepte(depot("usager.efface", DEMANDE, parcours))

    code = await essai.refuse("usager.efface", DEMANDE, parcours)

    assert code == "parcours-inconnu"
    assert await essai.lire("parcours", parcours=str(parcours)) is None
    assert await essai.lire("alias", parcours=[str(parcours)]) == {}
    assert await essai.lire("resoudre", identifiants=[{"type": "nir", "valeur": nir(1)}]) == {"resultat": "aucun"}


async def test_the_stream_keeps_the_erasure_and_nothing_before_it(essai: Essai, bus: MemoryBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await _publier(essai, bus)
    [efface] = await essai.accepte(depot("usager.efface", DEMANDE, parcours))
    await _publier(essai, bus)

    finis = await Effaceur(essai.pool, bus).passer(MAINTENANT)

    assert finis == 1
    assert await bus.stored_ids("PARCOURS", "parcours.>", "essai") == {str(efface.id)}


async def test_a_fact_that_was_not_yet_published_is_published_then_forgotten(essai: Essai, bus: MemoryBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await essai.accepte(depot("usager.efface", DEMANDE, parcours))
    effaceur = Effaceur(essai.pool, bus)

    trop_tot = await effaceur.passer(MAINTENANT)
    await _publier(essai, bus)
    ensuite = await effaceur.passer(MAINTENANT)

    assert (trop_tot, ensuite) == (0, 1)
    assert (await _restes(essai, parcours))["faits"] == 1


async def test_reconciliation_does_not_bring_an_erased_person_back(essai: Essai, bus: MemoryBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    await essai.accepte(depot("usager.efface", DEMANDE, parcours))
    await _publier(essai, bus)
    await Effaceur(essai.pool, bus).passer(MAINTENANT)
    outbox = Outbox("usagers", "PARCOURS", essai.pool, bus)

    async with essai.pool.acquire() as conn:
        republies = await outbox.reconcile(conn)

    assert republies == 0


async def test_two_replicas_may_erase_together(essai: Essai, bus: MemoryBus) -> None:
    parcours = [await essai.ouvrir(signale(Personne(f"Nom{n}", nir=nir(n)))) for n in range(5)]
    for id_ in parcours:
        await essai.accepte(depot("usager.efface", DEMANDE, id_))
    await _publier(essai, bus)

    await asyncio.gather(*(Effaceur(essai.pool, bus).passer(MAINTENANT) for _ in range(3)))

    assert len(await bus.stored_ids("PARCOURS", "parcours.>", "essai")) == 5


async def test_facts_of_others_are_left_alone(essai: Essai, bus: MemoryBus) -> None:
    parcours = await essai.ouvrir(signale(CAMILLE))
    voisin = await essai.ouvrir(signale(Personne("Petit", "Alex"), local("B")))
    await _publier(essai, bus)

    await essai.accepte(depot("usager.efface", DEMANDE, parcours))

    assert await _restes(essai, voisin) == {"coffre": 1, "cles": 2, "champs_proteges": 1, "faits": 2}
