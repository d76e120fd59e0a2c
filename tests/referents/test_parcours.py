"""What the life of the parcours changes here: opening, transfer, end, erasure, and above all merges in any order."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from chassis.decision import Attente
from services.referents.domain.dossier import Dossier, Etat, Issue
from tests.referents import dits as messages
from tests.referents.fabrique import (
    AGENT,
    AUTRE,
    COLLEGUE,
    DEBUT,
    MAINTENANT,
    MISSION,
    PARCOURS,
    Histoire,
    accepte,
    accompagne,
    constate,
    demain,
    designe,
    orientee,
    orientee_suivie,
    planifie,
)

FUSION = messages.UsagerFusionne(AUTRE, "59", (PARCOURS,))
FERMETURE = messages.OrientationClose(PARCOURS, demain(DEBUT, 5))
DEPLACEE = orientee(AUTRE)
ORDRES = list(permutations([FUSION, FERMETURE, DEPLACEE]))


def avec_autre(histoire: Histoire) -> Histoire:
    histoire.dossiers[AUTRE] = Dossier(AUTRE, "59")
    return histoire


def types(suite: Sequence[Any]) -> list[str]:
    return messages.natures(suite)


def test_a_deposit_that_overtakes_the_opening_waits() -> None:
    histoire = Histoire()
    histoire.dossiers.clear()

    assert isinstance(histoire.recoit(designe()), Attente)


def test_an_orientation_opens_the_dossier() -> None:
    histoire = Histoire()
    histoire.dossiers.clear()

    histoire.accepte(orientee())

    assert histoire.natures() == ["DossierOuvert", "OrientationConnue"]


def test_a_transfer_leaves_the_referent_until_the_new_departement_decides() -> None:
    histoire = orientee_suivie()

    histoire.accepte(messages.ParcoursTransfere(PARCOURS, "62"))

    assert histoire.dossier.departement == "62"
    assert histoire.dossier.designation


def test_a_closed_parcours_has_no_referent_any_more() -> None:
    histoire = orientee_suivie()

    histoire.accepte(messages.ParcoursClos(PARCOURS, demain(DEBUT, 9), "Emploi durable."))

    [designation] = histoire.dossier.designations
    assert (designation.issue, designation.fin) == (Issue.CLOTURE, demain(DEBUT, 9))
    assert histoire.refuse(designe()).details == {"etat": "parcours-clos"}


@pytest.mark.parametrize("ordre", ORDRES)
def test_the_referent_follows_the_orientation_that_a_merge_moves(ordre: Sequence[messages.Message]) -> None:
    """Three events of two siblings: whatever comes first, the survivor ends with the référent, active."""
    histoire = avec_autre(orientee_suivie())

    for message in ordre:
        histoire.accepte(message)

    survivant = histoire.dossiers[AUTRE].designation
    assert survivant
    assert (survivant.etat, survivant.affectation.referent) == (Etat.ACTIF, AGENT)
    assert histoire.dossier.designation is None


@pytest.mark.parametrize("ordre", ORDRES)
def test_a_proposal_follows_too_and_stays_one(ordre: Sequence[messages.Message]) -> None:
    histoire = avec_autre(Histoire())
    histoire.accepte(orientee())
    histoire.accepte(designe())

    for message in ordre:
        histoire.accepte(message)

    survivant = histoire.dossiers[AUTRE].designation
    assert survivant
    assert survivant.etat is Etat.PROPOSE


def test_a_survivor_that_has_its_referent_keeps_it() -> None:
    histoire = avec_autre(orientee_suivie())
    for message in (orientee(AUTRE), designe(AUTRE, referent=COLLEGUE), accepte(AUTRE)):
        histoire.accepte(message)

    suite = histoire.accepte(FUSION)

    survivant = histoire.dossiers[AUTRE].designation
    assert types(suite) == ["DossierAbsorbe", "ReferentTermine"]
    assert survivant
    assert survivant.affectation.referent == COLLEGUE


def test_a_referent_of_another_structure_does_not_follow() -> None:
    histoire = avec_autre(orientee_suivie())
    histoire.accepte(orientee(AUTRE, structure=MISSION))

    histoire.accepte(FUSION)

    assert histoire.dossiers[AUTRE].designations == ()


def test_a_follow_up_ended_long_before_a_merge_does_not_come_back() -> None:
    histoire = avec_autre(orientee_suivie())
    histoire.accepte(FERMETURE)
    histoire.accepte(FUSION)

    histoire.accepte(orientee(AUTRE, debut=demain(DEBUT, 200), decidee_le=demain(DEBUT, 190)))

    assert histoire.dossiers[AUTRE].designations == ()


def test_followers_and_appointments_go_on_for_the_survivor() -> None:
    histoire = avec_autre(Histoire())
    for message in (accompagne(), planifie(), planifie(rdv_id="rdv-2"), constate(rdv_id="rdv-2")):
        histoire.accepte(message)

    suite = histoire.accepte(FUSION)

    survivant = histoire.dossiers[AUTRE]
    assert types(suite) == ["DossierAbsorbe", "RdvRepris", "AccompagnantAjoute", "RdvPlanifie"]
    assert len(survivant.accompagnants) == 1
    assert {suivi.rdv_id for suivi in survivant.rendez_vous} == {"rdv-1", "rdv-2"}


def test_what_both_have_the_survivor_has_once() -> None:
    histoire = avec_autre(Histoire())
    for message in (accompagne(), planifie(), accompagne(AUTRE), planifie(AUTRE, modalite="visio")):
        histoire.accepte(message)

    suite = histoire.accepte(FUSION)

    [suivi] = histoire.dossiers[AUTRE].rendez_vous
    assert types(suite) == ["DossierAbsorbe"]
    assert suivi.rendez_vous.modalite == "visio"


def test_a_parcours_may_be_absorbed_before_anything_is_known_of_it() -> None:
    histoire = Histoire()
    histoire.dossiers.clear()

    histoire.accepte(FUSION)

    assert histoire.dossiers[PARCOURS].absorbe_par == AUTRE


def test_a_repeated_merge_changes_nothing() -> None:
    histoire = avec_autre(orientee_suivie())
    histoire.accepte(FUSION)

    assert histoire.accepte(FUSION) == []


def test_two_absorbed_parcours_leave_one_referent() -> None:
    troisieme = UUID("01890000-0000-7000-8000-000000000003")
    histoire = avec_autre(orientee_suivie())
    histoire.dossiers[troisieme] = Dossier(troisieme, "59")
    for message in (orientee(troisieme), designe(troisieme, referent=COLLEGUE), DEPLACEE):
        histoire.accepte(message)

    histoire.accepte(messages.UsagerFusionne(AUTRE, "59", (PARCOURS, troisieme)), MAINTENANT)

    [designation] = histoire.dossiers[AUTRE].designations
    assert designation.affectation.referent == AGENT
