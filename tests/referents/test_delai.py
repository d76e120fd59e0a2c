"""What is expected within thirty days of a decision: which appointment is the first one, on which local day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from relais_contrats.territoires import jour_legal
from services.referents.domain.delai import date_echeance, premier_rdv_le, referent_le
from services.referents.domain.dossier import Statut
from tests.referents.fabrique import (
    COLLEGUE,
    DEBUT,
    DECISION,
    MISSION,
    PARCOURS,
    RECU_A,
    Histoire,
    a,
    constate,
    demain,
    designe,
    orientee,
    orientee_suivie,
    planifie,
    remplace,
)

VENUE = demain(DEBUT, 4)
A_MIDI = a(VENUE)


def rencontre(histoire: Histoire, debut: datetime = A_MIDI, **autres: Any) -> None:
    histoire.accepte(planifie(debut=debut, **autres))
    histoire.accepte(constate(debut=debut, recu_a=debut + timedelta(hours=1), **autres))


def premier(histoire: Histoire) -> date | None:
    ouverte = histoire.dossier.ouverte
    assert ouverte
    return premier_rdv_le(histoire.dossier, ouverte)


def oriente(**autres: Any) -> Histoire:
    histoire = Histoire()
    histoire.accepte(orientee(**autres))
    return histoire


@pytest.mark.parametrize(
    ("decidee_le", "dernier"),
    [
        (date(2026, 1, 30), date(2026, 3, 1)),
        (date(2028, 1, 30), date(2028, 2, 29)),
        (date(2026, 3, 1), date(2026, 3, 31)),
    ],
)
def test_thirty_days_are_days_of_the_calendar(decidee_le: date, dernier: date) -> None:
    assert date_echeance(decidee_le) == dernier


@pytest.mark.parametrize(
    ("debut", "jour"),
    [
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), date(2026, 3, 29)),  # winter time, half an hour past midnight
        (datetime(2026, 3, 29, 22, 30, tzinfo=UTC), date(2026, 3, 30)),  # summer time began that day
        (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), date(2026, 10, 25)),  # and ended on this one
    ],
)
def test_the_day_of_an_appointment_is_the_one_of_paris(debut: datetime, jour: date) -> None:
    histoire = oriente()

    rencontre(histoire, debut)

    assert premier(histoire) == jour == jour_legal("59", debut)


def test_the_first_appointment_is_the_earliest_that_was_kept() -> None:
    histoire = oriente()
    rencontre(histoire, a(demain(VENUE, 3)), rdv_id="rdv-2")

    rencontre(histoire)

    assert premier(histoire) == VENUE


def test_an_appointment_of_orientation_is_not_a_first_appointment() -> None:
    histoire = oriente()

    rencontre(histoire, motif="orientation")

    assert premier(histoire) is None


def test_an_appointment_before_the_decision_does_not_count() -> None:
    histoire = Histoire()
    rencontre(histoire, a(demain(DECISION, -1)))

    histoire.accepte(orientee())

    assert premier(histoire) is None


def test_an_appointment_of_a_former_orientation_does_not_count_for_the_new_one() -> None:
    histoire = oriente()
    histoire.accepte(planifie(debut=a(demain(DEBUT, 40))))
    histoire.accepte(orientee(rang=2, debut=demain(DEBUT, 30), structure=MISSION, decidee_le=demain(DEBUT, 20)))

    histoire.accepte(constate(debut=a(demain(DEBUT, 40)), recu_a=a(demain(DEBUT, 41))))

    assert premier(histoire) is None


def test_an_appointment_that_was_missed_is_awaited_again() -> None:
    histoire = oriente()
    histoire.accepte(planifie(debut=RECU_A))

    histoire.accepte(constate(debut=RECU_A, statut=Statut.NON_HONORE))

    assert premier(histoire) is None


def test_the_first_referent_counts_and_not_the_one_that_replaced_it() -> None:
    histoire = orientee_suivie()
    histoire.accepte(remplace(VENUE, demain(VENUE)))

    assert referent_le(histoire.dossier, histoire.dossier.orientations[0]) == DEBUT


def test_a_proposal_is_no_referent_yet() -> None:
    histoire = oriente()

    histoire.accepte(designe(referent=COLLEGUE))

    assert referent_le(histoire.dossier, histoire.dossier.orientations[0]) is None


@pytest.mark.parametrize(
    ("territoire", "debut", "jour"),
    [
        ("971", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), date(2026, 3, 28)),
        ("974", datetime(2026, 3, 28, 20, 30, tzinfo=UTC), date(2026, 3, 29)),
    ],
)
def test_the_day_of_an_appointment_overseas_is_the_one_of_the_territory(
    territoire: str, debut: datetime, jour: date
) -> None:
    histoire = oriente()
    histoire.dossiers[PARCOURS] = replace(histoire.dossier, departement=territoire)

    rencontre(histoire, debut)

    assert premier(histoire) == jour
