"""What was before the hub: a contract in its state, and of the delays only those that still run."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chassis.decision import Attente
from relais_contrats.v1 import engagements as v1
from services.engagements.domain import echeances
from services.engagements.domain.contenu import Auteur
from services.engagements.domain.dossier import Contrat, EtatContrat, StatutReferent, Suspension
from services.engagements.domain.reprise import MOTIF_DEJA_LA
from tests.engagements import dits as messages
from tests.engagements.conftest import Essai
from tests.engagements.dits import publies, selon
from tests.engagements.fabrique import (
    PARCOURS,
    Histoire,
    a,
    clot,
    contenu,
    decidee_json,
    depot,
    evenement,
    notifie,
    orientation,
    oriente,
    propose,
    propose_json,
    refuse,
    signe,
    suspend,
)

RECUE = date(2026, 3, 20)
LAN_DERNIER = orientation(date(2025, 2, 17), decidee_le=date(2025, 2, 10))
CD = Auteur("/partenaires/cd-59", "departement")
SIGNE = Contrat(0, contenu(), CD, EtatContrat.SIGNE, signe_le=date(2025, 6, 2), signataires=("usager",))
A_SIGNER = Contrat(0, contenu(), CD)


def suspendu(depuis: date) -> Contrat:
    return replace(SIGNE, etat=EtatContrat.SUSPENDU, suspensions=(Suspension(depuis, "Hospitalisation", RECUE),))


def reprise(contrat: Contrat | None = SIGNE, **autres: Any) -> messages.Message:
    defauts: dict[str, Any] = {
        "orientation": LAN_DERNIER,
        "notifiee_le": None,
        "reexamine_le": None,
        "recue_le": RECUE,
        "est_suivi": True,
    }
    return messages.RepriseDeclaree(PARCOURS, "59", contrat=contrat, **defauts | autres)


def natures(histoire: Histoire) -> list[str]:
    return [due.nature.rpartition("-")[0] for due in echeances(histoire.dossier)]


def test_a_contract_of_last_year_is_in_force_and_not_late() -> None:
    histoire = Histoire()

    suite = histoire.accepte(reprise(notifiee_le=date(2025, 2, 12)))

    en_vigueur = histoire.dossier.en_vigueur
    assert en_vigueur is not None
    assert (en_vigueur.numero, en_vigueur.etat, en_vigueur.est_hors_delai) == (1, "signe", False)
    assert natures(histoire) == []
    assert histoire.dossier.delais == ()
    assert not publies(suite)


@pytest.mark.parametrize(
    ("contrat", "notifiee_le", "attendues"),
    [
        (A_SIGNER, date(2026, 3, 1), ["signature"]),
        (A_SIGNER, date(2026, 2, 20), ["signature"]),
        (A_SIGNER, date(2026, 2, 19), []),
        (A_SIGNER, None, []),
        (None, date(2026, 3, 1), ["signature"]),
        (SIGNE, date(2026, 3, 1), []),
    ],
)
def test_the_month_to_sign_goes_on_if_it_is_not_over(
    contrat: Contrat | None, notifiee_le: date | None, attendues: list[str]
) -> None:
    histoire = Histoire()

    histoire.accepte(reprise(contrat, notifiee_le=notifiee_le))

    assert natures(histoire) == attendues


@pytest.mark.parametrize(
    ("debut", "reexamine_le", "attendues"),
    [
        (date(2025, 2, 17), None, []),
        (date(2025, 2, 17), date(2025, 12, 1), ["reexamen"]),
        (date(2025, 10, 1), None, ["reexamen"]),
        (date(2025, 9, 20), None, ["reexamen"]),
        (date(2025, 9, 19), None, []),
    ],
)
def test_a_reexamination_still_ahead_falls_due(debut: date, reexamine_le: date | None, attendues: list[str]) -> None:
    histoire = Histoire()

    histoire.accepte(reprise(orientation=replace(LAN_DERNIER, debut=debut), reexamine_le=reexamine_le))

    assert natures(histoire) == attendues


def test_a_difficulty_of_the_contract_gives_the_year() -> None:
    histoire = Histoire()
    dispense = replace(SIGNE, contenu=contenu(motif_dispense="garde-enfant"))

    histoire.accepte(reprise(dispense, orientation=replace(LAN_DERNIER, debut=date(2025, 6, 1))))

    assert natures(histoire) == ["reexamen"]


def test_the_first_look_at_a_person_whose_reexamination_nobody_knows_opens_a_period() -> None:
    histoire = Histoire()
    histoire.accepte(reprise())

    histoire.accepte(messages.DiagnosticRealise(PARCOURS, "59", {}, date(2026, 4, 2)))

    assert natures(histoire) == ["reexamen"]


def test_a_suspended_contract_is_closed_after_its_twelve_months() -> None:
    histoire = Histoire()
    histoire.accepte(reprise(suspendu(date(2025, 9, 1))))

    avant, apres = histoire.sonner(a(date(2026, 9, 1))), histoire.sonner(a(date(2026, 9, 2)))

    assert avant == []
    assert [fait.data.date for fait in selon(apres, v1.ContratClos)] == [date(2026, 9, 1)]


def test_it_may_be_signed_since_its_orientation_and_its_referent_are_known() -> None:
    histoire = Histoire()
    histoire.accepte(reprise(A_SIGNER, notifiee_le=date(2026, 3, 1)))

    histoire.accepte(signe(date(2026, 3, 25)))

    assert histoire.dossier.en_vigueur is not None
    assert histoire.dossier.referent is StatutReferent.ACTIF


def test_a_new_decision_puts_it_back_to_be_signed() -> None:
    histoire = Histoire()
    histoire.accepte(reprise())

    histoire.accepte(oriente(date(2026, 5, 4), "emploi"))

    assert histoire.dossier.en_attente is not None
    assert histoire.dossier.en_attente.cause == "reorientation"


def test_a_contract_that_came_at_the_same_moment_stays_and_all_hear_that_the_declared_one_does_not() -> None:
    histoire = Histoire()
    histoire.accepte(propose("ce-9"))

    suite = histoire.accepte(reprise(A_SIGNER))

    closes = selon(suite, v1.ContratClos)
    assert [(fait.data.contrat_id, fait.data.motif) for fait in closes] == [("ce-1", MOTIF_DEJA_LA)]
    assert [contrat.id for contrat in histoire.dossier.contrats] == ["ce-9"]


def test_a_renewal_proposed_at_the_same_moment_waits_beside_it() -> None:
    histoire = Histoire()
    histoire.accepte(propose("ce-9"))

    suite = histoire.accepte(reprise())

    assert not selon(suite, v1.ContratClos)
    assert histoire.dossier.en_vigueur is not None and histoire.dossier.en_vigueur.id == "ce-1"
    assert histoire.dossier.en_attente is not None and histoire.dossier.en_attente.id == "ce-9"


@pytest.mark.parametrize("message", [suspend(RECUE), clot(RECUE), signe(RECUE), refuse(RECUE)])
def test_a_contract_that_was_declared_may_be_named_before_it_is_heard_of(message: messages.Message) -> None:
    histoire = Histoire()

    attente = histoire.recoit(message)

    assert isinstance(attente, Attente) and attente.sinon
    assert histoire.refuse(message) == attente.sinon


def test_the_same_key_told_again_closes_nothing() -> None:
    histoire = Histoire()
    histoire.accepte(propose("ce-1"))

    suite = histoire.accepte(reprise())

    assert not selon(suite, v1.ContratClos)
    assert [contrat.etat for contrat in histoire.dossier.contrats] == ["a-signer"]


def test_the_orientation_that_is_known_stays() -> None:
    histoire = Histoire()
    histoire.accepte(oriente(date(2026, 3, 2), "emploi"), notifie(date(2026, 3, 4)))

    histoire.accepte(reprise(orientation=None, est_suivi=False))

    assert histoire.dossier.orientation is not None
    assert (histoire.dossier.orientation.parcours_type, histoire.dossier.referent) == ("emploi", None)


@pytest.mark.anyio
async def test_it_survives_the_database_and_a_second_telling(essai: Essai) -> None:
    declare = propose_json() | {"date_signature": "2025-06-02", "suspension": {"date": "2025-09-01", "motif": "Santé"}}
    dite = {
        "date_reprise": "2026-03-20",
        "orientation": decidee_json(date(2025, 2, 17)),
        "contrat": declare,
        "recue_a": "2026-03-20T09:00:00+00:00",
        "role": "departement",
    }
    racontee = evenement("reprise.declaree", dite)
    await essai.accepte(racontee)
    await essai.accepte(racontee)

    lu = await essai.lire("contrat", parcours=str(PARCOURS))
    repris = await essai.decider(
        depot("contrat.repris", {"contrat_id": "ce-1", "date": "2026-03-19", "motif": "Retour."})
    )

    assert (lu["en_vigueur"]["etat"], lu["en_vigueur"]["est_hors_delai"]) == ("suspendu", False)
    assert lu["en_vigueur"]["signataires"] == ["usager"]
    assert [reponse.etat for reponse in repris] == ["accepte"]
