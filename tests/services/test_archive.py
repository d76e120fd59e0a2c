"""A service meets an archived parcours: who reads finds nothing, who decides waits until its key is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from coffre import keys
from coffre.masters import Masters
from gateway.archivist.keeper import Keeper
from services.dossiers.rejouer import rejouer
from services.referents.store.dossiers import REGISTRE
from services.usagers.store.dossiers import REGISTRE as USAGERS
from tests.engines import Bench
from tests.referents.conftest import Essai
from tests.referents.fabrique import AUTRE, PARCOURS, accompagne_json, depot, evenement
from tests.services.defusions import fusion
from tests.usagers.conftest import Essai as Usagers
from tests.usagers.personnes import Personne, local, nir, signale

pytestmark = pytest.mark.anyio
CAMILLE = Personne(nir=nir(1))
RANGER = "INSERT INTO passerelle.archives (parcours, derniere_a, depuis) SELECT unnest($1::uuid[]), now(), now()"
DEMANDES = "SELECT count(*) FROM coffre.retours"


@pytest.fixture
async def essai(banc: Bench) -> Essai:
    return Essai(await banc.pool("referents"))


async def gardien(banc: Bench) -> Keeper:
    data = banc.engines.data
    return Keeper(await banc.pool("archive"), Masters(data.masters), Masters(data.archive_masters))


async def ranger(banc: Bench, *parcours: UUID) -> Keeper:
    admin, archive = await banc.admin(), await gardien(banc)
    await admin.execute(RANGER, parcours)
    assert await archive.put_away() == len(parcours)
    for registre in (REGISTRE, USAGERS):
        if hasattr(registre.sceaux, "_vault"):
            registre.sceaux._vault.forget()
    return archive


@asynccontextmanager
async def au_travail(archive: Keeper) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(archive.keep_giving_back(stop))
        yield
        stop.set()


async def test_a_read_finds_nothing_of_it_and_asks_for_nothing(essai: Essai, banc: Bench) -> None:
    await essai.suivre()
    avant = await essai.lire("referent", parcours=str(PARCOURS))
    await ranger(banc, PARCOURS)

    apres = await essai.lire("referent", parcours=str(PARCOURS))

    assert (bool(avant), apres) == (True, await essai.lire("referent", parcours=str(AUTRE)))
    assert await (await banc.admin()).fetchval(DEMANDES) == 0


@pytest.mark.parametrize("merged", [False, True], ids=["named", "absorbed"])
async def test_a_deposit_waits_for_its_parcours_and_is_decided(essai: Essai, banc: Bench, merged: bool) -> None:
    await essai.suivre()
    if merged:
        await essai.suivre(AUTRE)
        await essai.accepte(fusion(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]})))
    archive = await ranger(banc, *([PARCOURS, AUTRE] if merged else [PARCOURS]))

    async with au_travail(archive):
        await essai.accepte(depot("accompagnant.ajoute", accompagne_json(), AUTRE if merged else PARCOURS))

    assert len((await essai.lire("referent", parcours=str(PARCOURS)))["accompagnants"]) == 1


async def test_while_the_archive_is_away_it_waits_alone_and_nothing_is_set_aside(
    essai: Essai, banc: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_LOOKS", 2)
    for parcours in (PARCOURS, AUTRE):
        await essai.suivre(parcours)
    archive = await ranger(banc, PARCOURS)
    attend, voisin = [depot("accompagnant.ajoute", accompagne_json(), un) for un in (PARCOURS, AUTRE)]

    etats = [reponse.etat for reponse in await essai.decider(attend, voisin)]
    await archive.give_back()

    assert etats == ["attente", "accepte"]
    assert await essai.compte("rebut") == 0
    await essai.accepte(attend)


async def test_what_is_rebuilt_leaves_the_archive_alone(essai: Essai, banc: Bench) -> None:
    for parcours in (PARCOURS, AUTRE):
        await essai.suivre(parcours)
    await ranger(banc, PARCOURS)

    compte = await rejouer(essai.pool, REGISTRE)

    assert (compte.dossiers, compte.archives, compte.differents) == (1, 1, [])
    assert await (await banc.admin()).fetchval(DEMANDES) == 0


async def test_a_signalement_finds_an_archived_person_and_a_search_does_not(banc: Bench) -> None:
    essai = Usagers(await banc.process("usagers", "usagers"))
    await essai.servir("59")
    connu = await essai.ouvrir(signale(CAMILLE, local("A")))
    archive = await ranger(banc, connu)

    cherche = await essai.resoudre(identifiants=[{"type": "nir", "valeur": nir(1)}])
    async with au_travail(archive):
        retrouve = await essai.ouvrir(signale(CAMILLE, local("A")))

    assert (cherche, retrouve) == ({"resultat": "aucun"}, connu)
