"""A renewal that is signed for a day to come leaves the contract in force until that day, then takes its place."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from relais_contrats.v1 import engagements as v1
from services.engagements.domain import echeances
from services.engagements.domain.contrat import MOTIF_A_RESIGNER
from services.engagements.domain.dossier import Cause, EtatContrat, StatutReferent
from services.engagements.domain.signature import MOTIF_RENOUVELE, ContratCommence
from tests.engagements import dits as messages
from tests.engagements.conftest import Essai
from tests.engagements.dits import SONNERIE, ContratAResigner, ContratClos, selon
from tests.engagements.fabrique import (
    NOTIFICATION,
    PARCOURS,
    Histoire,
    a,
    clot,
    decidee_json,
    depot,
    echeance,
    engage,
    evenement,
    notifie,
    oriente,
    propose,
    propose_json,
    sanction_json,
    signe,
    signe_json,
    suspend,
)

LE = date(2026, 8, 3)
DEBUT = date(2026, 10, 1)
UN_JOUR = timedelta(days=1)


def renouvelle() -> Histoire:
    histoire = engage()
    histoire.accepte(propose("ce-2", le=LE, date_debut=DEBUT), signe(LE, "ce-2"))
    return histoire


def etats(histoire: Histoire) -> list[tuple[EtatContrat, bool]]:
    return [(contrat.etat, contrat.est_a_venir) for contrat in histoire.dossier.contrats]


def test_a_renewal_for_later_leaves_the_contract_in_force() -> None:
    histoire = renouvelle()

    dossier = histoire.dossier
    assert dossier.en_vigueur and dossier.en_vigueur.id == "ce-1"
    assert dossier.a_venir and dossier.a_venir.id == "ce-2"
    assert dossier.courant is dossier.en_vigueur
    [dit] = [fait for fait in selon(histoire.faits, v1.ContratSigne) if fait.data.contrat_id == "ce-2"]
    assert dit.effet == DEBUT


def test_it_takes_its_place_on_its_first_day() -> None:
    histoire = renouvelle()
    [due] = [e for e in echeances(histoire.dossier) if e.nature == "debut-2"]

    assert histoire.sonner(a(DEBUT - UN_JOUR, 23, 59)) != [] or due.du_a == a(DEBUT, 0)
    suite = histoire.sonner(a(DEBUT, 0))

    clos = ContratClos(PARCOURS, "59", "ce-1", DEBUT - UN_JOUR, MOTIF_RENOUVELE)
    assert suite[-2:] == [ContratCommence(PARCOURS, "ce-2", SONNERIE), clos]
    assert etats(histoire) == [(EtatContrat.CLOS, False), (EtatContrat.SIGNE, False)]


def test_a_first_contract_takes_nothing_away_and_is_in_force_once_signed() -> None:
    histoire = Histoire()
    histoire.accepte(oriente(), notifie(), messages.ReferentChange(PARCOURS, "59", StatutReferent.ACTIF))

    histoire.accepte(propose(le=NOTIFICATION, date_debut=date(2026, 5, 1)), signe(NOTIFICATION))

    assert etats(histoire) == [(EtatContrat.SIGNE, False)]


def test_what_is_to_come_is_not_suspended() -> None:
    histoire = renouvelle()

    assert histoire.refuse(suspend(LE, "ce-2")).code == "etat-interdit"


def test_another_renewal_takes_the_place_of_the_one_to_come() -> None:
    histoire = renouvelle()
    histoire.accepte(propose("ce-3", le=LE, date_debut=DEBUT), signe(LE, "ce-3"))

    assert etats(histoire) == [(EtatContrat.SIGNE, False), (EtatContrat.CLOS, False), (EtatContrat.SIGNE, True)]


def test_an_essential_change_of_the_one_to_come_leaves_the_one_in_force() -> None:
    histoire = renouvelle()

    suite = histoire.accepte(propose("ce-2", le=LE, date_debut=DEBUT, duree_mois=12))

    assert suite[1] == ContratAResigner(PARCOURS, "59", "ce-2", Cause.MODIFICATION)
    assert etats(histoire) == [(EtatContrat.SIGNE, False), (EtatContrat.A_SIGNER, False)]


def test_a_new_orientation_leaves_no_renewal_to_come() -> None:
    histoire = renouvelle()

    suite = histoire.accepte(oriente(LE))

    assert [f.data.motif for f in selon(suite, v1.ContratClos)] == [MOTIF_A_RESIGNER]
    assert etats(histoire) == [(EtatContrat.A_SIGNER, False), (EtatContrat.CLOS, False)]


def test_when_the_one_in_force_was_closed_the_next_one_still_waits_for_its_day() -> None:
    histoire = renouvelle()
    histoire.accepte(clot(LE))

    histoire.sonner(a(DEBUT, 0))

    assert etats(histoire) == [(EtatContrat.CLOS, False), (EtatContrat.SIGNE, False)]


def test_a_renewal_of_a_suspended_contract_that_was_to_be_signed_again_is_to_be_too() -> None:
    histoire = renouvelle()
    histoire.accepte(suspend(LE), oriente(LE))

    histoire.sonner(a(DEBUT, 0))

    assert etats(histoire) == [(EtatContrat.CLOS, False), (EtatContrat.A_SIGNER, False)]


@pytest.mark.anyio
async def test_the_two_contracts_survive_the_database(essai: Essai) -> None:
    await essai.engager()
    await essai.accepte(depot("contrat.propose", propose_json("ce-2", date_debut=DEBUT.isoformat()), recu_a=a(LE)))
    [signe_] = await essai.accepte(depot("contrat.signe", signe_json(LE, "ce-2"), recu_a=a(LE)))
    avant = await essai.lire("contrat", parcours=str(PARCOURS))

    essai.maintenant = a(DEBUT, 0)
    [clos] = await essai.accepte(echeance("debut-2", a(DEBUT, 0)))
    apres = await essai.lire("contrat", parcours=str(PARCOURS))

    assert signe_.effet == DEBUT.isoformat()
    assert (avant["en_vigueur"]["contrat_id"], avant["a_venir"]["contrat_id"]) == ("ce-1", "ce-2")
    assert (clos.type, clos.donnees["contrat_id"]) == ("contrat.clos", "ce-1")
    assert (apres["en_vigueur"]["contrat_id"], apres["a_venir"]) == ("ce-2", None)


@pytest.mark.anyio
async def test_a_decision_for_later_puts_the_contract_back_on_its_first_day_only(essai: Essai) -> None:
    await essai.engager()
    decidee = decidee_json(DEBUT)

    assert list(await essai.accepte(replace(evenement("orientation.decidee", decidee), effet=DEBUT.isoformat()))) == []
    assert (await essai.lire("contrat", parcours=str(PARCOURS)))["etat"] == "signe"
    effective = decidee | {"date_effet": DEBUT.isoformat(), "date_notification": LE.isoformat()}
    faits = await essai.accepte(evenement("orientation.effective", effective))

    lu = await essai.lire("contrat", parcours=str(PARCOURS))
    assert "contrat.a-resigner" in [fait.type for fait in faits]
    assert (lu["etat"], lu["signature"]["date_notification"]) == ("a-signer", LE)


def test_a_cancelled_decision_leaves_contract_month_and_examination_as_before() -> None:
    for histoire in (engage(), renouvelle(), suspendue()):
        avant = replace(histoire.dossier, avant=None)
        histoire.accepte(oriente(LE, "emploi"), notifie(LE))

        histoire.accepte(messages.OrientationAnnulee(PARCOURS, "59", avant.orientation))

        assert replace(histoire.dossier, avant=None) == avant


def suspendue() -> Histoire:
    histoire = engage()
    histoire.accepte(suspend(LE))
    return histoire


@pytest.mark.anyio
async def test_reads_are_as_before_a_cancelled_decision(essai: Essai) -> None:
    await essai.engager()
    avant = await essai.lire("contrat", parcours=str(PARCOURS))
    await essai.accepte(
        evenement("orientation.decidee", decidee_json(LE)),
        evenement("orientation.notifiee", {"date_notification": LE.isoformat()}),
    )

    annulee = {"annule": str(PARCOURS), "motif": "Erreur.", "retablie": decidee_json(), "etait_effective": True}
    await essai.accepte(evenement("orientation.annulee", annulee))

    assert await essai.lire("contrat", parcours=str(PARCOURS)) == avant


@pytest.mark.anyio
async def test_a_cancelled_decision_that_had_not_begun_changes_nothing(essai: Essai) -> None:
    await essai.engager()
    avant = await essai.lire("contrat", parcours=str(PARCOURS))

    annulee = {"annule": str(PARCOURS), "motif": "Erreur.", "retablie": decidee_json(), "etait_effective": False}
    await essai.accepte(evenement("orientation.annulee", annulee))

    assert await essai.lire("contrat", parcours=str(PARCOURS)) == avant


@pytest.mark.anyio
async def test_a_sanction_to_be_lifted_later_is_read_as_decided_until_then(essai: Essai) -> None:
    await essai.accompagner()
    levee = {"sanction_id": "s-1", "date_effet": "2026-12-20", "motif": "Reprise."}
    decidee = depot("sanction.decidee", sanction_json(date_notification="2026-11-30"))
    [fait] = await essai.accepte(decidee, depot("sanction.levee", levee))

    avant = (await essai.lire("contrat", parcours=str(PARCOURS)))["sanctions"]
    essai.maintenant = a(date(2026, 12, 20), 0)
    [effectif] = await essai.accepte(echeance("levee-1", essai.maintenant))
    apres = (await essai.lire("contrat", parcours=str(PARCOURS)))["sanctions"]

    assert (fait.effet, effectif.type) == ("2026-12-20", "levee.effective")
    assert [(s["etat"], s["date_levee"]) for s in (*avant, *apres)] == [
        ("decidee", date(2026, 12, 20)),
        ("levee", date(2026, 12, 20)),
    ]
