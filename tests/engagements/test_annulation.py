"""A deposit on the contracts that is cancelled leaves them, the month to sign and the reads as they were before it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.engagements.domain import echeances
from services.engagements.domain.contenu import Auteur, Bilan
from tests.engagements import dits as messages
from tests.engagements.conftest import Essai
from tests.engagements.dits import AnnulerContrat
from tests.engagements.fabrique import (
    CD,
    FT,
    PARCOURS,
    SIGNATURE,
    Histoire,
    a,
    accompagne,
    clot,
    depot,
    evenement,
    notifie,
    oriente,
    propose,
    propose_json,
    refuse,
    reprend,
    signe,
    signe_json,
    suspend,
)

LE = date(2026, 5, 4)


def par(message: Any, numero: int, auteur: Auteur = CD) -> Any:
    return replace(message, id=UUID(int=numero), auteur=auteur.partenaire, role=auteur.role)


def annule(numero: int, auteur: Auteur = CD) -> messages.Message:
    return AnnulerContrat(PARCOURS, auteur, UUID(int=numero), "Saisi par erreur.")


def etat(histoire: Histoire) -> tuple[Any, ...]:
    """All but the re-examination that was told, which nobody takes back."""
    return (histoire.dossier, echeances(histoire.dossier))


def engagee() -> Histoire:
    histoire = accompagne()
    histoire.accepte(par(propose(), 1), par(signe(), 2))
    return histoire


@pytest.mark.parametrize(
    "suite",
    [
        propose("ce-2", LE),
        propose("ce-1", LE, duree_mois=12),
        suspend(LE),
        clot(LE),
    ],
    ids=["another", "changed", "suspended", "closed"],
)
def test_the_contract_in_force_is_as_before(suite: Any) -> None:
    histoire = engagee()
    avant = etat(histoire)
    histoire.accepte(par(suite, 3))

    histoire.accepte(annule(3))

    assert etat(histoire) == avant


def test_a_cancelled_resumption_leaves_it_suspended() -> None:
    histoire = engagee()
    histoire.accepte(par(suspend(LE), 3))
    avant = etat(histoire)
    histoire.accepte(par(reprend(LE + timedelta(days=9)), 4))

    histoire.accepte(annule(4))

    assert etat(histoire) == avant


@pytest.mark.parametrize("reponse", [signe(), refuse()], ids=["signed", "refused"])
def test_the_month_to_sign_runs_again(reponse: Any) -> None:
    histoire = accompagne()
    histoire.accepte(par(propose(), 1))
    avant = etat(histoire)
    histoire.accepte(par(reponse, 2))

    histoire.accepte(annule(2))

    assert etat(histoire) == avant
    assert histoire.dossier.delai is not None


def test_a_month_that_began_after_the_signature_runs_when_it_is_cancelled() -> None:
    histoire = engagee()
    histoire.accepte(notifie(LE))

    histoire.accepte(annule(2))

    [premier, second] = histoire.dossier.delais
    assert (premier.issue, premier.signe_le) == ("remplacee", None)
    assert (second.notifiee_le, second.issue) == (LE, None)


def test_the_contract_that_a_renewal_had_replaced_runs_again() -> None:
    histoire = engagee()
    histoire.accepte(par(propose("ce-2", LE, date_debut=LE), 3))
    avant = etat(histoire)
    histoire.accepte(par(signe(LE, "ce-2"), 4))

    histoire.accepte(annule(4))

    assert etat(histoire) == avant
    assert histoire.dossier.en_vigueur is not None and histoire.dossier.en_vigueur.id == "ce-1"


@pytest.mark.parametrize("a_commence", [False, True])
def test_a_renewal_for_later_is_cancelled_before_and_after_its_first_day(a_commence: bool) -> None:
    histoire, debut = engagee(), LE + timedelta(days=20)
    histoire.accepte(par(propose("ce-2", LE, date_debut=debut), 3))
    avant = etat(histoire)
    histoire.accepte(par(signe(LE, "ce-2"), 4))
    if a_commence:
        histoire.accepte(messages.ContratDebute(PARCOURS, 2, UUID(int=99)), maintenant=a(debut, 1))

    suite: Sequence[Any] = histoire.accepte(annule(4))

    assert etat(histoire) == avant
    assert suite[-1].garde.causes == ((UUID(int=99),) if a_commence else ())


def test_step_by_step_nothing_is_left() -> None:
    histoire = accompagne()
    avant = etat(histoire)
    histoire.accepte(par(propose(), 1), par(signe(), 2), par(suspend(LE), 3))

    for numero in (3, 2, 1):
        histoire.accepte(annule(numero))

    assert etat(histoire) == avant


@pytest.mark.parametrize(
    ("suite", "depend"),
    [
        (par(suspend(LE), 3), "contrat.suspendu"),
        (par(propose("ce-2", LE), 3), "contrat.propose"),
        (oriente(LE, "emploi"), "orientation.decidee"),
        (messages.ParcoursTransfere(PARCOURS, "62"), "parcours.transfere"),
        (messages.FaireBilan(PARCOURS, "ce-1", Bilan(LE, ("Code.",)), a(LE, 18)), "contrat.bilan"),
    ],
)
def test_what_stands_on_it_is_named(suite: Any, depend: str) -> None:
    histoire = engagee()
    histoire.accepte(suite)

    refus = histoire.refuse(annule(2))

    assert (refus.code, refus.details) == ("annulation-impossible", {"depend": depend})


def test_what_was_suspended_until_its_end_is_not_resumed_by_a_cancellation() -> None:
    histoire = engagee()
    histoire.accepte(par(suspend(LE), 3))
    [due] = [e for e in echeances(histoire.dossier) if e.nature == "suspension-1"]
    histoire.accepte(messages.SuspensionEchue(PARCOURS, 1), maintenant=due.du_a)

    assert histoire.refuse(annule(3)).details == {"depend": "contrat.clos"}


def test_once_the_decision_that_stands_on_it_is_cancelled_it_may_be_too() -> None:
    histoire = engagee()
    connue = histoire.dossier.orientation
    histoire.accepte(oriente(LE, "emploi"), messages.OrientationAnnulee(PARCOURS, "59", connue))

    histoire.accepte(annule(2))


def test_what_is_not_known_is_not_cancelled_nor_what_somebody_else_did() -> None:
    histoire = accompagne()
    histoire.accepte(par(propose(), 1, FT))

    inconnu, autre = histoire.refuse(annule(9)), histoire.refuse(annule(1, Auteur("/partenaires/ml", "mission-locale")))
    histoire.accepte(annule(1, CD))

    assert (inconnu.code, autre.code) == ("annulation-impossible", "non-autorise")


_SUITES: tuple[Callable[[date], Any], ...] = (
    lambda le: propose("ce-1", le, duree_mois=9),
    lambda le: propose("ce-2", le, date_debut=le),
    lambda le: propose("ce-3", le, date_debut=le + timedelta(days=40)),
    lambda le: signe(le),
    lambda le: signe(le, "ce-2"),
    lambda le: signe(le, "ce-3"),
    lambda le: refuse(le),
    suspend,
    reprend,
    clot,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, len(_SUITES) - 1), max_size=9))
def test_to_cancel_all_that_was_deposited_is_to_have_deposited_nothing(choix: list[int]) -> None:
    histoire = engagee()
    etats, faits = [etat(histoire)], []
    for rang, numero in enumerate(choix):
        decision = histoire.recoit(par(_SUITES[numero](LE + timedelta(days=rang)), 10 + rang))
        if isinstance(decision, list):
            faits.append(10 + rang)
            etats.append(etat(histoire))

    for numero in reversed(faits):
        assert etat(histoire) == etats.pop()
        histoire.accepte(annule(numero))

    assert etat(histoire) == etats[0]


@pytest.mark.anyio
async def test_reads_and_rows_are_as_before_and_the_key_is_free_again(essai: Essai) -> None:
    await essai.accompagner()
    propose_, signe_ = depot("contrat.propose", propose_json()), depot("contrat.signe", signe_json(SIGNATURE))
    vide = await essai.lire("contrat", parcours=str(PARCOURS))
    await essai.accepte(propose_)
    proposee = await essai.lire("contrat", parcours=str(PARCOURS))
    await essai.accepte(signe_)

    lues = []
    for annulee in (signe_, propose_):
        await essai.accepte(depot("contrat.annule", {"annule": str(annulee.id), "motif": "Erreur."}))
        lues.append(await essai.lire("contrat", parcours=str(PARCOURS)))
    await essai.accepte(replace(propose_, id=uuid4()), replace(signe_, id=uuid4()))

    assert lues == [proposee, vide]


@pytest.mark.anyio
async def test_the_former_contract_is_in_force_again_in_the_database(essai: Essai) -> None:
    await essai.engager()
    suite = propose_json("ce-2", date_debut="2026-05-01")
    signe_ = depot("contrat.signe", signe_json(date(2026, 5, 2), "ce-2"))
    await essai.accepte(depot("contrat.propose", suite))
    avant = await essai.lire("contrat", parcours=str(PARCOURS))
    await essai.accepte(signe_)

    await essai.accepte(depot("contrat.annule", {"annule": str(signe_.id), "motif": "Erreur."}))

    assert await essai.lire("contrat", parcours=str(PARCOURS)) == avant
    assert avant["en_vigueur"]["contrat_id"] == "ce-1"
    await essai.accepte(evenement("parcours.clos", {"date_fin": "2026-12-01", "motif": "Emploi."}))
