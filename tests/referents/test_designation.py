"""The référent unique: proposed, accepted or declined, replaced in one step, ended by a partner or the orientation."""

from dataclasses import replace
from datetime import date

import pytest

from chassis.decision import Attente
from services.referents.domain.dossier import Dossier, Etat, Issue
from tests.referents import dits as messages
from tests.referents.fabrique import (
    AGENT,
    COLLEGUE,
    DEBUT,
    MISSION,
    PARCOURS,
    POLE,
    Histoire,
    accepte,
    demain,
    designe,
    orientee,
    orientee_suivie,
    remplace,
    termine,
)

DECLINE = messages.DeclinerReferent(PARCOURS, "Portefeuille complet.")
APRES = demain(DEBUT, 60)


def oriente() -> Histoire:
    histoire = Histoire()
    histoire.accepte(orientee())
    return histoire


def etats(dossier: Dossier) -> list[Etat]:
    return [designation.etat for designation in dossier.designations]


def test_a_designation_is_a_proposal_until_it_is_accepted() -> None:
    histoire = oriente()

    histoire.accepte(designe())
    avant = etats(histoire.dossier)
    histoire.accepte(accepte())

    assert (avant, etats(histoire.dossier)) == ([Etat.PROPOSE], [Etat.ACTIF])


def test_without_an_orientation_nobody_is_designated() -> None:
    assert Histoire().refuse(designe()).code == "orientation-prealable-obligatoire"


def test_a_closed_orientation_designates_nobody() -> None:
    histoire = oriente()
    histoire.accepte(messages.OrientationClose(PARCOURS, APRES))

    assert histoire.refuse(designe()).code == "orientation-prealable-obligatoire"


def test_the_structure_is_the_one_of_the_orientation() -> None:
    refus = oriente().refuse(designe(structure=MISSION))

    assert (refus.code, refus.pointeur) == ("referent-incoherent", "/data/structure")
    assert refus.details == {"structure_attendue": "local:pole-insertion-lille"}


def test_another_name_of_the_same_structure_is_no_other_structure() -> None:
    histoire = oriente()

    histoire.accepte(designe(structure=replace(POLE, nom="PI Lille")))

    assert histoire.dossier.designation


@pytest.mark.parametrize(("debut", "fin"), [(demain(DEBUT, -1), None), (demain(APRES), APRES)])
def test_the_follow_up_begins_within_the_orientation(debut: date, fin: date | None) -> None:
    histoire = Histoire()
    histoire.accepte(orientee(fin=fin))

    refus = histoire.refuse(designe(debut=debut))

    assert (refus.code, refus.pointeur) == ("dates-incoherentes", "/data/date_debut")


@pytest.mark.parametrize("est_accepte", [False, True])
def test_nothing_is_proposed_beside_a_designation_in_force(est_accepte: bool) -> None:
    histoire = oriente()
    histoire.accepte(designe())
    if est_accepte:
        histoire.accepte(accepte())

    refus = histoire.refuse(designe(referent=COLLEGUE))

    assert refus.code == "etat-interdit"
    assert refus.details == {"etat": "actif" if est_accepte else "propose", "attendu": "referent.remplace"}


@pytest.mark.parametrize("message", [designe(structure=MISSION), remplace(DEBUT, demain(DEBUT), structure=MISSION)])
def test_a_refusal_waits_for_the_decision_that_may_be_on_its_way(message: messages.Message) -> None:
    histoire = orientee_suivie()

    attente = histoire.recoit(message)

    assert isinstance(attente, Attente) and attente.sinon
    assert histoire.refuse(message) == attente.sinon


def test_a_declined_proposal_leaves_the_place_free() -> None:
    histoire = oriente()
    histoire.accepte(designe())

    histoire.accepte(DECLINE)
    histoire.accepte(designe(referent=COLLEGUE))

    assert etats(histoire.dossier) == [Etat.DECLINE, Etat.PROPOSE]


def test_what_was_accepted_is_not_declined() -> None:
    refus = orientee_suivie().refuse(DECLINE)

    assert (refus.code, refus.details["attendu"]) == ("etat-interdit", "referent.termine")


@pytest.mark.parametrize("message", [accepte(), DECLINE, termine(DEBUT)])
def test_an_answer_to_nothing_names_an_unknown_referent(message: messages.Message) -> None:
    assert oriente().refuse(message).code == "referent-inconnu"


@pytest.mark.parametrize("message", [accepte(), DECLINE, termine(DEBUT)])
def test_an_answer_to_a_declined_proposal_comes_too_late(message: messages.Message) -> None:
    histoire = oriente()
    histoire.accepte(designe())
    histoire.accepte(DECLINE)

    assert histoire.refuse(message).code == "deja-traite"


def test_an_acceptance_is_given_once() -> None:
    assert orientee_suivie().refuse(accepte()).code == "deja-traite"


def test_a_replacement_ends_one_and_opens_the_other_in_one_fact() -> None:
    histoire = orientee_suivie()

    suite = histoire.accepte(remplace(APRES, demain(APRES)))

    ancienne, nouvelle = histoire.dossier.designations
    assert messages.natures(suite) == ["ReferentRemplace"]
    assert (ancienne.issue, ancienne.fin) == (Issue.REMPLACEE, APRES)
    assert (nouvelle.etat, nouvelle.affectation.referent) == (Etat.ACTIF, COLLEGUE)


def test_the_replacement_of_a_proposal_is_a_proposal() -> None:
    histoire = oriente()
    histoire.accepte(designe())

    histoire.accepte(remplace(DEBUT, demain(DEBUT)))

    assert etats(histoire.dossier) == [Etat.TERMINE, Etat.PROPOSE]


def test_nobody_is_replaced_when_nobody_follows() -> None:
    assert oriente().refuse(remplace(DEBUT, demain(DEBUT))).code == "referent-obligatoire"


def test_the_replacement_keeps_the_structure_of_the_orientation() -> None:
    refus = orientee_suivie().refuse(remplace(DEBUT, demain(DEBUT), structure=MISSION))

    assert (refus.code, refus.pointeur) == ("referent-incoherent", "/data/nouveau/structure")


def test_the_new_referent_begins_after_the_former_one() -> None:
    refus = orientee_suivie().refuse(remplace(APRES, APRES))

    assert (refus.code, refus.pointeur) == ("dates-incoherentes", "/data/nouveau/date_debut")


@pytest.mark.parametrize("message", [termine(demain(DEBUT, -1)), remplace(demain(DEBUT, -1), APRES)])
def test_a_follow_up_does_not_end_before_it_began(message: messages.Message) -> None:
    refus = orientee_suivie().refuse(message)

    assert (refus.code, refus.pointeur) == ("dates-incoherentes", "/data/date_fin")


def test_a_proposal_may_be_withdrawn_before_it_begins() -> None:
    histoire = oriente()
    histoire.accepte(designe(debut=APRES))

    histoire.accepte(termine(DEBUT))

    [retiree] = histoire.dossier.designations
    assert (retiree.etat, retiree.fin) == (Etat.TERMINE, demain(APRES, -1))


def test_after_an_end_announced_in_advance_the_next_one_begins_later() -> None:
    histoire = orientee_suivie()
    histoire.accepte(termine(APRES))

    refus = histoire.refuse(designe(debut=APRES, referent=COLLEGUE))
    histoire.accepte(designe(debut=demain(APRES), referent=COLLEGUE))

    assert (refus.code, refus.details) == ("dates-incoherentes", {"premier_jour_libre": demain(APRES).isoformat()})


def test_a_new_decision_ends_the_follow_up_the_day_before() -> None:
    histoire = orientee_suivie()

    suite = histoire.accepte(orientee(rang=2, debut=APRES, structure=MISSION))

    [ancienne] = histoire.dossier.designations
    assert messages.natures(suite) == ["OrientationConnue", "ReferentTermine"]
    assert (ancienne.issue, ancienne.fin) == (Issue.ORIENTATION, demain(APRES, -1))


def test_a_new_decision_towards_the_same_structure_ends_it_too() -> None:
    histoire = orientee_suivie()

    histoire.accepte(orientee(rang=2, debut=APRES))

    assert histoire.dossier.designation is None


def test_a_new_decision_overtakes_a_proposal() -> None:
    histoire = oriente()
    histoire.accepte(designe())

    histoire.accepte(orientee(rang=2, debut=APRES, structure=MISSION))

    assert etats(histoire.dossier) == [Etat.TERMINE]


def test_a_follow_up_that_had_not_begun_leaves_its_days_free() -> None:
    histoire = oriente()
    histoire.accepte(designe(debut=APRES))
    histoire.accepte(accepte())
    histoire.accepte(orientee(rang=2, debut=demain(DEBUT, 10), structure=MISSION))

    histoire.accepte(designe(debut=demain(DEBUT, 10), structure=MISSION, referent=COLLEGUE))

    assert histoire.dossier.designations[0].fin == demain(APRES, -1)


def test_a_decision_about_the_past_changes_nobody() -> None:
    histoire = orientee_suivie()

    histoire.accepte(orientee(rang=2, debut=demain(DEBUT, -40), fin=demain(DEBUT, -10), structure=MISSION))

    designation, ouverte = histoire.dossier.designation, histoire.dossier.ouverte
    assert designation
    assert designation.affectation.referent == AGENT
    assert ouverte
    assert ouverte.rang == 1


def test_the_end_of_the_orientation_is_the_end_of_the_follow_up() -> None:
    histoire = orientee_suivie()

    histoire.accepte(messages.OrientationClose(PARCOURS, APRES))

    [ancienne] = histoire.dossier.designations
    assert (ancienne.issue, ancienne.fin) == (Issue.ORIENTATION, APRES)
