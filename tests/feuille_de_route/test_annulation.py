"""The view after a cancellation is the view before what was cancelled, to the byte."""

from datetime import date
from uuid import UUID

import pytest

from services.feuille_de_route.store.dossiers import canonique
from tests.feuille_de_route.conftest import Essai
from tests.feuille_de_route.fabrique import Recit, contrat, decision, designation, evenement, oriente, signature

DEPOT, APRES = UUID(int=42), date(2026, 6, 1)


def reoriente(recit: Recit) -> None:
    decidee = recit.dit("orientation.decidee", decision(2, APRES, chez="UTAS-09"), cause=DEPOT)
    fin = {"date_fin": "2026-05-31", "motif": "Nouvelle décision d'orientation."}
    recit.dit("referent.termine", fin, cause=decidee.id)
    recit.dit("contrat.a-resigner", {"contrat_id": "ce-1", "cause": "reorientation"}, cause=decidee.id)


def annule(recit: Recit) -> None:
    recit.dit("orientation.annulee", {"annule": str(DEPOT), "motif": "Erreur."}, cause=UUID(int=43))


def test_all_that_the_decision_had_led_to_goes() -> None:
    recit = oriente()
    avant = recit.vue()
    reoriente(recit)
    pendant = recit.vue()

    annule(recit)

    assert pendant["orientation"]["rang"] == 2
    assert canonique(recit.vue()) == canonique(avant)


def test_what_was_decided_for_later_and_had_begun_goes_too() -> None:
    recit = oriente()
    avant, suivante = recit.vue(), decision(2, APRES, chez="UTAS-09")
    recit.dit("orientation.decidee", suivante, effet=APRES, cause=DEPOT)
    effet = {"date_effet": APRES.isoformat(), "depot": str(DEPOT)}
    effective = recit.dit("orientation.effective", suivante | effet, cause=UUID(int=44))
    fin = {"date_fin": "2026-05-31", "motif": "Nouvelle décision d'orientation."}
    recit.dit("referent.termine", fin, cause=effective.id)

    annule(recit)

    assert canonique(recit.vue()) == canonique(avant)


@pytest.mark.anyio
async def test_the_cause_survives_the_database(essai: Essai) -> None:
    recit = oriente()
    await essai.accepte(*map(evenement, recit.recus))
    avant, dits = await essai.feuille(), len(recit.recus)
    reoriente(recit)
    annule(recit)

    await essai.accepte(*map(evenement, recit.recus[dits:]))

    assert await essai.feuille() == avant


def test_what_was_said_of_a_cancelled_decision_goes_with_it() -> None:
    recit = oriente()
    avant = recit.vue()
    reoriente(recit)
    recit.dit("orientation.notifiee", {"date_notification": "2026-06-02"}, cause=UUID(int=45))

    annule(recit)

    assert canonique(recit.vue()) == canonique(avant)


@pytest.mark.parametrize("reponse", ["referent.accepte", "referent.decline"])
def test_a_cancelled_replacement_gives_the_proposal_back_without_the_answer_to_it(reponse: str) -> None:
    recit = Recit()
    recit.dit("parcours.ouvert")
    recit.dit("orientation.decidee", decision())
    recit.dit("referent.designe", designation())
    avant = recit.vue()
    nouveau = {"date_fin": "2026-03-20", "motif": "Congé.", "nouveau": designation("AG-2", debut=date(2026, 3, 21))}
    recit.dit("referent.remplace", nouveau, cause=DEPOT)
    recit.dit(reponse, {"motif": "Trop loin."}, cause=UUID(int=45))

    recit.dit("referent.annule", {"annule": str(DEPOT), "motif": "Erreur."}, cause=UUID(int=43))
    recit.dit("suivi.effectif", {"date_effet": "2026-03-22", "etat": "propose", "structure": None, "accompagnants": []})

    assert canonique(recit.vue()) == canonique(avant)


def test_a_cancelled_signature_leaves_the_contract_to_be_signed_and_the_former_one_in_force() -> None:
    recit = oriente()
    recit.dit("contrat.propose", contrat("ce-2", date_debut="2026-06-01"))
    avant, echeance = recit.vue(), UUID(int=46)
    recit.dit("contrat.signe", signature(date(2026, 5, 20), "ce-2"), effet=APRES, cause=DEPOT)
    fin = {"contrat_id": "ce-1", "date": "2026-05-31", "motif": "Renouvelé."}
    recit.dit("contrat.clos", fin, cause=echeance)

    annule = {"annule": str(DEPOT), "motif": "Erreur.", "causes": [str(echeance)]}
    recit.dit("contrat.annule", annule, cause=UUID(int=43))

    assert canonique(recit.vue()) == canonique(avant)
