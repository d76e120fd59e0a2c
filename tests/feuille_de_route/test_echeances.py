"""What falls due, of every kind: from when, until when, and in which order."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relais_contrats.v1.delais import decaler
from tests.feuille_de_route.fabrique import (
    AUTRE,
    JOUR,
    PARCOURS,
    Json,
    Recit,
    action,
    contrat,
    decision,
    designation,
    natures,
    objectif,
    oriente,
    prescription,
    reexamen,
    rendez_vous,
)


def due(vue: Json, nature: str) -> Any:
    """The day of the one deadline of that nature, None without any."""
    trouvees = [une["date_echeance"] for une in vue["echeances"] if une["nature"] == nature]
    assert len(trouvees) <= 1
    return trouvees[0] if trouvees else None


def test_a_request_is_decided_within_six_weeks() -> None:
    recit = Recit()
    recit.dit("orientation.demandee", {"date_reception": "2026-03-02"})
    attendue = recit.vue()
    recit.dit("orientation.decidee", decision())

    assert due(attendue, "decision") == attendue["demande"]["date_echeance"] == date(2026, 4, 13)
    assert due(recit.vue(), "decision") is None
    assert "demande" not in recit.vue()


def test_past_the_delay_the_decision_is_still_awaited_from_france_travail() -> None:
    recit = Recit()
    recit.dit("orientation.demandee", {"date_reception": "2026-03-02"})
    recit.dit("orientation.dessaisie", {"date_reception": "2026-03-02", "date_echeance": "2026-04-13"})

    assert recit.vue()["demande"]["etat"] == "dessaisie"
    assert natures(recit.vue()) == ["decision"]


def test_what_the_former_departement_had_to_do_ends_with_a_transfer() -> None:
    recit = Recit()
    recit.dit("orientation.demandee", {"date_reception": "2026-03-02"})
    recit.dit("parcours.transfere", {"departement_nouveau": "62", "date_effet": "2026-03-20"})
    transfere = recit.vue()
    recit.dit("orientation.demandee", {"date_reception": "2026-03-20"})

    assert ("demande" in transfere, natures(transfere)) == (False, [])
    assert due(recit.vue(), "decision") == date(2026, 5, 1)


def test_the_month_to_sign_opens_again_with_the_notification_of_the_new_departement() -> None:
    recit = Recit()
    recit.dit("orientation.decidee", decision())
    recit.dit("orientation.notifiee", {"date_notification": "2026-03-18"})
    recit.dit("parcours.transfere", {"departement_nouveau": "62", "date_effet": "2026-03-20"})
    transfere = recit.vue()
    recit.dit("orientation.notifiee", {"date_notification": "2026-03-25"})

    assert due(transfere, "signature") is None
    assert due(recit.vue(), "signature") == date(2026, 4, 25)


def test_the_contract_is_signed_within_the_month_of_the_notification() -> None:
    recit = Recit()
    recit.dit("orientation.decidee", decision())
    sans = recit.vue()
    recit.dit("orientation.notifiee", {"date_notification": "2026-03-18"})
    avec = recit.vue()
    recit.dit("contrat.propose", contrat())
    propose = recit.vue()
    recit.dit("contrat.signe", {"contrat_id": "ce-1", "date_signature": "2026-04-20", "signataires": ["usager"]})

    assert due(sans, "signature") is None
    assert due(avec, "signature") == due(propose, "signature") == date(2026, 4, 18)
    assert due(recit.vue(), "signature") is None
    assert recit.vue()["contrat"]["hors_delai"] is True


def test_a_new_notification_opens_a_new_month() -> None:
    recit = oriente()
    recit.dit("orientation.decidee", decision(2, debut=date(2026, 6, 1)))
    recit.dit("orientation.notifiee", {"date_notification": "2026-06-03"})

    assert due(recit.vue(), "signature") == date(2026, 7, 3)


@pytest.mark.parametrize(
    ("jour", "mois", "attendu"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 3, 16), 12, date(2027, 3, 16)),
    ],
)
def test_months_are_calendar_months(jour: date, mois: int, attendu: date) -> None:
    assert decaler(jour, mois) == attendu


def test_a_social_parcours_is_examined_again_on_the_day_that_is_told() -> None:
    recit = Recit()
    recit.dit("orientation.decidee", decision(parcours_type="social"))
    avant = due(recit.vue(), "reexamen")
    recit.dit("reexamen.prevu", reexamen(date(2026, 9, 16)))
    prevu = due(recit.vue(), "reexamen")
    recit.dit("reexamen.prevu", reexamen(date(2027, 3, 16)))

    assert (avant, prevu, due(recit.vue(), "reexamen")) == (None, date(2026, 9, 16), date(2027, 3, 16))


@pytest.mark.parametrize("parcours_type", ["social", "emploi"])
def test_the_examination_of_the_orientation_before_is_not_shown(parcours_type: str) -> None:
    recit = Recit()
    recit.dit("orientation.decidee", decision(parcours_type="social"))
    recit.dit("reexamen.prevu", reexamen(date(2026, 9, 16)))
    recit.dit("orientation.decidee", decision(2, date(2026, 6, 1), parcours_type=parcours_type))

    assert due(recit.vue(), "reexamen") is None


def test_after_a_merge_the_examination_is_that_of_the_one_who_goes_on() -> None:
    recit = Recit()
    recit.dit("orientation.decidee", decision(parcours_type="social"), AUTRE)
    recit.dit("reexamen.prevu", reexamen(date(2026, 9, 16)), AUTRE)
    recit.dit("usager.fusionne", {"conserve": str(PARCOURS), "absorbes": [str(AUTRE)]})
    fusionne = due(recit.vue(), "reexamen")
    recit.dit("orientation.decidee", decision(parcours_type="social"))
    redite = due(recit.vue(), "reexamen")
    recit.dit("reexamen.prevu", reexamen(date(2026, 9, 16)))

    assert (fusionne, redite, due(recit.vue(), "reexamen")) == (date(2026, 9, 16), None, date(2026, 9, 16))


@given(st.lists(st.sampled_from(["social", "emploi", "prevu"]), max_size=8), st.randoms(use_true_random=False))
def test_the_examination_shown_is_the_last_one_told_for_the_open_orientation(
    histoire: list[str], hasard: Random
) -> None:
    recit, attendu, rang = Recit(), None, 0
    for le, quoi in enumerate(histoire):
        if quoi == "prevu":
            recit.dit("reexamen.prevu", reexamen(JOUR + timedelta(days=180 + le)))
            attendu = JOUR + timedelta(days=180 + le)
        else:
            rang += 1
            recit.dit("orientation.decidee", decision(rang, JOUR + timedelta(days=le), parcours_type=quoi))
            ouverte, attendu = quoi, None
    hasard.shuffle(recit.recus)

    assert due(recit.vue(), "reexamen") == (attendu if rang and ouverte == "social" else None)


def test_the_first_appointment_is_due_until_it_is_held() -> None:
    recit = Recit()
    recit.dit("orientation.decidee", decision())
    a_prendre = due(recit.vue(), "premier-rendez-vous")
    recit.dit("rdv.planifie", rendez_vous(date(2026, 3, 25)))
    pris = due(recit.vue(), "premier-rendez-vous")
    recit.dit("rdv.constate", rendez_vous(date(2026, 3, 25), "non-honore"))
    manque = due(recit.vue(), "premier-rendez-vous")
    recit.dit("rdv.planifie", rendez_vous(date(2026, 4, 2), rdv_id="rdv-2"))
    recit.dit("rdv.constate", rendez_vous(date(2026, 4, 2), "honore", rdv_id="rdv-2"))

    assert (a_prendre, pris, manque) == (date(2026, 4, 15), date(2026, 3, 25), date(2026, 4, 15))
    assert due(recit.vue(), "premier-rendez-vous") is None


def test_the_day_of_an_appointment_is_that_of_paris() -> None:
    recit = Recit()
    recit.dit("orientation.decidee", decision())
    recit.dit("rdv.planifie", rendez_vous(JOUR) | {"debut": "2026-03-25T23:30:00Z"})

    assert due(recit.vue(), "premier-rendez-vous") == date(2026, 3, 26)


@pytest.mark.parametrize(
    ("territoire", "jour"), [("59", date(2026, 3, 26)), ("971", date(2026, 3, 25)), ("974", date(2026, 3, 26))]
)
def test_the_day_of_an_appointment_is_that_of_the_territory(territoire: str, jour: date) -> None:
    recit = Recit(departement=territoire)
    recit.dit("parcours.ouvert")
    recit.dit("orientation.decidee", decision())
    recit.dit("rdv.planifie", rendez_vous(JOUR) | {"debut": "2026-03-25T23:30:00Z"})

    assert due(recit.vue(), "premier-rendez-vous") == jour


def test_dated_promises_fall_due_once_signed() -> None:
    recit = Recit()
    recit.dit("orientation.decidee", decision())
    recit.dit("contrat.propose", contrat())
    avant = due(recit.vue(), "engagement")
    recit.dit("contrat.signe", {"contrat_id": "ce-1", "date_signature": "2026-03-20", "signataires": ["usager"]})

    assert (avant, due(recit.vue(), "engagement")) == (None, date(2026, 9, 30))


@pytest.mark.parametrize(
    ("type_", "donnees"),
    [
        ("action.realisee", action(statut="realisee", echeance="2026-05-31")),
        ("action.abandonnee", action(statut="abandonnee", echeance="2026-05-31")),
        ("objectif.clos", objectif(statut="atteint")),
        ("participation.terminee", {"prescription_id": "p-1", "date": "2026-05-01", "issue": "accomplie"}),
        ("parcours.clos", {"date_fin": "2026-05-01", "motif": "Emploi durable."}),
    ],
)
def test_an_action_is_due_until_it_or_what_it_serves_is_over(type_: str, donnees: Json) -> None:
    recit = Recit()
    recit.dit("objectif.ajoute", objectif())
    recit.dit("action.ajoutee", action(echeance="2026-05-31", prescription_id="p-1"))
    recit.dit("prescription.emise", prescription())
    avant = due(recit.vue(), "action")

    recit.dit(type_, donnees)

    assert (avant, due(recit.vue(), "action")) == (date(2026, 5, 31), None)


def test_deadlines_are_sorted_by_date_then_by_nature() -> None:
    recit = oriente()
    le_meme_jour = (JOUR + timedelta(days=30)).isoformat()
    recit.dit("objectif.ajoute", objectif())
    recit.dit("action.ajoutee", action("a2", echeance="2026-12-31"))
    recit.dit("action.ajoutee", action("a1", echeance=le_meme_jour))

    assert natures(recit.vue()) == ["action", "premier-rendez-vous", "engagement", "fin-contrat", "action"]


def sanction(type_: str = "susp-rsa", **autres: Any) -> Json:
    return {"sanction_id": "s-1", "nature": "n65", "rang": "r1", "type": type_, "duree_mois": 2} | autres


def test_a_proposed_sanction_is_instructed_within_fifteen_days() -> None:
    recit = oriente()
    recit.dit("sanction.proposee", sanction(date_proposition="2026-05-04"))
    proposee = due(recit.vue(), "sanction")
    recit.dit("sanction.decidee", sanction(date_notification="2026-05-12"))
    decidee = recit.vue()
    recit.dit("sanction.levee", {"sanction_id": "s-1", "date_effet": "2026-05-20", "motif": "Reprise."})

    assert proposee == date(2026, 5, 19)
    assert (due(decidee, "sanction"), due(decidee, "fin-suspension")) == (None, date(2026, 7, 12))
    assert due(recit.vue(), "fin-suspension") is None


def test_a_proposed_sanction_that_is_withdrawn_is_not_awaited() -> None:
    recit = oriente()
    recit.dit("sanction.proposee", sanction("radiation", date_proposition="2026-05-04"))
    recit.dit("sanction.levee", {"sanction_id": "s-1", "date_effet": "2026-05-06", "motif": "Erreur."})

    assert due(recit.vue(), "sanction") is None


def test_a_referent_is_awaited_while_the_open_orientation_has_none() -> None:
    recit = Recit()
    avant = due(recit.vue(), "referent") if recit.recus else None
    recit.dit("orientation.decidee", decision())
    orientee = due(recit.vue(), "referent")
    recit.dit("referent.designe", designation())
    proposee = due(recit.vue(), "referent")
    recit.dit("referent.decline", {"motif": "Charge."})

    assert (avant, orientee, proposee) == (None, JOUR, None)
    assert due(recit.vue(), "referent") == JOUR


def test_an_ambiguous_parcours_waits_for_somebody_to_say_whose_it_is() -> None:
    recit = Recit(departement="971")
    recit.dit("parcours.ouvert")
    recit.dit("usager.ambigu", {"candidats": [], "motifs": []})
    ambigu = due(recit.vue(), "ambiguite")
    recit.dit("usager.rapproche", {"decision": "personne-nouvelle"})

    assert ambigu == JOUR
    assert due(recit.vue(), "ambiguite") is None


def test_the_end_of_the_contract_and_of_its_suspension_are_announced() -> None:
    recit = oriente()
    en_vigueur = due(recit.vue(), "fin-contrat")
    recit.dit("contrat.suspendu", {"contrat_id": "ce-1", "date": "2026-05-10", "motif": "Cessation d'inscription."})
    suspendu = recit.vue()
    recit.dit("contrat.repris", {"contrat_id": "ce-1", "date": "2026-06-10", "motif": "Réinscription."})

    assert en_vigueur == date(2026, 9, 30)
    assert (due(suspendu, "fin-contrat"), due(suspendu, "fin-suspension")) == (None, date(2027, 5, 10))
    assert due(recit.vue(), "fin-suspension") is None


def test_a_suspension_to_be_lifted_later_ends_on_that_day_and_is_gone_from_it() -> None:
    recit = oriente()
    mesure = {"nature": "n65", "rang": "r1", "type": "susp-rsa", "modalite": "pourcentage", "montant": 50.0}
    recit.dit("sanction.decidee", mesure | {"sanction_id": "s-1", "duree_mois": 4, "date_notification": "2026-05-01"})
    levee = {"sanction_id": "s-1", "date_effet": "2026-06-20", "motif": "Reprise."}
    recit.dit("sanction.levee", levee, effet=date(2026, 6, 20))
    avant = [due["date_echeance"] for due in recit.vue()["echeances"] if due["nature"] == "fin-suspension"]

    recit.dit("levee.effective", {"sanction_id": "s-1", "date_effet": "2026-06-20"})

    assert avant == [date(2026, 6, 20)]
    assert "fin-suspension" not in natures(recit.vue())
