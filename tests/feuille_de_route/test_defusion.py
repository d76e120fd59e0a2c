"""A merge that is undone: two sheets again, each with what was written under its own name, rebuilt alike."""

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest

from services.dossiers.rejouer import rejouer
from services.feuille_de_route.store.dossiers import REGISTRE
from tests.feuille_de_route.conftest import Essai
from tests.feuille_de_route.fabrique import (
    AUTRE,
    PARCOURS,
    action,
    depot,
    evenement_neuf,
    objectif,
    rendez_vous,
)

pytestmark = pytest.mark.anyio

DEPOT = UUID("01890000-0000-7000-8000-00000000d001")


async def fusionner(essai: Essai) -> UUID:
    fusion = evenement_neuf("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE, sequence=3)
    await essai.accepte(replace(fusion, cause=DEPOT))
    return fusion.id


async def defusionner(essai: Essai, fusion: UUID) -> None:
    dit = {"annule": str(DEPOT), "causes": [str(fusion)]}
    annulee = dit | {"motif": "Erreur.", "rendus": [str(PARCOURS)]}
    await essai.accepte(
        evenement_neuf("usager.defusionne", annulee, AUTRE, sequence=4),
        evenement_neuf("parcours.rendu", dit, PARCOURS, sequence=3),
    )


async def deux(essai: Essai) -> list[object]:
    return [await essai.feuille(parcours) for parcours in (PARCOURS, AUTRE)]


async def remplir(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.ouvrir(AUTRE)
    await essai.accepte(depot("objectif.ajoute", objectif("o1")), depot("action.ajoutee", action("a1", "o1")))
    await essai.accepte(depot("objectif.ajoute", objectif("o2"), AUTRE))


async def test_each_sheet_is_as_before(essai: Essai) -> None:
    await remplir(essai)
    avant = await deux(essai)
    fusion = await fusionner(essai)
    repris = evenement_neuf("rdv.planifie", rendez_vous(date(2026, 4, 2)), AUTRE)
    await essai.accepte(replace(repris, cause=fusion))

    await defusionner(essai, fusion)

    assert await deux(essai) == avant
    assert (await rejouer(essai.pool, REGISTRE)).differents == []
    assert await essai.lire("defusion", depot=str(DEPOT)) == {"etat": "faite"}


async def test_what_was_written_since_goes_to_whose_name_it_was_given_under(essai: Essai) -> None:
    await remplir(essai)
    siens = [f"cd-59/{nom}@{PARCOURS.hex}" for nom in ("o3", "a3")]
    fusion = await fusionner(essai)
    await essai.accepte(
        depot("objectif.ajoute", objectif(siens[0]), AUTRE), depot("action.ajoutee", action(siens[1], siens[0]), AUTRE)
    )
    await essai.accepte(depot("objectif.ajoute", objectif("o4"), AUTRE))

    await defusionner(essai, fusion)
    await essai.accepte(depot("action.realisee", action(siens[1], siens[0], "realisee"), PARCOURS))

    sien, autre = await essai.feuille(PARCOURS), await essai.feuille(AUTRE)
    assert [o["objectif_id"] for o in sien["objectifs"]] == ["o1", siens[0]]
    assert [a["statut"] for a in sien["objectifs"][1]["actions"]] == ["realisee"]
    assert [o["objectif_id"] for o in autre["objectifs"]] == ["o2", "o4"]
    assert await essai.refuse(depot("objectif.modifie", objectif(siens[0]), AUTRE)) == "etat-interdit"
    assert (await rejouer(essai.pool, REGISTRE)).differents == []


async def test_what_had_been_merged_with_it_before_is_part_of_it_again(essai: Essai) -> None:
    troisieme = UUID("01890000-0000-7000-8000-000000000003")
    await remplir(essai)
    await essai.ouvrir(troisieme)
    premiere = {"conserve": str(PARCOURS), "absorbes": [str(troisieme)]}
    await essai.accepte(replace(evenement_neuf("usager.fusionne", premiere, sequence=3), cause=uuid4()))
    fusion = await fusionner(essai)

    dit = {"annule": str(DEPOT), "causes": [str(fusion)], "motif": "Erreur.", "rendus": [str(PARCOURS)]}
    await essai.accepte(
        evenement_neuf("usager.defusionne", dit, AUTRE, sequence=4),
        evenement_neuf("parcours.rendu", dit, PARCOURS, sequence=4),
    )

    assert (await essai.feuille(troisieme))["parcours"] == str(PARCOURS)
    assert (await rejouer(essai.pool, REGISTRE)).differents == []


async def test_they_may_be_merged_again(essai: Essai) -> None:
    await remplir(essai)
    siens = f"cd-59/o3@{PARCOURS.hex}"
    fusion = await fusionner(essai)
    await essai.accepte(depot("objectif.ajoute", objectif(siens), AUTRE))
    await defusionner(essai, fusion)
    encore = {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}

    await essai.accepte(replace(evenement_neuf("usager.fusionne", encore, AUTRE, sequence=5), cause=uuid4()))

    lue = await essai.feuille(PARCOURS)
    assert lue["parcours"] == str(AUTRE)
    assert sorted(o["objectif_id"] for o in lue["objectifs"]) == [siens, "o1", "o2"]
    assert (await rejouer(essai.pool, REGISTRE)).differents == []


async def test_what_is_told_too_late_of_an_object_that_was_given_back_goes_where_it_is(essai: Essai) -> None:
    await remplir(essai)
    await defusionner(essai, await fusionner(essai))
    siens = f"cd-59/rdv-1@{PARCOURS.hex}"

    await essai.accepte(evenement_neuf("rdv.planifie", rendez_vous(date(2026, 4, 2), rdv_id=siens), AUTRE))

    montres = [(await essai.feuille(parcours))["rendez_vous"] for parcours in (PARCOURS, AUTRE)]
    assert [[rdv["rdv_id"] for rdv in rdvs] for rdvs in montres] == [[siens], []]
    assert (await rejouer(essai.pool, REGISTRE)).differents == []
