"""The decision and what follows it: ranks, counter-proposal, notification, réorientation, end."""

from datetime import date, timedelta

import pytest

from relais_contrats.v1.orientation import OrientationDecidee
from services.orientation.domain import echeances
from services.orientation.domain.decision import Auteur, Contestation
from services.orientation.domain.dossier import Etat
from tests.orientation.dits import (
    CloreOrientation,
    DeciderReorientation,
    Message,
    NotifierOrientation,
    ParcoursClos,
    TermeAtteint,
    est,
)
from tests.orientation.fabrique import (
    ASSO,
    CD,
    ECHEANCE,
    FT,
    ML,
    PARCOURS,
    RECEPTION,
    RECUE_A,
    Histoire,
    a,
    decide,
    decision,
    demande,
    reorientation,
)

DEBUT = date(2026, 3, 16)
APRES = DEBUT + timedelta(days=60)
PLUS_TARD = a(APRES)


def oriente() -> Histoire:
    histoire = Histoire()
    histoire.accepte(decide(1, debut=DEBUT))
    return histoire


def reponse(sens: str, *, par: Auteur = CD, nouvelle: bool = True, rang: int = 2) -> Message:
    contenu = decision(rang, APRES, date_decision=APRES, parcours_type="emploi") if nouvelle else None
    return DeciderReorientation(PARCOURS, par, sens, None if nouvelle else "Rien n'a changé.", contenu, PLUS_TARD)


def notification(jour: date, par: Auteur = CD) -> Message:
    return NotifierOrientation(PARCOURS, par, jour, a(jour, 18))


def cloture(jour: date, par: Auteur = CD) -> Message:
    return CloreOrientation(PARCOURS, par, jour, "Emploi durable.", a(jour, 18))


def test_a_first_decision_needs_no_request() -> None:
    assert oriente().dossier.etat is Etat.OUVERTE


def test_a_decision_settles_the_request() -> None:
    histoire = Histoire()
    histoire.accepte(demande())

    histoire.accepte(decide(1))

    assert histoire.dossier.demande is None
    assert histoire.dossier.demandes[0].decidee_le == RECEPTION


def test_a_refused_recommendation_opens_the_counter_proposal() -> None:
    histoire = Histoire()

    histoire.accepte(decide(1, refus=Contestation("manque-capacite-accueil", None), parcours_type="social"))

    assert histoire.dossier.ouverte is not None
    assert histoire.dossier.ouverte.decision.parcours_type == "social"
    assert histoire.dossier.ouverte.contestation == Contestation("manque-capacite-accueil", None)


def test_a_new_decision_closes_the_previous_one_the_day_before() -> None:
    histoire = oriente()

    histoire.accepte(decide(2, debut=APRES, date_decision=APRES, recu_a=PLUS_TARD))

    premiere, seconde = histoire.dossier.orientations
    assert (premiere.fin, premiere.est_close) == (APRES - timedelta(days=1), True)
    assert histoire.dossier.ouverte == seconde


@pytest.mark.parametrize(("rang", "code"), [(1, "version-perimee"), (3, "orientation-prealable-obligatoire")])
def test_ranks_follow_one_another(rang: int, code: str) -> None:
    refus = oriente().refuse(decide(rang, debut=APRES))

    assert (refus.code, refus.details) == (code, {"rang_attendu": 2})


def test_a_first_decision_of_rank_two_lacks_the_orientation_before() -> None:
    assert Histoire().refuse(decide(2)).code == "orientation-prealable-obligatoire"


def test_a_decision_cannot_be_dated_after_its_reception() -> None:
    refus = Histoire().refuse(decide(1, date_decision=RECEPTION + timedelta(days=1)))

    assert (refus.code, refus.pointeur) == ("dates-incoherentes", "/data/date_decision")


def test_a_decision_cannot_precede_the_request_that_it_answers() -> None:
    histoire = Histoire()
    histoire.accepte(demande())

    assert histoire.refuse(decide(1, date_decision=RECEPTION - timedelta(days=1))).code == "dates-incoherentes"


def test_a_decision_about_the_past_leaves_the_request_waiting() -> None:
    histoire = oriente()
    histoire.accepte(cloture(APRES))
    histoire.accepte(demande(APRES))

    histoire.accepte(decide(2, debut=DEBUT - timedelta(days=30), date_decision=APRES, recu_a=PLUS_TARD))

    assert histoire.dossier.demande is not None
    assert histoire.dossier.ouverte is None


def test_a_request_is_refused_while_an_orientation_is_open() -> None:
    assert oriente().refuse(demande(APRES)).code == "etat-interdit"


def test_a_request_is_refused_while_another_waits() -> None:
    histoire = Histoire()
    histoire.accepte(demande())

    assert histoire.refuse(demande(RECEPTION + timedelta(days=1))).code == "deja-traite"


def test_a_new_request_follows_a_closed_orientation() -> None:
    histoire = oriente()
    histoire.accepte(cloture(APRES))

    histoire.accepte(demande(APRES))

    assert histoire.dossier.etat is Etat.EN_ATTENTE


def test_the_decider_and_the_organisme_of_the_decision_may_notify() -> None:
    histoire = Histoire(brsa=False)
    histoire.accepte(decide(1, par=FT, organisme="mission-locale"))

    histoire.accepte(notification(RECEPTION, par=FT))
    histoire.accepte(notification(ECHEANCE, par=ML))

    assert histoire.dossier.ouverte is not None
    assert histoire.dossier.ouverte.notifiee_le == ECHEANCE


@pytest.mark.parametrize("auteur", [FT, ML, ASSO])
def test_nobody_else_notifies_or_closes(auteur: Auteur) -> None:
    assert oriente().refuse(notification(RECEPTION, par=auteur)).code == "non-autorise"
    assert oriente().refuse(cloture(APRES, par=auteur)).code == "non-autorise"


def test_the_same_notification_is_told_once() -> None:
    histoire = oriente()
    histoire.accepte(notification(ECHEANCE))

    assert histoire.refuse(notification(ECHEANCE)).code == "deja-traite"


def test_a_notification_does_not_precede_the_decision() -> None:
    assert oriente().refuse(notification(RECEPTION - timedelta(days=1))).code == "dates-incoherentes"


def test_a_notification_is_not_announced() -> None:
    annonce = NotifierOrientation(PARCOURS, CD, ECHEANCE, RECUE_A)

    assert oriente().refuse(annonce).code == "dates-incoherentes"


def test_without_any_orientation_nothing_is_notified_changed_or_closed() -> None:
    for message in (notification(RECEPTION), reorientation(), reponse("acceptee"), cloture(APRES)):
        assert Histoire().refuse(message).code == "orientation-prealable-obligatoire"


def test_after_its_end_an_orientation_does_not_change() -> None:
    histoire = oriente()
    histoire.accepte(cloture(APRES))

    for message in (notification(APRES), reorientation(), reponse("acceptee"), cloture(APRES)):
        assert histoire.refuse(message).code == "etat-interdit"


def test_an_accepted_reorientation_carries_the_new_decision() -> None:
    histoire = oriente()
    histoire.accepte(reorientation())

    histoire.accepte(reponse("acceptee"))

    assert histoire.natures()[-2:] == ["ReorientationDecidee", "OrientationDecidee"]
    assert histoire.dossier.reorientation is None
    assert [o.rang for o in histoire.dossier.orientations] == [1, 2]


@pytest.mark.parametrize("sens", ["refusee", "maintenue"])
def test_a_reorientation_that_is_not_accepted_changes_nothing(sens: str) -> None:
    histoire = oriente()
    avant = histoire.dossier
    histoire.accepte(reorientation())

    histoire.accepte(reponse(sens, nouvelle=False))

    assert histoire.dossier == avant


def test_a_reorientation_is_decided_on_request() -> None:
    assert oriente().refuse(reponse("acceptee")).code == "etat-interdit"


def test_one_reorientation_is_asked_at_a_time() -> None:
    histoire = oriente()
    histoire.accepte(reorientation())

    assert histoire.refuse(reorientation()).code == "deja-traite"


def test_a_refusal_about_the_new_decision_points_into_it() -> None:
    histoire = oriente()
    histoire.accepte(reorientation())

    refus = histoire.refuse(reponse("acceptee", rang=3))

    assert (refus.code, refus.pointeur) == ("orientation-prealable-obligatoire", "/data/nouvelle_decision/rang")
    assert histoire.dossier.reorientation is not None


def test_a_reorientation_is_decided_by_who_orients() -> None:
    histoire = oriente()
    histoire.accepte(reorientation())

    assert histoire.refuse(reponse("acceptee", par=FT)).code == "non-autorise"


def test_who_decided_may_change_its_decision() -> None:
    histoire = Histoire()
    histoire.accepte(demande())
    histoire.accepte(decide(1, par=FT, recu_a=a(ECHEANCE + timedelta(days=1)), debut=DEBUT))
    histoire.accepte(reorientation(FT))

    histoire.accepte(reponse("acceptee", par=FT))

    assert histoire.dossier.rang == 2


def test_an_orientation_does_not_end_before_it_begins() -> None:
    assert oriente().refuse(cloture(DEBUT - timedelta(days=1))).code == "dates-incoherentes"


def test_an_announced_end_closes_by_itself_the_day_after() -> None:
    histoire = Histoire()
    histoire.accepte(decide(1, debut=DEBUT, date_fin=APRES))
    [due] = echeances(histoire.dossier)

    histoire.accepte(TermeAtteint(PARCOURS, 1), due.du_a)

    assert (due.nature, due.du_a) == ("terme-1", a(APRES + timedelta(days=1), 0))
    assert histoire.dossier.etat is Etat.CLOSE


def test_the_fact_carries_the_end_that_the_hub_found() -> None:
    histoire = oriente()

    [decidee] = histoire.accepte(decide(2, debut=DEBUT - timedelta(days=30)))

    assert est(decidee, OrientationDecidee)
    assert decidee.data.date_fin == DEBUT - timedelta(days=1)


def test_nothing_is_deposited_on_a_closed_parcours() -> None:
    histoire = oriente()
    histoire.accepte(ParcoursClos(PARCOURS, APRES, "Déménagement."))

    for message in (demande(APRES), decide(2), notification(APRES), reorientation(), cloture(APRES)):
        assert histoire.refuse(message).code == "etat-interdit"
