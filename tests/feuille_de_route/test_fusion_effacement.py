"""Merge, transfer and erasure: two sheets fold into one, what follows is redirected, nothing stays of the erased."""

from datetime import date
from uuid import UUID

import pytest

from tests.feuille_de_route.conftest import Essai
from tests.feuille_de_route.fabrique import (
    AUTRE,
    CD,
    PARCOURS,
    Json,
    Recit,
    action,
    contrat,
    decision,
    depot,
    designation,
    evenement,
    evenement_neuf,
    objectif,
    oriente,
    rendez_vous,
    vue_de,
)

pytestmark = pytest.mark.anyio

MOTIF = "Parcours fusionné avec un autre de la même personne."
TABLES = ("dossiers", "histoire", "feuilles", "prochaines", "fusions", "faits", "echeances", "rebut")


def fusion(conserve: UUID = AUTRE, absorbe: UUID = PARCOURS) -> Json:
    return {"conserve": str(conserve), "absorbes": [str(absorbe)]}


async def test_a_merge_shows_both_sheets_as_one_under_either_name(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.ouvrir(AUTRE)
    await essai.accepte(depot("objectif.ajoute", objectif("o1")), depot("action.ajoutee", action("a1", "o1")))
    await essai.accepte(depot("objectif.ajoute", objectif("o2"), AUTRE))

    await essai.accepte(evenement_neuf("usager.fusionne", fusion(), AUTRE, sequence=3))

    lue = await essai.feuille(PARCOURS)
    assert (lue["parcours"], lue) == (str(AUTRE), await essai.feuille(AUTRE))
    assert [(o["objectif_id"], len(o["actions"])) for o in lue["objectifs"]] == [("o1", 1), ("o2", 0)]


async def test_what_follows_goes_on_from_the_merged_sheet(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.ouvrir(AUTRE)
    await essai.accepte(depot("objectif.ajoute", objectif("o1")), depot("action.ajoutee", action("a1", "o1")))
    await essai.accepte(evenement_neuf("usager.fusionne", fusion(), AUTRE, sequence=3))

    faits = await essai.accepte(
        depot("action.realisee", action("a1", "o1", "realisee"), AUTRE),
        depot("action.ajoutee", action("a2", "o1"), PARCOURS),
    )

    [montre] = (await essai.feuille(AUTRE))["objectifs"]
    assert [fait.agregat for fait in faits] == [AUTRE, AUTRE]
    assert [une["statut"] for une in montre["actions"]] == ["realisee", "prevue"]
    assert await essai.refuse(depot("objectif.ajoute", objectif("o1"), AUTRE)) == "deja-traite"


async def test_two_objects_under_one_key_stay_two(essai: Essai) -> None:
    for parcours in (PARCOURS, AUTRE):
        await essai.ouvrir(parcours)
        await essai.accepte(
            depot("objectif.ajoute", objectif("o1"), parcours), depot("action.ajoutee", action("a1", "o1"), parcours)
        )
    await essai.accepte(evenement_neuf("usager.fusionne", fusion(), AUTRE, sequence=3))
    await essai.accepte(depot("action.realisee", action("a1", "o1", "realisee"), AUTRE))

    montres = (await essai.feuille(AUTRE))["objectifs"]

    assert [[une["statut"] for une in montre["actions"]] for montre in montres] == [["prevue"], ["realisee"]]


async def test_a_late_event_of_an_absorbed_parcours_joins_the_survivor_and_does_not_close_it(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.ouvrir(AUTRE)
    await essai.accepte(evenement_neuf("usager.fusionne", fusion(), AUTRE, sequence=3))

    await essai.accepte(
        evenement_neuf("orientation.decidee", decision()),
        evenement_neuf("parcours.clos", {"date_fin": "2026-05-01", "motif": "Doublon."}, sequence=9),
    )

    lue = await essai.feuille(AUTRE)
    assert (lue["etat"], lue["orientation"]["rang"]) == ("ouverte", 1)


async def test_a_parcours_of_which_nothing_came_is_absorbed_all_the_same(essai: Essai) -> None:
    await essai.ouvrir(AUTRE)
    await essai.accepte(evenement_neuf("usager.fusionne", fusion(), AUTRE, sequence=3))

    await essai.accepte(evenement_neuf("orientation.decidee", decision()))

    assert (await essai.feuille(AUTRE))["orientation"]["rang"] == 1
    assert (await essai.lire("echeances", departement="59"))["echeances"][0]["parcours"] == str(AUTRE)


async def test_what_an_absorbed_parcours_had_due_is_listed_once_under_the_survivor(essai: Essai) -> None:
    await essai.ouvrir(AUTRE)
    await essai.accepte(evenement_neuf("orientation.decidee", decision()))
    avant = await essai.lire("echeances", departement="59")

    await essai.accepte(evenement_neuf("usager.fusionne", fusion(), AUTRE, sequence=3))

    apres = await essai.lire("echeances", departement="59")
    assert {due["parcours"] for due in avant["echeances"]} == {str(PARCOURS)}
    assert [due["parcours"] for due in apres["echeances"]] == [str(AUTRE)] * len(avant["echeances"])


async def test_absorbed_twice_a_parcours_reaches_the_last_survivor(essai: Essai) -> None:
    dernier = UUID("01890000-0000-7000-8000-000000000003")
    await essai.accepte(evenement_neuf("orientation.decidee", decision()))
    await essai.accepte(evenement_neuf("usager.fusionne", fusion(), AUTRE, sequence=3))
    await essai.accepte(evenement_neuf("usager.fusionne", fusion(dernier, AUTRE), dernier, sequence=3))

    lue = await essai.feuille(PARCOURS)

    assert (lue["parcours"], lue["orientation"]["rang"]) == (str(dernier), 1)


def test_the_siblings_tell_again_what_goes_on_and_it_is_shown_once() -> None:
    """Each closes what the absorbed parcours had, and tells it on the survivor, when the merge has reached it."""
    recit = Recit(AUTRE)
    recit.dit("parcours.ouvert")
    for recu in oriente(Recit(PARCOURS)).recus:
        recit.dit(recu.type, dict(recu.donnees), PARCOURS)
    recit.dit("rdv.planifie", rendez_vous(date(2026, 4, 2)), PARCOURS)
    recit.dit("usager.fusionne", fusion())
    recit.dit("referent.termine", {"date_fin": "2026-06-01", "motif": MOTIF}, PARCOURS)
    recit.dit("contrat.clos", {"contrat_id": "ce-1", "date": "2026-06-01", "motif": MOTIF}, PARCOURS)
    recit.dit("contrat.propose", contrat())
    recit.dit("contrat.signe", {"contrat_id": "ce-1", "date_signature": "2026-03-26", "signataires": ["usager"]})
    recit.dit("referent.designe", designation())
    recit.dit("referent.accepte")
    recit.dit("rdv.planifie", rendez_vous(date(2026, 4, 2)))
    recit.dit("orientation.close", {"date_fin": "2026-06-01", "motif": MOTIF}, PARCOURS)
    recit.dit("orientation.decidee", decision())

    vue = recit.vue()

    assert (vue["orientation"]["etat"], vue["contrat"]["etat"], vue["referent"]["etat"]) == (
        "ouverte",
        "signe",
        "actif",
    )
    assert (len(vue["orientations_passees"]), len(vue["rendez_vous"])) == (1, 1)


def test_until_they_do_the_survivor_shows_what_the_absorbed_parcours_had() -> None:
    recus = oriente(Recit(PARCOURS)).recus

    vue = vue_de(recus, AUTRE)

    assert (vue["orientation"]["rang"], vue["referent"]["etat"], vue["contrat"]["etat"]) == (1, "actif", "signe")


async def test_erasure_leaves_nothing_of_the_person(essai: Essai) -> None:
    await essai.accepte(*[evenement(recu) for recu in oriente().recus])
    await essai.accepte(depot("objectif.ajoute", objectif()), depot("action.ajoutee", action(echeance="2026-05-31")))
    await essai.ouvrir(AUTRE)
    await essai.accepte(evenement_neuf("usager.fusionne", fusion(), AUTRE, sequence=3))

    await essai.accepte(evenement_neuf("usager.efface", {"motif": "Demande."}, AUTRE, sequence=4))

    for table in TABLES:
        assert (await essai.compte(table), await essai.compte(table, AUTRE)) == (0, 0), table
    assert await essai.feuille() is None


async def test_what_was_on_its_way_does_not_bring_an_erased_person_back(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.accepte(evenement_neuf("usager.efface", {"motif": "Demande."}, sequence=3))

    await essai.accepte(evenement_neuf("orientation.decidee", decision()))

    assert await essai.compte("histoire") == await essai.compte("dossiers") == 0
    assert await essai.refuse(depot("objectif.ajoute", objectif(), par=CD)) == "parcours-inconnu"


async def test_an_erasure_that_arrives_first_is_kept(essai: Essai) -> None:
    await essai.accepte(
        evenement_neuf("usager.efface", {"motif": "Demande."}), evenement_neuf("orientation.decidee", decision())
    )

    assert await essai.compte("dossiers") == 0
