"""The life of a prescription: who answers what, when, and what time does to those that nobody answers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from chassis.decision import Refus
from relais_contrats.territoires import debut_du_jour
from relais_contrats.v1 import offres as contrat
from services.dossiers.vie import Situation
from services.offres.domain import REGLES
from services.offres.domain.dossier import Dossier, Etat
from services.offres.domain.prescription import RAISON_ETUDE_SANS_SUITE, RAISON_SANS_REPONSE, echeances
from tests.offres.prescripteurs import (
    AUTRE,
    CD,
    CODE,
    JOUR,
    PARCOURS,
    Histoire,
    a,
    clos,
    emettre,
    emise,
    fusionne,
    le,
    ouvert,
    suite,
    temps,
)

_ANSWERS = [Etat.A_L_ETUDE, Etat.ACCEPTEE, Etat.REFUSEE]


def test_a_prescription_names_a_live_service() -> None:
    [fait] = Histoire().accepte(emettre())

    assert isinstance(fait.data, contrat.PrescriptionEmise)
    assert fait.garde.service.siret == "90000083700014"


def test_an_unknown_service_and_a_withdrawn_one_are_refused_apart() -> None:
    histoire = Histoire()
    histoire.retire(CODE.id, JOUR)

    assert histoire.refuse(emettre(service="ailleurs--x")) == "service-inconnu"
    assert histoire.refuse(emettre(service=CODE.id)) == "service-retire"


def test_a_key_names_one_prescription_of_the_parcours() -> None:
    assert emise().refuse(emettre(service=CODE.id)) == "deja-traite"


@pytest.mark.parametrize("first", [Etat.ACCEPTEE, Etat.REFUSEE])
@pytest.mark.parametrize("second", _ANSWERS)
def test_what_was_answered_is_not_answered_again(first: Etat, second: Etat) -> None:
    histoire = emise()
    histoire.accepte(suite(first, 2))

    assert histoire.refuse(suite(second, 3)) == "deja-traite"


def test_a_refusal_says_why() -> None:
    with pytest.raises(ValidationError):
        suite(Etat.REFUSEE, 1, motifs=[])


def test_only_its_emitter_cancels_it() -> None:
    histoire = emise()

    assert histoire.refuse(suite(Etat.ANNULEE, 1)) == "non-autorise"
    histoire.accepte(suite(Etat.ANNULEE, 1, par=CD))
    assert histoire.la().etat is Etat.ANNULEE


def test_a_participation_begins_once_accepted_and_ends_once_begun() -> None:
    histoire = emise()

    assert histoire.refuse(suite(Etat.COMMENCEE, 1)) == "etat-interdit"
    histoire.accepte(suite(Etat.ACCEPTEE, 1))
    assert histoire.refuse(suite(Etat.TERMINEE, 2)) == "etat-interdit"
    histoire.accepte(suite(Etat.COMMENCEE, 3))
    histoire.accepte(suite(Etat.TERMINEE, 40))
    assert (histoire.la().etat, histoire.la().issue, histoire.la().fin_le) == (Etat.TERMINEE, "accomplie", le(40))


@pytest.mark.parametrize("days", [-1, 6])
def test_an_answer_is_dated_between_the_emission_and_today(days: int) -> None:
    assert emise().refuse(suite(Etat.ACCEPTEE, 5, date=le(days))) == "dates-incoherentes"


def test_nobody_answers_two_reminders_then_day_thirty() -> None:
    histoire = emise()

    histoire.attend(le(90))

    assert histoire.relances() == [(1, le(10)), (2, le(20))]
    assert [(fait.date, fait.raison) for fait in histoire.expirations()] == [(le(30), RAISON_SANS_REPONSE)]


def test_time_says_nothing_of_an_erased_person() -> None:
    """The clock read its due date before the erasure took it away."""
    situation = Situation(emise().dossier, est_oublie=True)

    assert REGLES.decider(situation, temps(), a(le(30))) == Refus("parcours-inconnu", "/subject")


def test_studied_it_expires_on_day_sixty_with_five_reminders_in_all() -> None:
    histoire = emise()
    histoire.attend(le(15))
    histoire.accepte(suite(Etat.A_L_ETUDE, 15))

    histoire.attend(le(90))

    assert [rang for rang, _ in histoire.relances()] == [1, 2, 3, 4, 5]
    assert [(fait.date, fait.raison) for fait in histoire.expirations()] == [(le(60), RAISON_ETUDE_SANS_SUITE)]


@pytest.mark.parametrize(("vers", "last_day"), [(Etat.EMISE, 29), (Etat.A_L_ETUDE, 59)])
def test_the_last_day_to_answer_is_the_eve_of_the_expiry(vers: Etat, last_day: int) -> None:
    in_time, late = emise(), emise()
    for histoire in (in_time, late):
        if vers is Etat.A_L_ETUDE:
            histoire.accepte(suite(vers, 1))

    in_time.accepte(suite(Etat.ACCEPTEE, last_day))

    assert late.refuse(suite(Etat.ACCEPTEE, last_day + 1)) == "delai-depasse"


@pytest.mark.parametrize("vers", [Etat.ACCEPTEE, Etat.REFUSEE])
def test_an_answer_stops_the_clock(vers: Etat) -> None:
    histoire = emise()
    histoire.accepte(suite(vers, 5))

    histoire.attend(le(90))

    assert histoire.relances() == []
    assert histoire.expirations() == []


def test_of_the_reminders_missed_while_nothing_ran_the_last_one_is_told() -> None:
    histoire = emise()

    histoire.recoit(temps(), a(le(27)))

    assert histoire.relances() == [(2, le(20))]


def test_days_are_those_of_paris_through_a_change_of_hour() -> None:
    histoire = emise()  # 2 March, winter; day 30 is 1 April, summer

    histoire.recoit(temps(), a(le(30), 0) - timedelta(seconds=1))
    before = histoire.expirations()
    histoire.recoit(temps(), a(le(30), 0))

    assert before == []
    assert [fait.date for fait in histoire.expirations()] == [le(30)]


def test_the_end_of_the_parcours_expires_what_waits_and_leaves_what_was_accepted() -> None:
    histoire = emise()
    histoire.accepte(emettre("p-2", CODE.id))
    histoire.accepte(suite(Etat.ACCEPTEE, 1, "p-2"))

    histoire.recoit(clos(le(2)), a(le(2)))

    assert (histoire.la().etat, histoire.la("p-2").etat) == (Etat.EXPIREE, Etat.ACCEPTEE)
    histoire.accepte(suite(Etat.COMMENCEE, 3, "p-2"))
    assert histoire.refuse(emettre("p-3")) == "etat-interdit"


def test_a_merge_brings_the_prescriptions_along_and_ends_those_whose_key_is_taken() -> None:
    histoire = emise()
    histoire.recoit(ouvert(AUTRE))
    histoire.accepte(emettre(parcours=AUTRE))
    histoire.accepte(emettre("p-2", parcours=AUTRE))

    histoire.recoit(fusionne(PARCOURS, AUTRE), a(le(1)))

    assert [(p.prescription_id, p.numero) for p in histoire.dossier.prescriptions] == [("p-1", 1), ("p-2", 2)]
    assert [fait.parcours for fait in histoire.dits(contrat.PrescriptionExpiree)] == [AUTRE]
    assert histoire.dossiers[AUTRE].absorbe_par == PARCOURS
    assert [due.agregat for dossier in histoire.dossiers.values() for due in echeances(dossier)] == [PARCOURS] * 2


@pytest.mark.parametrize(
    ("territoire", "emise_le"), [("971", date(2026, 3, 9)), ("59", date(2026, 3, 10)), ("974", date(2026, 3, 10))]
)
def test_a_prescription_is_emitted_on_the_day_that_it_is_in_the_territory(territoire: str, emise_le: date) -> None:
    histoire = Histoire()
    histoire.dossiers[PARCOURS] = Dossier(PARCOURS, territoire)
    nuit = datetime(2026, 3, 10, 0, 30, tzinfo=UTC)

    histoire.accepte(replace(emettre(), recu_a=nuit))

    assert histoire.la().emise_le == emise_le
    assert echeances(histoire.dossier)[0].du_a == debut_du_jour(territoire, histoire.la().prochaine_date)
