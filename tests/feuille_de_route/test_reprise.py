"""What was before the hub is shown as if it had been told then, and what was due then is not awaited now."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.feuille_de_route.store.dossiers import canonique
from tests.feuille_de_route.fabrique import (
    Json,
    Recit,
    contrat,
    decision,
    designation,
    rendez_vous,
    signature,
    vue_de,
)

AVANT = date(2025, 2, 17)


def reprise(**autres: Any) -> Json:
    return {
        "date_reprise": "2026-03-16",
        "orientation": decision(2, AVANT, date_notification="2025-02-20"),
        "referent": designation(debut=AVANT),
        "contrat": contrat(date_signature="2025-03-28", signataires=["usager"], duree_mois=24),
        "rdv": [rendez_vous(date(2026, 4, 2))],
        "recue_a": "2026-03-16T09:00:00+00:00",
        "role": "departement",
    } | autres


def natures(vue: Json) -> list[str]:
    return [due["nature"] for due in vue["echeances"]]


def test_it_shows_the_orientation_its_referent_the_contract_and_the_appointments() -> None:
    recit = Recit()
    recit.dit("orientation.demandee", {"date_reception": "2026-03-10"})

    recit.dit("reprise.declaree", reprise())

    vue = recit.vue()
    assert "demande" not in vue
    assert (vue["orientation"]["rang"], vue["orientation"]["etat"]) == (2, "ouverte")
    assert (vue["referent"]["etat"], vue["contrat"]["etat"]) == ("actif", "signe")
    assert vue["contrat"].get("hors_delai") is None
    assert [rdv["rdv_id"] for rdv in vue["rendez_vous"]] == ["rdv-1"]


def test_only_what_is_still_to_come_falls_due() -> None:
    recit = Recit()

    recit.dit("reprise.declaree", reprise(contrat=contrat(date_signature="2025-03-28", duree_mois=24)))

    assert natures(recit.vue()) == ["premier-rendez-vous", "engagement", "fin-contrat"]


@pytest.mark.parametrize(
    ("notifiee_le", "attendu"), [("2026-02-15", False), ("2026-02-16", True), ("2026-03-10", True), (None, False)]
)
def test_the_month_to_sign_is_awaited_if_it_still_runs(notifiee_le: str | None, attendu: bool) -> None:
    recit = Recit()
    dates = {"date_notification": notifiee_le} if notifiee_le else {}

    recit.dit("reprise.declaree", reprise(contrat=contrat(), orientation=decision(2, AVANT, **dates), rdv=[]))

    assert ("signature" in natures(recit.vue())) is attendu


def test_a_notification_told_afterwards_opens_its_month() -> None:
    recit = Recit()
    recit.dit("reprise.declaree", reprise(contrat=contrat()))

    recit.dit("orientation.notifiee", {"date_notification": "2026-03-18"})

    assert "signature" in natures(recit.vue())


def test_without_an_appointment_nobody_awaits_the_first_one() -> None:
    recit = Recit()

    recit.dit("reprise.declaree", reprise(rdv=[]))

    assert "premier-rendez-vous" not in natures(recit.vue())


def test_nor_once_a_merge_has_told_it_again() -> None:
    recit = Recit()

    recit.dit("orientation.decidee", decision(2, AVANT, est_reprise=True))

    assert "premier-rendez-vous" not in natures(recit.vue())


def test_what_follows_changes_what_was_declared() -> None:
    recit = Recit()
    recit.dit("reprise.declaree", reprise())

    recit.dit("contrat.suspendu", {"contrat_id": "ce-1", "date": "2026-03-18", "motif": "Hospitalisation"})
    recit.dit("referent.termine", {"date_fin": "2026-03-18", "motif": "Mutation."})
    recit.dit("rdv.annule", rendez_vous(date(2026, 4, 2), "annule"))

    vue = recit.vue()
    assert (vue["contrat"]["etat"], "referent" in vue) == ("suspendu", False)
    assert [rdv["statut"] for rdv in vue["rendez_vous"]] == ["annule"]


def test_a_suspended_contract_says_when_it_ends() -> None:
    recit = Recit()
    suspendu = contrat(date_signature="2025-03-28", suspension={"date": "2025-09-01", "motif": "Hospitalisation"})

    recit.dit("reprise.declaree", reprise(contrat=suspendu))

    assert recit.vue()["contrat"]["etat"] == "suspendu"
    assert "fin-suspension" in natures(recit.vue())


def test_a_new_decision_ends_it_like_any_other() -> None:
    recit = Recit()
    recit.dit("reprise.declaree", reprise())

    recit.dit("orientation.decidee", decision(3, date(2026, 4, 1), chez="UTAS-09"))

    vue = recit.vue()
    assert (vue["orientation"]["rang"], "referent" in vue, vue["contrat"]["etat"]) == (3, False, "a-signer")
    assert [orientation["rang"] for orientation in vue["orientations_passees"]] == [2]


def test_the_view_is_the_same_whichever_brique_is_heard_first() -> None:
    recit = Recit()
    recit.dit("reprise.declaree", reprise(contrat=contrat()))
    recit.dit("contrat.signe", signature())
    recit.dit("referent.termine", {"date_fin": "2026-03-18", "motif": "Mutation."})

    vue = canonique(recit.vue())

    assert canonique(vue_de(list(reversed(recit.recus)), UUID(str(recit.recus[0].parcours)))) == vue
