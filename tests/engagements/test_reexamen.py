"""The re-examination of a social parcours: six or twelve months, told once, and what begins the next period."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.engagements.domain import echeances, reexamen
from services.engagements.domain.contenu import Bilan
from services.engagements.domain.reexamen import ReexamenPrevu
from tests.engagements import dits as messages
from tests.engagements.dits import ReexamenDu, selon
from tests.engagements.fabrique import (
    DECISION,
    NOTIFICATION,
    PARCOURS,
    PARIS,
    Histoire,
    a,
    engage,
    oriente,
    propose,
    signe,
)

SIX_MOIS, DOUZE_MOIS = date(2026, 9, 16), date(2027, 3, 16)


def diagnostic(le: date = NOTIFICATION, **criteres: Any) -> messages.Message:
    return messages.DiagnosticRealise(PARCOURS, "59", criteres, le)


def due(histoire: Histoire) -> date | None:
    return reexamen.date_echeance(histoire.dossier)


def test_a_social_parcours_is_looked_at_again_after_six_months() -> None:
    histoire = engage()

    racontes = histoire.sonner(a(SIX_MOIS, 0))

    assert racontes == [ReexamenDu(PARCOURS, "59", DECISION, SIX_MOIS, 6, None)]


def test_nothing_is_due_the_evening_before_and_nothing_is_told_twice() -> None:
    histoire = engage()

    la_veille = histoire.sonner(a(SIX_MOIS - timedelta(days=1), 23, 59))
    histoire.sonner(a(SIX_MOIS, 0))

    assert la_veille == []
    assert histoire.sonner(a(SIX_MOIS + timedelta(days=400))) == []


@pytest.mark.parametrize("parcours_type", ["emploi", "socio-professionnel"])
def test_other_parcours_have_none(parcours_type: str) -> None:
    histoire = Histoire()
    histoire.accepte(oriente(parcours_type=parcours_type))

    assert echeances(histoire.dossier) == []


@pytest.mark.parametrize(
    ("criteres", "cause"),
    [
        ({"contrainte_sante": "impact-fort-recherche-emploi"}, "sante"),
        ({"capacite_a_travailler": False}, "sante"),
        ({"boe": True}, "handicap"),
        ({"contrainte_logement": "sans-logement"}, "logement"),
        ({"contrainte_familiale": "enfant-sans-solution-garde"}, "famille"),
        ({"contrainte_sante": "impact-faible-recherche-emploi"}, None),
        ({"capacite_a_travailler": True, "boe": False, "contrainte_mobilite": "aucun-moyen-de-transport"}, None),
    ],
)
def test_a_difficulty_of_the_diagnostic_gives_twelve_months(criteres: dict[str, Any], cause: str | None) -> None:
    histoire = engage()

    histoire.accepte(diagnostic(**criteres))

    assert reexamen.cause(histoire.dossier) == cause
    assert due(histoire) == (DOUZE_MOIS if cause else SIX_MOIS)


@pytest.mark.parametrize(
    ("motif", "cause"), [("garde-enfant", "famille"), ("handicap", "handicap"), ("activite", None), ("autre", None)]
)
def test_so_does_an_exemption_of_the_contract(motif: str, cause: str | None) -> None:
    histoire = Histoire()
    histoire.accepte(oriente(), propose(motif_dispense=motif))

    assert (reexamen.cause(histoire.dossier), due(histoire)) == (cause, DOUZE_MOIS if cause else SIX_MOIS)


def test_only_what_lengthens_the_delay_is_kept_of_a_diagnostic() -> None:
    histoire = engage()

    histoire.accepte(diagnostic(projet_pro="salariat", contrainte_logement="sans-logement"))

    assert histoire.dossier.criteres == {"contrainte_logement": "sans-logement"}


def test_the_last_word_of_the_diagnostic_counts() -> None:
    histoire = engage()
    histoire.accepte(diagnostic(contrainte_logement="sans-logement"), diagnostic(contrainte_logement="aucune"))

    assert due(histoire) == SIX_MOIS


def test_once_told_the_date_does_not_move() -> None:
    histoire = engage()
    histoire.sonner(a(SIX_MOIS, 0))

    histoire.accepte(diagnostic(NOTIFICATION, boe=True))

    assert (reexamen.cause(histoire.dossier), due(histoire)) == ("handicap", SIX_MOIS)


@pytest.mark.parametrize(
    "regard",
    [
        diagnostic(SIX_MOIS + timedelta(days=5)),
        messages.ReorientationDecidee(PARCOURS, "59", SIX_MOIS + timedelta(days=5)),
        messages.FaireBilan(
            PARCOURS, "ce-1", Bilan(SIX_MOIS + timedelta(days=5), ("Point.",)), a(SIX_MOIS + timedelta(days=6))
        ),
    ],
)
def test_a_look_at_the_situation_begins_the_next_period(regard: messages.Message) -> None:
    histoire = engage()
    histoire.sonner(a(SIX_MOIS, 0))

    histoire.accepte(regard)

    assert due(histoire) == date(2027, 3, 21)
    assert len(echeances(histoire.dossier)) == 1


def test_a_look_in_the_month_before_counts_and_an_earlier_one_does_not() -> None:
    tot, a_temps = engage(), engage()

    tot.accepte(diagnostic(date(2026, 8, 15)))
    a_temps.accepte(diagnostic(date(2026, 8, 16)))

    assert (due(tot), due(a_temps)) == (SIX_MOIS, date(2027, 2, 16))


def test_a_new_social_orientation_begins_its_own_period() -> None:
    histoire = engage()

    histoire.accepte(oriente(date(2026, 6, 30)))

    assert due(histoire) == date(2026, 12, 30)


def test_leaving_the_social_parcours_ends_it() -> None:
    histoire = engage()

    histoire.accepte(oriente(date(2026, 6, 30), "emploi"))

    assert due(histoire) is None


def test_the_day_begins_in_paris_on_either_side_of_a_change_of_hour() -> None:
    histoire = engage()

    [echeance] = echeances(histoire.dossier)
    histoire.accepte(diagnostic(boe=True))
    [plus_tard] = echeances(histoire.dossier)

    assert [e.du_a.astimezone(PARIS).hour for e in (echeance, plus_tard)] == [0, 0]
    assert [e.du_a.hour for e in (echeance, plus_tard)] == [22, 23]


def test_the_siblings_are_told_the_date_when_it_is_known_and_when_it_moves() -> None:
    histoire = Histoire()
    histoire.accepte(oriente(), diagnostic(boe=True), diagnostic(boe=True), diagnostic(boe=False))

    prevus = [fait.data.date_echeance for fait in selon(histoire.faits, ReexamenPrevu)]
    assert prevus == [SIX_MOIS, DOUZE_MOIS, SIX_MOIS]


def test_the_date_is_told_after_what_stays_here_and_before_what_partners_hear() -> None:
    histoire = Histoire()
    histoire.dossiers.clear()

    ouverte = histoire.accepte(oriente())
    histoire.accepte(messages.ReferentChange(PARCOURS, "59", engage().dossier.referent), propose(), signe())
    changee = histoire.accepte(oriente(SIX_MOIS))

    assert messages.natures(ouverte) == ["DossierOuvert", "OrientationSuivie", "ReexamenPrevu"]
    assert messages.natures(changee) == ["OrientationSuivie", "ReexamenPrevu", "ContratAResigner"]


def test_a_signature_does_not_move_it() -> None:
    histoire = Histoire()
    histoire.accepte(oriente(), messages.ReferentChange(PARCOURS, "59", engage().dossier.referent), propose())
    avant = due(histoire)

    histoire.accepte(signe())

    assert due(histoire) == avant
