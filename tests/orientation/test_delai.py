"""The six weeks: when they end, who decides before and after, and that the takeover is told once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decision import Attente, Refus
from relais_contrats.territoires import TERRITOIRES, jour_legal
from relais_contrats.v1 import delais
from services.orientation.domain import echeances
from services.orientation.domain.decision import Auteur
from services.orientation.domain.delai import date_echeance, instant_dessaisissement
from services.orientation.domain.dossier import Demande, Dossier
from services.orientation.domain.reglage import Reglage
from tests.orientation.dits import DelaiEcoule, DroitsModifies, ParcoursTransfere, UsagerSignale
from tests.orientation.fabrique import (
    CD,
    CE,
    ECHEANCE,
    FT,
    MIDI,
    ML,
    PARCOURS,
    RECEPTION,
    SANS_REGLAGE,
    Histoire,
    a,
    decide,
    demande,
)

LENDEMAIN = ECHEANCE + timedelta(days=1)


def demandee(reglage: Reglage = SANS_REGLAGE) -> Histoire:
    histoire = Histoire(reglage)
    histoire.accepte(demande())
    return histoire


def test_six_weeks_are_forty_two_days() -> None:
    assert (delais.ORIENTATION.jours, str(delais.ORIENTATION)) == (42, "six semaines")


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.sampled_from(sorted(TERRITOIRES)))
def test_the_delay_ends_when_day_43_begins_in_the_territory(recue_le: date, territoire: str) -> None:
    """Whatever the changes of hour and the 29th of February in between."""
    limite = instant_dessaisissement(Demande(1, territoire, recue_le))

    assert jour_legal(territoire, limite) == recue_le + timedelta(days=43)
    assert (
        jour_legal(territoire, limite - timedelta(microseconds=1))
        == date_echeance(recue_le)
        == recue_le + timedelta(days=42)
    )


@pytest.mark.parametrize(
    ("recue_le", "limite"),
    [
        (date(2026, 2, 20), datetime(2026, 4, 3, 22, tzinfo=UTC)),  # summer time began on 29 March
        (date(2026, 10, 1), datetime(2026, 11, 12, 23, tzinfo=UTC)),  # and ended on 25 October
        (date(2028, 1, 18), datetime(2028, 2, 29, 23, tzinfo=UTC)),  # 29 February is the last day
    ],
)
def test_the_hour_of_paris_is_that_of_the_day_on_which_the_delay_ends(recue_le: date, limite: datetime) -> None:
    assert instant_dessaisissement(Demande(1, "59", recue_le)) == limite


def test_a_decision_received_in_the_last_second_of_day_42_is_in_time() -> None:
    histoire = demandee()

    histoire.accepte(decide(par=CD, recu_a=a(ECHEANCE, 23, 59, 59)))

    assert histoire.dossier.ouverte


def test_a_decision_received_as_day_43_begins_is_late() -> None:
    histoire = demandee()

    refus = histoire.refuse(decide(par=CD, recu_a=a(LENDEMAIN, 0)))

    assert refus.code == "delai-depasse"
    assert refus.details == {"date_reception": "2026-03-02", "date_echeance": "2026-04-13", "recu_le": "2026-04-14"}


def test_a_date_of_decision_within_the_delay_does_not_save_a_late_reception() -> None:
    histoire = demandee()

    refus = histoire.refuse(decide(par=CD, recu_a=a(LENDEMAIN), date_decision=RECEPTION + timedelta(days=1)))

    assert refus.code == "delai-depasse"


def test_a_decision_received_in_time_and_handled_after_the_takeover_still_counts() -> None:
    histoire = demandee()
    histoire.accepte(DelaiEcoule(PARCOURS, 1), a(LENDEMAIN, 0))

    histoire.accepte(decide(par=CD, recu_a=a(ECHEANCE, 23)), a(LENDEMAIN, 1))

    assert histoire.dossier.ouverte


def test_france_travail_decides_once_the_delay_is_over() -> None:
    histoire = demandee()
    histoire.accepte(DelaiEcoule(PARCOURS, 1), a(LENDEMAIN, 0))

    histoire.accepte(decide(par=FT, recu_a=a(LENDEMAIN)))

    assert histoire.dossier.demande is None


def test_france_travail_does_not_decide_before() -> None:
    refus = demandee().refuse(decide(par=FT, recu_a=a(ECHEANCE)))

    assert refus.code == "non-autorise"
    assert refus.details == {"competents": "departement"}


def test_the_departement_stays_late_after_france_travail_has_decided() -> None:
    histoire = demandee()
    histoire.accepte(DelaiEcoule(PARCOURS, 1), a(LENDEMAIN, 0))
    histoire.accepte(decide(par=FT, recu_a=a(LENDEMAIN)))

    refus = histoire.refuse(decide(par=CD, recu_a=a(LENDEMAIN, 13)))

    assert refus.code == "delai-depasse"


def test_a_decision_that_overtakes_the_clock_tells_the_takeover_first() -> None:
    histoire = demandee()

    histoire.accepte(decide(par=FT, recu_a=a(LENDEMAIN, 0)))

    assert histoire.natures()[-2:] == ["OrientationDessaisie", "OrientationDecidee"]
    assert isinstance(histoire.recoit(DelaiEcoule(PARCOURS, 1), a(LENDEMAIN, 1)), Attente)


def test_the_takeover_is_told_once() -> None:
    histoire = demandee()
    histoire.accepte(DelaiEcoule(PARCOURS, 1), a(LENDEMAIN, 0))

    encore = histoire.recoit(DelaiEcoule(PARCOURS, 1), a(LENDEMAIN, 1))

    assert isinstance(encore, Attente)
    assert echeances(histoire.dossier) == []


def test_the_clock_never_runs_ahead() -> None:
    assert isinstance(demandee().recoit(DelaiEcoule(PARCOURS, 1), a(ECHEANCE, 23, 59)), Attente)


def test_a_decision_stops_the_clock() -> None:
    histoire = demandee()

    histoire.accepte(decide(par=CD))

    assert echeances(histoire.dossier) == []


def test_the_clock_waits_for_the_first_instant_of_day_43() -> None:
    [due] = echeances(demandee().dossier)

    assert (due.nature, due.du_a) == ("delai-1", a(LENDEMAIN, 0).astimezone(UTC))


def test_a_transfer_gives_the_new_departement_its_own_six_weeks() -> None:
    histoire = demandee()

    histoire.accepte(ParcoursTransfere(PARCOURS, "62", RECEPTION + timedelta(days=30)))

    [due] = echeances(histoire.dossier)
    assert (due.nature, due.du_a) == ("delai-2", a(LENDEMAIN + timedelta(days=30), 0).astimezone(UTC))
    assert histoire.dossier.departement == "62"


def test_two_requests_received_on_the_same_day_are_two_due_dates() -> None:
    histoire = demandee()
    histoire.accepte(DelaiEcoule(PARCOURS, 1), a(LENDEMAIN, 0))

    histoire.accepte(ParcoursTransfere(PARCOURS, "62", RECEPTION))

    assert [due.nature for due in echeances(histoire.dossier)] == ["delai-2"]


def test_the_end_of_the_right_takes_the_delay_away() -> None:
    histoire = demandee()

    histoire.accepte(DroitsModifies(PARCOURS, "59", False, (MIDI, RECEPTION)))

    assert echeances(histoire.dossier) == []
    assert isinstance(histoire.recoit(decide(par=CD)), Refus)


@pytest.mark.parametrize("auteur", [FT, ML, CE])
def test_others_than_beneficiaries_are_oriented_by_the_employment_services(auteur: Auteur) -> None:
    histoire = Histoire(brsa=False)

    histoire.accepte(decide(par=auteur))

    assert histoire.dossier.ouverte


def test_the_departement_does_not_orient_who_has_no_rsa() -> None:
    assert Histoire(brsa=False).refuse(decide(par=CD)).code == "non-autorise"


def test_a_departement_may_delegate() -> None:
    histoire = demandee(Reglage(delegataires=frozenset({"france-travail"})))

    histoire.accepte(decide(par=FT, recu_a=a(ECHEANCE)))

    assert histoire.dossier.ouverte


def test_a_signalled_right_asks_for_an_orientation_once() -> None:
    histoire = Histoire(brsa=False)
    signale = UsagerSignale(PARCOURS, "59", True, RECEPTION, a(RECEPTION), a(RECEPTION))

    histoire.accepte(signale)
    histoire.accepte(signale)

    assert histoire.natures() == ["DroitConnu", "OrientationDemandee"]


def test_a_right_received_tomorrow_does_not_lengthen_the_delay() -> None:
    histoire = Histoire()

    histoire.accepte(UsagerSignale(PARCOURS, "59", True, RECEPTION + timedelta(days=20), a(RECEPTION), a(RECEPTION)))

    assert histoire.dossier.demandes[0].recue_le == RECEPTION


def ailleurs(territoire: str) -> Histoire:
    """A request received in another territory."""
    histoire = Histoire()
    histoire.dossiers[PARCOURS] = Dossier(PARCOURS, territoire, brsa=True)
    histoire.accepte(demande())
    return histoire


@pytest.mark.parametrize(
    ("territoire", "echue_a"),
    [
        ("971", datetime(2026, 4, 14, 4, tzinfo=UTC)),
        ("974", datetime(2026, 4, 13, 20, tzinfo=UTC)),
        ("975", datetime(2026, 4, 14, 2, tzinfo=UTC)),
        ("976", datetime(2026, 4, 13, 21, tzinfo=UTC)),
    ],
)
def test_the_delay_ends_at_the_midnight_of_the_territory(territoire: str, echue_a: datetime) -> None:
    histoire = ailleurs(territoire)

    [due] = echeances(histoire.dossier)

    assert due.du_a == echue_a


@pytest.mark.parametrize(("territoire", "est_admise"), [("59", False), ("971", True), ("973", True), ("974", False)])
def test_a_decision_of_the_last_evening_is_in_time_where_it_is_still_that_day(
    territoire: str, est_admise: bool
) -> None:
    histoire = ailleurs(territoire)
    soir = datetime(2026, 4, 14, 1, tzinfo=UTC)  # 22:00 of day 42 in Cayenne, 03:00 of day 43 in Paris

    suite = histoire.recoit(decide(recu_a=soir))

    assert isinstance(suite, Refus) is not est_admise
