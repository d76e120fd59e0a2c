"""Dossiers and read tables are rebuilt from the facts, identical to the byte; what was damaged is found."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from coffre import keys
from services.dossiers import rejouer as commande
from services.dossiers.rejouer import rejouer
from services.usagers.store.dossiers import REGISTRE
from tests.engines import Bench
from tests.services.ouvert import ecrit, faits, textes
from tests.usagers.conftest import Essai
from tests.usagers.personnes import CD, Personne, corrige, depot, local, matricule, nir, signale

pytestmark = pytest.mark.anyio

CAMILLE = Personne(nir=nir(1))
ALEX = Personne("Petit", "Alex", date(1990, 5, 5))
DERIVEES = ("dossiers", "etats", "cles", "dires", "echeances")
DOMMAGES = {
    "the state": "UPDATE dossiers SET etat = '{}' WHERE parcours = $1",
    "a byte of it": "UPDATE dossiers SET etat = set_byte(etat, 40, 255 - get_byte(etat, 40)) WHERE parcours = $1",
    "the dossier": "DELETE FROM dossiers WHERE parcours = $1",
    "a key that is lost": "DELETE FROM cles WHERE parcours = $1 AND nature = 'nir'",
    "a key of somebody else": "INSERT INTO cles VALUES ($1, 'etat-civil', decode(repeat('00', 16), 'hex'), false)",
    "where it is": "UPDATE etats SET departement = '62' WHERE parcours = $1",
}


async def vivre(essai: Essai) -> UUID:
    """A person signalled by several, corrected, merged, separated and merged again; returns who is left."""
    conserve = await essai.ouvrir(signale(CAMILLE, matricule("0012345")))
    await essai.accepte(signale(CAMILLE, local("x"), emetteur=CD))
    absorbe = await essai.ouvrir(signale(ALEX, local("B")))
    await essai.ouvrir(signale(replace(CAMILLE, nir=nir(2)), emetteur=CD))
    await essai.accepte(corrige({"coordonnees": {"courriel": "c@exemple.fr"}}, conserve))
    droits = {"etat_dossier": "2", "soumis_droits_devoirs": True, "date_effet": "2026-03-01"}
    await essai.accepte(depot("droits.modifies", droits, absorbe))
    ailleurs = {"departement_nouveau": "62", "date_effet": "2026-09-01"}
    await essai.accepte(depot("parcours.transfere", ailleurs, absorbe))
    fusion = {"conserve": str(conserve), "absorbes": [str(absorbe)]}
    await essai.accepte(premiere := depot("usager.fusionne", fusion, conserve))
    annule = {"annule": str(premiere.id), "motif": "Erreur."}
    await essai.accepte(depot("usager.defusionne", annule, conserve, emetteur=CD))
    await essai.accepte(depot("usager.fusionne", fusion, conserve))
    await essai.accepte(depot("usager.oppose", {"motif": "Demande."}, conserve))
    return conserve


async def stockes(essai: Essai) -> Sequence[object]:
    """Everything that a rebuilding is to give back."""
    return await textes(essai.pool, REGISTRE.sceaux, DERIVEES)


async def test_nothing_differs_from_what_the_service_wrote(essai: Essai) -> None:
    await vivre(essai)

    compte = await rejouer(essai.pool, REGISTRE, a_blanc=True)

    assert (compte.total, compte.dossiers, compte.differents) == (3, 3, [])


@pytest.mark.parametrize("page", [1, 256])
async def test_all_is_rebuilt_from_the_facts_to_the_byte(
    essai: Essai, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commande, "_PAGE", page)
    await vivre(essai)
    avant = await stockes(essai)
    await essai.pool.execute("; ".join(f"DELETE FROM {table}" for table in DERIVEES))

    compte = await rejouer(essai.pool, REGISTRE)

    assert (len(compte.differents), await stockes(essai)) == (3, avant)


@pytest.mark.parametrize("dommage", DOMMAGES.values(), ids=list(DOMMAGES))
async def test_what_was_damaged_is_found_and_restored(essai: Essai, dommage: str) -> None:
    conserve = await vivre(essai)
    avant = await stockes(essai)
    await essai.pool.execute(dommage, conserve)

    a_blanc = await rejouer(essai.pool, REGISTRE, a_blanc=True)
    compte = await rejouer(essai.pool, REGISTRE)

    assert (a_blanc.differents, compte.differents) == ([conserve], [conserve])
    assert await stockes(essai) == avant


async def test_an_erased_person_is_not_rebuilt(essai: Essai) -> None:
    conserve = await vivre(essai)
    await essai.accepte(depot("usager.efface", {"motif": "Demande de la personne."}, conserve))

    compte = await rejouer(essai.pool, REGISTRE)

    assert (compte.dossiers, compte.differents) == (1, [])


async def test_a_merge_that_was_undone_leaves_nothing_of_one_person_in_the_history_of_the_other(essai: Essai) -> None:
    conserve = await essai.ouvrir(signale(CAMILLE))
    absorbe = await essai.ouvrir(signale(ALEX, local("B")))
    fusion = depot("usager.fusionne", {"conserve": str(conserve), "absorbes": [str(absorbe)]}, conserve)
    await essai.accepte(fusion)
    await essai.accepte(depot("usager.defusionne", {"annule": str(fusion.id), "motif": "Erreur."}, conserve))

    tenus = {row["dossier"] for row in await faits(essai.pool, REGISTRE.sceaux) if "Petit" in ecrit(row)}

    assert tenus == {absorbe}


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
