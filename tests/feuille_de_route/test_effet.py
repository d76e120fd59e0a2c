"""What is told in advance is not shown in the place of what is in force, until its day."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.feuille_de_route.conftest import Essai
from tests.feuille_de_route.fabrique import (
    Recit,
    contrat,
    decision,
    designation,
    evenement,
    oriente,
    professionnel,
    signature,
    structure,
)

PLUS_TARD = date(2026, 7, 1)
LENDEMAIN = PLUS_TARD + timedelta(days=1)
DECISION_SUIVANTE = decision(2, PLUS_TARD, chez="UTAS-09")


def suivi(etat: str | None, jour: date = LENDEMAIN) -> dict[str, Any]:
    return {"date_effet": jour.isoformat(), "etat": etat, "structure": structure(), "accompagnants": []}


def test_a_decision_for_later_leaves_the_view_as_it_is_until_its_day() -> None:
    recit = oriente()
    avant = recit.vue()

    recit.dit("orientation.decidee", DECISION_SUIVANTE, effet=PLUS_TARD)
    recit.dit("orientation.notifiee", {"date_notification": "2026-06-10"}, effet=PLUS_TARD)

    assert recit.vue() == avant


def test_on_its_day_the_decision_opens_and_what_was_before_belongs_to_the_past() -> None:
    recit = oriente()
    recit.dit("orientation.decidee", DECISION_SUIVANTE, effet=PLUS_TARD)
    recit.dit("orientation.notifiee", {"date_notification": "2026-06-10"}, effet=PLUS_TARD)

    recit.dit("orientation.effective", DECISION_SUIVANTE | {"date_effet": PLUS_TARD.isoformat()})

    vue = recit.vue()
    assert vue["orientation"]["rang"] == 2
    assert vue["orientation"]["date_notification"] == date(2026, 6, 10)
    assert vue["orientations_passees"][0]["date_fin"] == PLUS_TARD - timedelta(days=1)
    assert "referent" not in vue
    assert vue["contrat"]["etat"] == "a-signer"


def test_told_in_advance_or_on_the_day_the_view_ends_the_same() -> None:
    en_avance, le_jour = oriente(), oriente()
    en_avance.dit("orientation.decidee", DECISION_SUIVANTE, effet=PLUS_TARD)
    en_avance.dit("orientation.effective", DECISION_SUIVANTE | {"date_effet": PLUS_TARD.isoformat()})

    le_jour.dit("orientation.decidee", DECISION_SUIVANTE)

    assert en_avance.vue() == le_jour.vue()


def test_a_referent_who_is_to_leave_is_shown_until_the_day() -> None:
    recit = oriente()
    recit.dit("referent.termine", {"date_fin": PLUS_TARD.isoformat(), "motif": "Départ."}, effet=LENDEMAIN)
    avant = recit.vue()

    recit.dit("suivi.effectif", suivi(None))

    assert avant["referent"]["etat"] == "actif"
    assert "referent" not in recit.vue()
    assert recit.vue()["anciens_referents"][0]["date_fin"] == PLUS_TARD


def test_who_was_accepted_in_advance_follows_from_the_day() -> None:
    recit = oriente()
    recit.dit("referent.termine", {"date_fin": PLUS_TARD.isoformat(), "motif": "Départ."}, effet=LENDEMAIN)
    recit.dit("referent.designe", designation("AG-2", debut=LENDEMAIN), effet=LENDEMAIN)
    recit.dit("referent.accepte")

    recit.dit("suivi.effectif", suivi("actif"))

    referent = recit.vue()["referent"]
    assert (referent["referent"]["identifiant_agent"], referent["etat"]) == ("AG-2", "actif")


def test_an_accompagnant_is_shown_from_its_first_day() -> None:
    recit = oriente()
    ajoute = {"accompagnant": professionnel("AG-9"), "structure": structure(), "date_debut": PLUS_TARD.isoformat()}
    recit.dit("accompagnant.ajoute", ajoute | {"role": "accompagnant"}, effet=PLUS_TARD)
    avant = recit.vue()["accompagnants"]

    recit.dit("suivi.effectif", suivi("actif", PLUS_TARD))

    assert (avant, len(recit.vue()["accompagnants"])) == ([], 1)


def test_a_renewal_that_is_signed_for_later_is_shown_beside_the_contract_in_force() -> None:
    recit = oriente()
    recit.dit("contrat.propose", contrat("ce-2", date_debut="2026-10-01"))
    recit.dit("contrat.signe", signature(date(2026, 8, 3), "ce-2"), effet=date(2026, 10, 1))
    avant = recit.vue()

    recit.dit("contrat.clos", {"contrat_id": "ce-1", "date": "2026-09-30", "motif": "Remplacé."})

    assert (avant["contrat"]["contrat_id"], avant["renouvellement"]["contrat_id"]) == ("ce-1", "ce-2")
    assert avant["renouvellement"]["etat"] == "signe"
    assert (recit.vue()["contrat"]["contrat_id"], recit.vue().get("renouvellement")) == ("ce-2", None)


@pytest.mark.anyio
async def test_the_day_survives_the_database(essai: Essai) -> None:
    recit = Recit()
    recit.dit("parcours.ouvert")
    recit.dit("orientation.decidee", decision())
    recit.dit("orientation.decidee", DECISION_SUIVANTE, effet=PLUS_TARD)
    await essai.accepte(*map(evenement, recit.recus))

    avant = await essai.feuille()
    effective = recit.dit("orientation.effective", DECISION_SUIVANTE | {"date_effet": PLUS_TARD.isoformat()})
    await essai.accepte(evenement(effective))

    assert avant["orientation"]["rang"] == 1
    assert (await essai.feuille())["orientation"]["rang"] == 2


def test_a_transfer_for_later_moves_the_sheet_on_its_day() -> None:
    recit, vers = oriente(), {"departement_nouveau": "62", "date_effet": PLUS_TARD.isoformat()}
    recit.dit("parcours.transfere", vers, effet=PLUS_TARD)
    avant = recit.vue()["departement"]

    recit.dit("transfert.effectif", vers)

    assert (avant, recit.vue()["departement"]) == ("59", "62")
