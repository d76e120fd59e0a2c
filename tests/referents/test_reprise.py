"""What was before the hub: who follows the person goes on, her appointments are there, nothing is measured from it."""

from datetime import date
from typing import Any

import pytest

from chassis.decision import Attente
from services.dossiers.regles import Dit
from services.referents.domain.dossier import RdvSuivi, Statut
from services.referents.domain.suivi import echeances
from tests.referents import dits as messages
from tests.referents.conftest import Essai
from tests.referents.fabrique import (
    CD,
    DECISION,
    MAINTENANT,
    PARCOURS,
    RECU_A,
    Histoire,
    a,
    affectation,
    designe,
    evenement,
    orientation,
    orientee,
    planifie,
    rendez_vous,
    termine,
)

AVANT = date(2025, 2, 24)


def reprise(**autres: Any) -> messages.Message:
    defauts: dict[str, Any] = {
        "orientation": orientation(2, date(2025, 2, 17), est_reprise=True),
        "affectation": affectation(AVANT),
        "rdvs": (),
    }
    return messages.RepriseDeclaree(PARCOURS, "59", **defauts | autres)


def test_the_referent_follows_the_person_without_an_acceptance() -> None:
    histoire = Histoire()

    suite = histoire.accepte(reprise())

    designation = histoire.dossier.designation
    assert designation is not None
    assert (designation.etat, designation.rang, designation.acceptee_le) == ("actif", 2, AVANT)
    assert echeances(histoire.dossier) == []
    assert not [fait for fait in suite if isinstance(fait, Dit)]


def test_its_end_and_its_replacement_are_told_as_of_any_other() -> None:
    histoire = Histoire()
    histoire.accepte(reprise())

    histoire.accepte(termine(date(2026, 3, 10)))

    assert histoire.dossier.designation is None


def test_a_new_decision_ends_it() -> None:
    histoire = Histoire()
    histoire.accepte(reprise())

    suite = histoire.accepte(orientee(rang=3))

    assert messages.natures([fait for fait in suite if isinstance(fait, Dit)]) == ["ReferentTermine"]


def test_appointments_are_kept_under_the_orientation_and_need_no_confirmation() -> None:
    histoire = Histoire()
    a_venir = RdvSuivi(rendez_vous("rdv-1", a(date(2026, 4, 2))), CD)
    passe = RdvSuivi(rendez_vous("rdv-2", a(date(2026, 2, 2)), statut=Statut.HONORE), CD, constate_a=RECU_A)

    histoire.accepte(reprise(rdvs=(a_venir, passe)))

    assert [(suivi.rdv_id, suivi.statut, suivi.rang) for suivi in histoire.dossier.rendez_vous] == [
        ("rdv-1", "planifie", 2),
        ("rdv-2", "honore", 2),
    ]


def test_nothing_that_is_known_is_replaced() -> None:
    histoire = Histoire()
    histoire.accepte(orientee())
    histoire.accepte(designe())
    histoire.accepte(planifie())

    histoire.accepte(reprise(rdvs=(RdvSuivi(rendez_vous("rdv-1", a(date(2027, 4, 2))), CD),)))

    assert [o.rang for o in histoire.dossier.orientations] == [1]
    assert [d.etat for d in histoire.dossier.designations] == ["propose"]
    assert [suivi.rendez_vous.debut for suivi in histoire.dossier.rendez_vous] == [RECU_A]


def test_a_referent_alone_follows_under_the_orientation_that_is_known() -> None:
    histoire = Histoire()
    histoire.accepte(orientee())

    histoire.accepte(reprise(orientation=None))

    assert [(d.etat, d.rang) for d in histoire.dossier.designations] == [("actif", 1)]


@pytest.mark.parametrize(
    "message",
    [
        messages.TerminerReferent(PARCOURS, DECISION, "Fin.", RECU_A),
        messages.AccepterReferent(PARCOURS, None, RECU_A),
        messages.AnnulerRdv(PARCOURS, rendez_vous(statut=Statut.ANNULE)),
        messages.ModifierRdv(PARCOURS, rendez_vous()),
        messages.ConstaterRdv(PARCOURS, rendez_vous(statut=Statut.HONORE), MAINTENANT),
    ],
)
def test_what_was_declared_may_be_named_before_it_is_heard_of(message: messages.Message) -> None:
    histoire = Histoire()

    attente = histoire.recoit(message)

    assert isinstance(attente, Attente) and attente.sinon
    assert histoire.refuse(message) == attente.sinon


@pytest.mark.anyio
async def test_it_survives_the_database_and_is_measured_by_nobody(essai: Essai) -> None:
    rdv = {
        "rdv_id": "rdv-1",
        "motif": "accompagnement",
        "debut": "2026-03-02T09:00:00+01:00",
        "duree_min": 45,
        "modalite": "physique",
        "forme": "individuel",
        "statut": "honore",
    }
    structure = {"systeme": "local", "valeur": "pole-insertion-lille", "nom": "Pôle"}
    agent = {"nom": "MODELE", "prenom": "D", "courriel": "d@exemple.fr", "identifiant_agent": "AG-1"}
    dates = {"date_decision": DECISION.isoformat(), "date_debut": DECISION.isoformat()}
    dite = {
        "orientation": {"rang": 2, "structure": structure} | dates,
        "referent": {"referent": agent, "structure": structure, "date_debut": "2025-02-24"},
        "rdv": [rdv],
        "recue_a": RECU_A.isoformat(),
    }
    racontee = evenement("reprise.declaree", dite, brique="orientation")

    await essai.accepte(racontee)
    await essai.accepte(racontee)

    lu = await essai.lire("referent", parcours=str(PARCOURS))
    assert lu["referent"]["etat"] == "actif"
    assert await essai.lire("delais", maintenant=MAINTENANT.isoformat()) == []
