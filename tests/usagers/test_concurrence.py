"""Replicas that decide at the same time on the same persons, each with its own connections."""

import asyncio
from collections import defaultdict
from datetime import date
from uuid import UUID

import pytest

from chassis.database import Connection
from services.usagers.domain.messages import Defusion, Fusion, Message
from services.usagers.domain.parcours import Acte
from services.usagers.store.index import INDEX
from tests.engines import Bench
from tests.usagers.conftest import Essai
from tests.usagers.personnes import CAF, CD, MAINTENANT, Personne, depot, local, nir, numero_ft, signale

pytestmark = pytest.mark.anyio


@pytest.fixture
async def repliques(banc: Bench) -> list[Essai]:
    return [Essai(await banc.process("usagers", "usagers")) for _ in range(2)]


async def test_one_person_told_by_many_at_once_has_one_parcours(repliques: list[Essai]) -> None:
    entrees = [signale(Personne(nir=nir(1)), local(str(n)), emetteur=(CAF, CD)[n % 2]) for n in range(40)]

    reponses = await asyncio.gather(*(repliques[n % 2].decider(entree) for n, entree in enumerate(entrees)))

    assert all(r.etat == "accepte" for [r] in reponses)
    assert len({r.faits[0].agregat for [r] in reponses}) == 1


async def test_nothing_is_decided_twice_for_want_of_a_lock(
    repliques: list[Essai], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = _compter_les_reprises(monkeypatch)
    entrees = [signale(Personne(nir=nir(n % 5)), numero_ft(f"{n % 5:011d}")) for n in range(40)]

    await asyncio.gather(*(repliques[n % 2].decider(entree) for n, entree in enumerate(entrees)))

    assert pauses == []


@pytest.mark.parametrize("taille", [16, 256])
async def test_large_and_small_batches_agree_on_who_is_who(repliques: list[Essai], taille: int) -> None:
    personnes = [Personne(f"Nom{n}", "Alex", date(1990, 1, 1 + n % 28), nir(n)) for n in range(taille)]
    a = [signale(p) for p in personnes]
    b = [signale(p, emetteur=CD) for p in reversed(personnes)]

    un, deux = await asyncio.gather(repliques[0].decider(*a), repliques[1].decider(*b))

    ids_a = [r.faits[0].agregat for r in un]
    ids_b = [r.faits[0].agregat for r in reversed(deux)]
    assert ids_a == ids_b
    assert len(set(ids_a)) == taille


async def test_namesakes_told_at_once_are_never_attached_by_their_names(repliques: list[Essai]) -> None:
    entrees = [signale(Personne(), local(str(n)), emetteur=(CAF, CD)[n % 2]) for n in range(10)]

    reponses = await asyncio.gather(*(repliques[n % 2].decider(entree) for n, entree in enumerate(entrees)))

    groupes: defaultdict[UUID, int] = defaultdict(int)
    for [reponse] in reponses:
        groupes[reponse.faits[0].agregat] += 1
    ouverts = [r for [r] in reponses if r.faits[1].type == "parcours.ouvert"]
    assert set(groupes.values()) == {1}
    assert len(ouverts) == 1


async def test_who_waited_for_a_merge_finds_the_survivor(
    repliques: list[Essai], monkeypatch: pytest.MonkeyPatch
) -> None:
    alex = Personne("Petit", "Alex", date(1990, 5, 5))
    conserve = await repliques[0].ouvrir(signale(Personne(nir=nir(1))))
    absorbe = await repliques[0].ouvrir(signale(alex, local("B")))
    pauses = _compter_les_reprises(monkeypatch)

    async with repliques[0].pool.acquire() as conn:
        async with conn.transaction():
            await _fusionner(repliques[0], conn, conserve, absorbe)
            attente = asyncio.create_task(repliques[1].ouvrir(signale(alex, local("B"))))
            await _jusqu_a_ce_qu_il_attende(conn)
        trouve = await attente

    assert trouve == conserve
    assert pauses == []


async def test_who_waited_for_a_merge_to_be_undone_finds_the_parcours_that_has_its_number_back(
    repliques: list[Essai], monkeypatch: pytest.MonkeyPatch
) -> None:
    alex = Personne("Petit", "Alex", date(1990, 5, 5), nir(5, naissance="9005"))
    conserve = await repliques[0].ouvrir(signale(Personne(), local("A")))
    absorbe = await repliques[0].ouvrir(signale(alex, local("B")))
    fusion = depot("usager.fusionne", {"conserve": str(conserve), "absorbes": [str(absorbe)]}, conserve)
    await repliques[0].accepte(fusion)
    pauses = _compter_les_reprises(monkeypatch)

    async with repliques[0].pool.acquire() as conn:
        async with conn.transaction():
            defusion = Defusion(conserve, fusion.id, "Erreur.", Acte(absorbe, CD), "departement")
            await _ecrire(repliques[0], conn, defusion)
            attente = asyncio.create_task(repliques[1].ouvrir(signale(alex, numero_ft("12345678901"))))
            await _jusqu_a_ce_qu_il_attende(conn)
        trouve = await attente

    assert trouve == absorbe
    assert pauses == []


async def test_undoing_a_merge_holds_the_keys_of_its_survivor_too(repliques: list[Essai]) -> None:
    """They may be given back: whoever looks a person up by one of them waits, before it reads any row."""
    du_survivant = numero_ft("12345678901")
    conserve = await repliques[0].ouvrir(signale(Personne(nir=nir(1)), du_survivant))
    absorbe = await repliques[0].ouvrir(signale(Personne("Petit", "Alex", date(1990, 5, 5)), local("B")))
    fusion = depot("usager.fusionne", {"conserve": str(conserve), "absorbes": [str(absorbe)]}, conserve)
    await repliques[0].accepte(fusion)
    cle = int.from_bytes(INDEX.empreinte(("numero-france-travail", du_survivant["valeur"]))[:8], signed=True)

    defusion = Defusion(conserve, fusion.id, "Erreur.", Acte(absorbe, CD), "departement")
    async with repliques[0].pool.acquire() as conn, conn.transaction(), repliques[1].pool.acquire() as autre:
        await repliques[0].service.brique.charger(conn, [defusion])
        est_libre = await autre.fetchval("SELECT pg_try_advisory_xact_lock($1)", cle)

    assert est_libre is False


async def _fusionner(essai: Essai, conn: Connection, conserve: UUID, absorbe: UUID) -> None:
    """A merge written and not committed."""
    await _ecrire(essai, conn, Fusion(conserve, conserve, (absorbe,), Acte(absorbe, CD)))


async def _ecrire(essai: Essai, conn: Connection, message: Message) -> None:
    brique = essai.service.brique
    dossiers = await brique.charger(conn, [message])
    faits = brique.decider(dossiers.de(message), message, MAINTENANT)
    assert isinstance(faits, list)
    for fait in faits:
        dossiers.appliquer(fait)
    await brique.enregistrer(conn, dossiers, [])


async def _jusqu_a_ce_qu_il_attende(conn: Connection) -> None:
    while not await conn.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        await asyncio.sleep(0.005)


def _compter_les_reprises(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the engine makes before it decides again after a conflict."""
    pauses: list[float] = []

    class Compteur:
        @staticmethod
        async def sleep(delai: float) -> None:
            pauses.append(delai)

    monkeypatch.setattr("chassis.depots.asyncio", Compteur)
    return pauses
