"""The delays in simulated time: months of 28 to 31 days, changes of hour, 29 February; each is told once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decision import Attente, Refus
from relais_contrats.territoires import TERRITOIRES, jour_legal
from relais_contrats.v1.delais import decaler
from services.engagements.domain import echeances
from services.engagements.domain.delai import apres_le, date_de_signature_due
from services.engagements.domain.dossier import Dossier, Issue
from tests.engagements import dits as messages
from tests.engagements.dits import EngagementRetard
from tests.engagements.fabrique import (
    ECHEANCE,
    NOTIFICATION,
    PARCOURS,
    Histoire,
    a,
    accompagne,
    engage,
    notifie,
    oriente,
    propose,
    referent,
    refuse,
    signe,
    suspend,
)

UN_JOUR = timedelta(days=1)
jours = st.dates(date(2020, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("notifiee_le", "due_le"),
    [
        (date(2026, 3, 18), date(2026, 4, 18)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2028, 1, 29), date(2028, 2, 29)),
        (date(2027, 1, 29), date(2027, 2, 28)),
        (date(2028, 2, 29), date(2028, 3, 29)),
        (date(2026, 3, 31), date(2026, 4, 30)),
        (date(2026, 2, 28), date(2026, 3, 28)),
        (date(2026, 12, 31), date(2027, 1, 31)),
    ],
)
def test_a_month_ends_on_the_same_day_or_on_the_last(notifiee_le: date, due_le: date) -> None:
    assert date_de_signature_due(notifiee_le) == due_le


@given(jours, st.integers(-24, 36))
def test_months_are_counted_on_the_calendar(jour: date, mois: int) -> None:
    decale = decaler(jour, mois)

    assert (decale.year * 12 + decale.month) - (jour.year * 12 + jour.month) == mois
    assert decale.day == jour.day or (decale.day < jour.day and (decale + UN_JOUR).day == 1)


@given(jours, st.sampled_from(sorted(TERRITOIRES)))
def test_the_month_is_over_when_the_next_day_begins_in_the_territory(notifiee_le: date, territoire: str) -> None:
    """Whatever the changes of hour and the 29th of February in between."""
    limite = apres_le(territoire, date_de_signature_due(notifiee_le))

    assert jour_legal(territoire, limite) == date_de_signature_due(notifiee_le) + UN_JOUR
    assert jour_legal(territoire, limite - timedelta(microseconds=1)) == date_de_signature_due(notifiee_le)


@pytest.mark.parametrize(
    ("notifiee_le", "limite"),
    [
        (date(2026, 3, 10), datetime(2026, 4, 10, 22, tzinfo=UTC)),  # summer time began on 29 March
        (date(2026, 10, 10), datetime(2026, 11, 10, 23, tzinfo=UTC)),  # and ended on 25 October
        (date(2026, 2, 28), datetime(2026, 3, 28, 23, tzinfo=UTC)),  # the day of the change has not begun
    ],
)
def test_the_hour_of_paris_is_that_of_the_day_on_which_the_month_ends(notifiee_le: date, limite: datetime) -> None:
    histoire = Histoire()
    histoire.accepte(oriente(notifiee_le, "emploi"), notifie(notifiee_le))

    [due] = echeances(histoire.dossier)

    assert (due.nature, due.du_a) == ("signature-1", limite)


def test_a_month_without_signature_is_told_once() -> None:
    histoire = accompagne()

    racontes = histoire.sonner(a(ECHEANCE + timedelta(days=90)))

    assert racontes == [EngagementRetard(PARCOURS, "59", None, NOTIFICATION, ECHEANCE)]


def test_the_contract_that_waits_is_named() -> None:
    histoire = accompagne()
    histoire.accepte(propose(), refuse())

    [retard] = histoire.sonner(a(ECHEANCE + UN_JOUR, 0))

    assert retard == EngagementRetard(PARCOURS, "59", "ce-1", NOTIFICATION, ECHEANCE)


def test_nothing_is_late_in_the_last_second_of_the_month() -> None:
    histoire = accompagne()

    assert histoire.sonner(a(ECHEANCE, 23, 59, 59)) == []
    assert isinstance(histoire.recoit(messages.MoisEcoule(PARCOURS, 1), a(ECHEANCE, 23, 59, 59)), Attente)


def test_a_new_notification_starts_the_month_again() -> None:
    histoire = accompagne()
    histoire.accepte(notifie(NOTIFICATION + timedelta(days=20)))

    racontes = histoire.sonner(a(ECHEANCE + timedelta(days=5)))

    assert racontes == []
    assert [delai.issue for delai in histoire.dossier.delais] == [Issue.REMPLACEE, None]


def test_a_new_decision_interrupts_the_month_until_its_own_notification() -> None:
    histoire = accompagne()
    histoire.accepte(oriente(NOTIFICATION + timedelta(days=10), "emploi"))

    assert echeances(histoire.dossier) == []
    assert histoire.dossier.delai is None


def test_a_decision_about_the_past_does_not_interrupt_it() -> None:
    histoire = accompagne()

    histoire.accepte(oriente(date(2025, 1, 1), "emploi"))

    assert histoire.dossier.delai is not None


def test_a_signature_on_the_last_day_is_in_time_and_on_the_next_late() -> None:
    a_temps, en_retard = accompagne(), accompagne()

    a_temps.accepte(propose(), signe(ECHEANCE))
    en_retard.accepte(propose(), signe(ECHEANCE + UN_JOUR))

    assert [h.dossier.contrats[0].est_hors_delai for h in (a_temps, en_retard)] == [False, True]


def test_a_signature_in_time_told_after_the_month_is_not_late() -> None:
    histoire = accompagne()
    histoire.accepte(propose())
    histoire.sonner(a(ECHEANCE + timedelta(days=3)))

    histoire.accepte(signe(ECHEANCE, recu_a=a(ECHEANCE + timedelta(days=4))))

    assert histoire.dossier.contrats[0].est_hors_delai is False
    assert histoire.dossier.delais[0].est_en_retard


def test_a_signature_stops_the_clock() -> None:
    histoire = engage()

    assert [due.nature.partition("-")[0] for due in echeances(histoire.dossier)] == ["reexamen"]
    assert histoire.dossier.delais[0].issue is Issue.SIGNEE


@pytest.mark.parametrize("le", [NOTIFICATION - UN_JOUR, ECHEANCE, ECHEANCE + UN_JOUR])
def test_a_notification_heard_of_after_the_signature_makes_the_same_state(le: date) -> None:
    dans_l_ordre, apres = Histoire(), Histoire()
    dans_l_ordre.accepte(oriente(), notifie(), referent(), propose(), signe(le))

    apres.accepte(oriente(), referent(), propose(), signe(le), notifie())

    # But for the month that each deposit found.
    assert replace(apres.dossier, etapes=()) == replace(dans_l_ordre.dossier, etapes=())
    assert apres.dossier.contrats[0].est_hors_delai is (le > ECHEANCE)
    assert echeances(apres.dossier) == echeances(dans_l_ordre.dossier)


def test_a_suspended_contract_is_signed_too() -> None:
    histoire = Histoire()
    histoire.accepte(oriente(), referent(), propose(), signe(NOTIFICATION), suspend(ECHEANCE), notifie())

    assert histoire.sonner(a(ECHEANCE + UN_JOUR)) == []
    assert histoire.dossier.delais[0].issue is Issue.SIGNEE


def test_a_notification_of_a_reorientation_during_the_suspension_opens_its_month() -> None:
    histoire = engage()
    histoire.accepte(suspend(ECHEANCE), oriente(ECHEANCE, "emploi"), notifie(ECHEANCE))

    assert histoire.dossier.delai is not None


def test_the_end_of_the_orientation_takes_the_month_away() -> None:
    histoire = accompagne()

    histoire.accepte(messages.OrientationClose(PARCOURS, "59"))

    assert echeances(histoire.dossier) == []
    assert histoire.dossier.delais[0].issue is Issue.CLOSE


@pytest.mark.parametrize(
    ("territoire", "due_a"),
    [
        ("59", datetime(2026, 4, 18, 22, tzinfo=UTC)),
        ("972", datetime(2026, 4, 19, 4, tzinfo=UTC)),
        ("974", datetime(2026, 4, 18, 20, tzinfo=UTC)),
    ],
)
def test_the_month_ends_at_the_midnight_of_the_territory(territoire: str, due_a: datetime) -> None:
    histoire = Histoire()
    histoire.dossiers[PARCOURS] = Dossier(PARCOURS, territoire)
    histoire.accepte(oriente(parcours_type="emploi"), notifie(date(2026, 3, 18)), referent())

    [due] = echeances(histoire.dossier)

    assert due.du_a == due_a


@pytest.mark.parametrize(("territoire", "est_admise"), [("59", False), ("974", True), ("971", False)])
def test_a_signature_is_not_dated_after_the_day_on_which_it_is_received_there(
    territoire: str, est_admise: bool
) -> None:
    histoire = Histoire()
    histoire.dossiers[PARCOURS] = Dossier(PARCOURS, territoire)
    histoire.accepte(oriente(), notifie(), referent(), propose())
    matin = datetime(2026, 3, 24, 20, 30, tzinfo=UTC)  # half past midnight of the 25th on La Réunion

    suite = histoire.recoit(signe(date(2026, 3, 25), recu_a=matin))

    assert isinstance(suite, Refus) is not est_admise
