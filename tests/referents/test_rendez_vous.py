"""Appointments and followers: what may be told of them, when, and once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decision import Refus
from services.referents.domain.dossier import Statut
from services.referents.domain.rendez_vous import est_a_confirmer
from tests.referents import dits as messages
from tests.referents.fabrique import (
    COLLEGUE,
    DEBUT,
    MISSION,
    PARCOURS,
    POLE,
    RECU_A,
    Histoire,
    accompagne,
    constate,
    demain,
    orientee,
    planifie,
    rendez_vous,
)

ANNULE = messages.AnnulerRdv(PARCOURS, rendez_vous(statut=Statut.ANNULE, annule_par="usager"))
MODIFIE = messages.ModifierRdv(PARCOURS, rendez_vous(modalite="telephone"))
UNE_HEURE = timedelta(hours=1)


def prevu(debut: datetime = RECU_A) -> Histoire:
    histoire = Histoire()
    histoire.accepte(planifie(debut=debut))
    return histoire


def statut(histoire: Histoire) -> Statut:
    [suivi] = histoire.dossier.rendez_vous
    return suivi.statut


# Two years around a 29th of February: both changes of hour fall in it, one instant of October is told twice.
instants = st.integers(0, 730 * 24 * 60).map(lambda m: datetime(2027, 9, 1, tzinfo=UTC) + timedelta(minutes=m))


@given(instants, instants)
def test_an_appointment_is_told_as_kept_once_it_has_begun(debut: datetime, recu_a: datetime) -> None:
    histoire = prevu(debut)

    suite = histoire.recoit(constate(debut=debut, recu_a=recu_a))

    assert isinstance(suite, Refus) is (debut > recu_a)


@pytest.mark.parametrize("statut_", [Statut.HONORE, Statut.NON_HONORE])
def test_a_future_appointment_is_neither_kept_nor_missed(statut_: Statut) -> None:
    refus = prevu(RECU_A + UNE_HEURE).refuse(constate(debut=RECU_A + UNE_HEURE, recu_a=RECU_A, statut=statut_))

    assert (refus.code, refus.pointeur) == ("dates-incoherentes", "/data/debut")


def test_the_second_half_past_two_of_october_comes_after_the_first() -> None:
    premier = datetime.fromisoformat("2026-10-25T02:30:00+02:00")
    second = datetime.fromisoformat("2026-10-25T02:30:00+01:00")

    refus = prevu(second).refuse(constate(debut=second, recu_a=premier))

    assert refus.code == "dates-incoherentes"


def test_a_finding_is_corrected_and_not_repeated() -> None:
    histoire = prevu()
    histoire.accepte(constate())

    repete = histoire.refuse(constate())
    histoire.accepte(constate(statut=Statut.NON_HONORE))

    assert (repete.code, statut(histoire)) == ("deja-traite", Statut.NON_HONORE)


def test_a_key_names_one_appointment() -> None:
    refus = prevu().refuse(planifie(debut=RECU_A + UNE_HEURE))

    assert (refus.code, refus.pointeur) == ("deja-traite", "/data/rdv_id")


@pytest.mark.parametrize("message", [ANNULE, MODIFIE, constate()])
def test_what_was_never_planned_is_not_changed(message: messages.Message) -> None:
    refus = Histoire().refuse(message)

    assert (refus.code, refus.details) == ("etat-interdit", {"attendu": "rdv.planifie"})


@pytest.mark.parametrize("message", [ANNULE, MODIFIE, constate()])
def test_a_cancelled_appointment_stays_cancelled(message: messages.Message) -> None:
    histoire = prevu()
    histoire.accepte(ANNULE)

    assert histoire.refuse(message).code == "deja-traite"


@pytest.mark.parametrize("message", [ANNULE, MODIFIE])
def test_a_kept_appointment_is_neither_moved_nor_cancelled(message: messages.Message) -> None:
    histoire = prevu()
    histoire.accepte(constate())

    assert histoire.refuse(message).code == "deja-traite"


def test_a_closed_parcours_takes_no_new_appointment_but_hears_of_those_it_had() -> None:
    histoire = prevu()
    histoire.accepte(messages.ParcoursClos(PARCOURS, DEBUT, "Emploi durable."))

    refus = histoire.refuse(planifie(rdv_id="rdv-2"))
    histoire.accepte(constate())

    assert (refus.code, statut(histoire)) == ("etat-interdit", Statut.HONORE)


def test_a_new_orientation_cancels_no_appointment_and_asks_for_a_confirmation() -> None:
    histoire = Histoire()
    histoire.accepte(orientee())
    histoire.accepte(planifie())

    histoire.accepte(orientee(rang=2, debut=demain(DEBUT, 30), structure=MISSION))

    [suivi] = histoire.dossier.rendez_vous
    assert (suivi.statut, est_a_confirmer(histoire.dossier, suivi)) == (Statut.PLANIFIE, True)


def test_an_appointment_told_again_is_confirmed() -> None:
    histoire = Histoire()
    for message in (orientee(), planifie(), orientee(rang=2, debut=demain(DEBUT, 30)), MODIFIE):
        histoire.accepte(message)

    [suivi] = histoire.dossier.rendez_vous

    assert not est_a_confirmer(histoire.dossier, suivi)


def retire(date_fin: date = DEBUT, agent: str = COLLEGUE.identifiant_agent) -> messages.Message:
    return messages.RetirerAccompagnant(PARCOURS, agent, MISSION, date_fin, None, datetime(2026, 12, 1, tzinfo=UTC))


def test_followers_are_as_many_as_partners_add() -> None:
    histoire = Histoire()

    histoire.accepte(accompagne())
    histoire.accepte(accompagne(structure=POLE))

    assert len(histoire.dossier.accompagnants) == 2


def test_a_follower_is_added_once_and_may_come_back() -> None:
    histoire = Histoire()
    histoire.accepte(accompagne())

    refus = histoire.refuse(accompagne())
    histoire.accepte(retire())
    histoire.accepte(accompagne())

    assert refus.code == "deja-traite"
    assert [accompagnant.fin for accompagnant in histoire.dossier.accompagnants] == [DEBUT, None]


def test_who_never_followed_is_not_withdrawn() -> None:
    histoire = Histoire()
    histoire.accepte(accompagne())

    assert histoire.refuse(retire(agent="AG-9999")).code == "referent-inconnu"


def test_a_follower_is_withdrawn_once() -> None:
    histoire = Histoire()
    histoire.accepte(accompagne())
    histoire.accepte(retire())

    assert histoire.refuse(retire()).code == "deja-traite"


def test_a_follower_does_not_leave_before_it_came() -> None:
    histoire = Histoire()
    histoire.accepte(accompagne())

    assert histoire.refuse(retire(demain(DEBUT, -1))).code == "dates-incoherentes"


def test_the_appointment_that_is_told_is_the_one_that_is_kept() -> None:
    histoire = prevu()
    lieu = "Unité territoriale d'Exempleville"

    histoire.accepte(messages.ModifierRdv(PARCOURS, rendez_vous(lieu=lieu)))

    assert histoire.dossier.rendez_vous[0].rendez_vous.lieu == lieu
