"""What a service keeps of a person is sealed; an erasure that it has not heard of yet holds for it too."""

import asyncio
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag

from chassis import ledger
from chassis.database import Pool
from coffre import keys
from services.dossiers.rejouer import rejouer
from services.dossiers.sceaux.livre import Livre
from services.dossiers.sceaux.processus import Anciens
from services.feuille_de_route.store.dossiers import REGISTRE as FEUILLES
from services.referents.store.dossiers import REGISTRE
from tests.engines import Bench
from tests.feuille_de_route import conftest as feuille
from tests.referents.conftest import Essai
from tests.referents.fabrique import AUTRE, PARCOURS, accompagne_json, depot, designe_json, evenement
from tests.services.defusions import fusion
from tests.services.ouvert import dits, textes

pytestmark = pytest.mark.anyio
TABLES = ("dossiers", "histoire", "fusions")
LIVRE = ("faits", "entrees", "rebut")
MOT = "MODELE"
"""The name of who follows the person, in what each deposit of these tests says."""


@pytest.fixture
async def essai(banc: Bench) -> Essai:
    return Essai(await banc.pool("referents"))


async def en_clair(pool: Pool, tables: tuple[str, ...] = TABLES) -> set[str]:
    rows = [(table, await pool.fetch(f"SELECT t.* FROM {table} t")) for table in tables]
    return {table for table, lignes in rows for row in lignes if MOT.encode() in b"".join(octets(row))}


def octets(row: object) -> list[bytes]:
    return [v if isinstance(v, bytes) else str(v).encode() for v in dict(row).values()]  # type: ignore[call-overload]


async def vivre(essai: Essai) -> None:
    """Two persons who are followed, and who are one."""
    for parcours in (PARCOURS, AUTRE):
        await essai.suivre(parcours)
    await essai.accepte(fusion(evenement("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]})))


async def detruire(banc: Bench, *parcours: UUID) -> None:
    """As the gateway does; a service may not."""
    await keys.destroy(await banc.admin(), parcours)
    REGISTRE.sceaux._vault.forget()


async def test_dossiers_facts_and_merges_are_sealed_and_read(essai: Essai) -> None:
    await vivre(essai)

    assert await en_clair(essai.pool, TABLES + LIVRE) == set()
    tenus = [" ".join(await textes(essai.pool, REGISTRE.sceaux, [table])) for table in TABLES]
    assert all(MOT in tenu for tenu in tenus)
    assert (await essai.lire("referent", parcours=str(PARCOURS)))["historique"][0]["referent"]["nom"] == MOT


async def test_what_an_older_release_wrote_is_sealed_in_batches_and_reads_the_same(essai: Essai) -> None:
    await vivre(essai)
    avant = await textes(essai.pool, REGISTRE.sceaux, TABLES)
    await mettre_en_clair(essai.pool)
    lus = (await en_clair(essai.pool), await textes(essai.pool, REGISTRE.sceaux, TABLES))

    await sceller_les_anciens(essai.pool)

    assert lus == (set(TABLES), avant)
    assert (await en_clair(essai.pool), await textes(essai.pool, REGISTRE.sceaux, TABLES)) == (set(), avant)
    assert (await rejouer(essai.pool, REGISTRE, a_blanc=True)).differents == []


async def sceller_les_anciens(pool: Pool) -> None:
    anciens, apres = Anciens(pool, REGISTRE), UUID(int=0)
    while suivant := await anciens.tour(apres):
        apres = suivant


async def mettre_en_clair(pool: Pool) -> None:
    async with pool.acquire() as conn:
        for table, ligne, cle, colonne in (
            ("dossiers", "parcours", "parcours", "etat"),
            ("histoire", "dossier", "numero", "fait"),
            ("fusions", "fusion", "fusion", "garde"),
        ):
            for row in await conn.fetch(f"SELECT {ligne} AS ligne, {cle} AS cle, {colonne} AS cellule FROM {table}"):
                [clair] = await REGISTRE.sceaux.ouvrir(conn, table, [(row["ligne"], row["cellule"])])
                changer = f"UPDATE {table} SET {colonne} = $1 WHERE {ligne} = $2 AND {cle} = $3"
                await conn.execute(changer, clair, row["ligne"], row["cle"])


async def test_one_connection_is_enough_to_decide_to_seal_what_was_and_to_rebuild(banc: Bench) -> None:
    """Who holds one and wants another waits for a replica that does the same."""
    essai = Essai(await banc.pool("referents", min_size=1, max_size=1))

    async with asyncio.timeout(20):
        await vivre(essai)
        await mettre_en_clair(essai.pool)
        await perdre_les_cles(banc)
        await sceller_les_anciens(essai.pool)
        await essai.pool.execute("UPDATE dossiers SET etat = $1", b"{}")
        differents = (await rejouer(essai.pool, REGISTRE)).differents

    assert await en_clair(essai.pool) == set()
    assert len(differents) == 2


async def test_a_survivor_of_an_older_release_gets_its_key_when_what_it_absorbed_is_spoken_of(
    essai: Essai, banc: Bench
) -> None:
    await vivre(essai)
    await mettre_en_clair(essai.pool)
    await perdre_les_cles(banc)

    await essai.accepte(depot("accompagnant.ajoute", accompagne_json(), AUTRE))

    assert await essai.pool.fetchval("SELECT get_byte(etat, 0) FROM dossiers WHERE parcours = $1", PARCOURS) == 1


async def perdre_les_cles(banc: Bench) -> None:
    await (await banc.admin()).execute("DELETE FROM coffre.cles")
    REGISTRE.sceaux._vault.forget()


async def test_a_service_that_has_not_heard_of_an_erasure_forgets_the_person_as_soon_as_it_meets_her(
    essai: Essai, banc: Bench
) -> None:
    await vivre(essai)
    await detruire(banc, PARCOURS, AUTRE)

    code = await essai.refuse(depot("referent.designe", designe_json()))

    assert code == "parcours-inconnu"
    assert [await essai.compte(table) for table in (*TABLES, "suivis", "delais")] == [0] * 5
    assert await essai.compte("oublis") == 1
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}))


async def test_what_comes_late_of_an_erased_person_opens_no_dossier(essai: Essai, banc: Bench) -> None:
    await detruire(banc, PARCOURS)

    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}))

    assert [await essai.compte(table) for table in ("dossiers", "histoire")] == [0, 0]


async def test_what_is_told_and_refused_is_sealed_and_says_nothing_after_an_erasure(essai: Essai, banc: Bench) -> None:
    await vivre(essai)
    refusee = depot("referent.designe", designe_json())
    premier = await essai.refuse(refusee)
    avant = await dits(essai.pool, REGISTRE.sceaux)
    await detruire(banc, PARCOURS, AUTRE)

    assert MOT in str(avant) and await en_clair(essai.pool, LIVRE) == set()
    assert set(map(str, await dits(essai.pool, REGISTRE.sceaux))) == {"{}"}
    assert (premier, await essai.refuse(refusee)) == ("etat-interdit", "parcours-inconnu")


async def test_facts_of_an_older_release_are_read_then_sealed_once(essai: Essai) -> None:
    await vivre(essai)
    avant = await dits(essai.pool, REGISTRE.sceaux)
    async with essai.pool.acquire() as conn:
        rows = await conn.fetch("SELECT numero, id, donnees, agent, scelle FROM faits")
        for row in await ledger.opened(conn, REGISTRE.sceaux, rows):
            changer = "UPDATE faits SET scelle = NULL, donnees = $2, agent = $3 WHERE numero = $1"
            await conn.execute(changer, row["numero"], row["donnees"], row["agent"])
    lus = (await en_clair(essai.pool, LIVRE), await dits(essai.pool, REGISTRE.sceaux))

    livre, apres = Livre(essai.pool, REGISTRE.sceaux), 0
    while suivant := await livre.tour(apres):
        apres = suivant

    assert lus == ({"faits"}, avant)
    assert (await en_clair(essai.pool, LIVRE), await dits(essai.pool, REGISTRE.sceaux)) == (set(), avant)


async def test_keys_that_are_lost_erase_nobody(essai: Essai, banc: Bench) -> None:
    """As after a backup whose keys are of another day: nothing is read, nothing goes."""
    await vivre(essai)
    await perdre_les_cles(banc)

    [reponse] = await essai.decider(depot("referent.designe", designe_json()))

    assert reponse.etat in ("attente", "rebut")
    assert await essai.compte("dossiers") > 0
    with pytest.raises(InvalidTag):  # a key of this name was made since: it is another
        await essai.lire("referent", parcours=str(PARCOURS))


async def test_two_processes_of_two_services_read_what_each_sealed_under_one_key(essai: Essai, banc: Bench) -> None:
    autre = feuille.Essai(await banc.pool("feuille_de_route"))
    await essai.suivre()
    await autre.ouvrir(PARCOURS)

    assert await essai.pool.fetchval("SELECT count(*) FROM coffre.cles WHERE id = $1", PARCOURS) == 1
    async with autre.pool.acquire() as conn:
        assert [un.parcours for un in await FEUILLES.famille(conn, PARCOURS)] == [PARCOURS]
    assert await essai.lire("referent", parcours=str(PARCOURS))


async def test_a_cell_of_another_parcours_does_not_open(essai: Essai) -> None:
    await vivre(essai)
    autre = uuid4()
    await essai.pool.execute("UPDATE dossiers SET parcours = $1 WHERE parcours = $2", autre, PARCOURS)

    assert (await rejouer(essai.pool, REGISTRE, a_blanc=True)).differents != []
