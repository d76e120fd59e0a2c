"""A decision that is cancelled leaves the dossier, its clocks and its reads as if it had not been taken."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from chassis.decision import Attente
from services.orientation.domain import echeances
from services.orientation.domain.decision import Auteur, Structure
from tests.orientation.conftest import Essai
from tests.orientation.dits import (
    AnnulerOrientation,
    CloreOrientation,
    DeciderReorientation,
    Message,
    NotifierOrientation,
    PremierJour,
    SuiteAnnulee,
    SuiteDonnee,
    natures,
)
from tests.orientation.fabrique import (
    CD,
    FT,
    ML,
    PARCOURS,
    RECEPTION,
    STRUCTURE,
    Histoire,
    a,
    decide,
    decidee_json,
    decision,
    demande,
    depot,
    evenement,
    reorientation,
)

PREMIERE, SECONDE = UUID(int=1), UUID(int=2)
AILLEURS = Structure("siret", "90000075300013", "Ailleurs")
DEBUT, APRES = date(2026, 3, 16), date(2026, 6, 1)


def annule(depot_: UUID = SECONDE, par: Auteur = CD) -> Message:
    return AnnulerOrientation(PARCOURS, par, depot_, "Saisie par erreur.")


def decide_par(depot_: UUID, rang: int, debut: date, recu_le: date | None = None) -> Message:
    recu = recu_le or debut
    return replace(decide(rang, debut=debut, date_decision=min(recu, debut), recu_a=a(recu)), id=depot_)


def orientee() -> Histoire:
    histoire = Histoire()
    histoire.accepte(demande())
    histoire.accepte(decide_par(PREMIERE, 1, DEBUT, RECEPTION))
    return histoire


def test_the_orientation_before_it_is_open_again() -> None:
    histoire = orientee()
    avant = histoire.dossier
    histoire.accepte(decide_par(SECONDE, 2, APRES))

    faits = histoire.accepte(annule())

    assert histoire.dossier == avant
    assert natures(faits) == ["OrientationAnnulee"]


def test_the_first_decision_gives_the_request_its_delay_back() -> None:
    histoire = Histoire()
    histoire.accepte(demande())
    avant, dues = histoire.dossier, echeances(histoire.dossier)
    histoire.accepte(decide_par(PREMIERE, 1, DEBUT, RECEPTION))

    histoire.accepte(annule(PREMIERE))

    assert (histoire.dossier, echeances(histoire.dossier)) == (avant, dues)


def test_its_notification_goes_with_it() -> None:
    histoire = orientee()
    avant = histoire.dossier
    histoire.accepte(decide_par(SECONDE, 2, APRES))
    histoire.accepte(NotifierOrientation(PARCOURS, CD, APRES, a(APRES, 18)))

    histoire.accepte(annule())

    assert histoire.dossier == avant


def test_a_reorientation_gives_its_request_back() -> None:
    histoire = orientee()
    histoire.accepte(reorientation())
    avant = histoire.dossier
    nouvelle = decision(2, APRES, date_decision=APRES)
    histoire.accepte(DeciderReorientation(PARCOURS, CD, "acceptee", None, nouvelle, a(APRES), SECONDE))

    histoire.accepte(annule())

    assert histoire.dossier == avant


def test_what_was_to_begin_later_never_begins() -> None:
    histoire = orientee()
    avant = histoire.dossier
    histoire.accepte(decide_par(SECONDE, 2, APRES, DEBUT))

    histoire.accepte(annule())

    assert histoire.dossier == avant
    assert type(histoire.recoit(PremierJour(PARCOURS, 2), a(APRES, 0))).__name__ == "Attente"


@pytest.mark.parametrize(
    ("suite", "depend"),
    [
        (decide_par(UUID(int=3), 3, date(2026, 9, 1)), "orientation.decidee"),
        (
            CloreOrientation(PARCOURS, CD, APRES + timedelta(days=9), "Emploi.", a(date(2026, 7, 1))),
            "orientation.close",
        ),
        (SuiteDonnee(PARCOURS, "referent.designe", uuid7(), structure=STRUCTURE), "referent.designe"),
        (SuiteDonnee(PARCOURS, "contrat.propose", uuid7()), "contrat.propose"),
        (reorientation(), "reorientation.demandee"),
    ],
)
def test_what_stands_on_it_is_named(suite: Any, depend: str) -> None:
    histoire = orientee()
    histoire.accepte(decide_par(SECONDE, 2, APRES))
    histoire.accepte(suite)

    refus = histoire.refuse(annule())

    assert (refus.code, refus.details["depend"]) == ("annulation-impossible", depend)


def test_what_is_cancelled_too_is_waited_for_and_stands_on_it_no_more() -> None:
    histoire, recu_a = orientee(), a(APRES)
    histoire.accepte(decide_par(SECONDE, 2, APRES))
    for type_, numero in (("referent.designe", 7), ("contrat.propose", 8)):
        histoire.accepte(SuiteDonnee(PARCOURS, type_, uuid7(), depot=UUID(int=numero)))
    annulation = replace(annule(), recu_a=recu_a)

    histoire.accepte(SuiteAnnulee(PARCOURS, UUID(int=8)))
    attente = histoire.recoit(annulation, recu_a)
    refus = histoire.refuse(annulation)
    histoire.accepte(SuiteAnnulee(PARCOURS, UUID(int=7)))
    histoire.accepte(annulation, recu_a)

    assert isinstance(attente, Attente)
    assert refus.details == {"depend": "referent.designe"}


def test_what_was_done_elsewhere_before_does_not_stand_on_it() -> None:
    histoire = orientee()
    histoire.accepte(decide_par(SECONDE, 2, APRES))
    histoire.accepte(SuiteDonnee(PARCOURS, "referent.designe", uuid7(), structure=AILLEURS))

    histoire.accepte(annule())


def test_what_was_told_before_it_and_heard_late_does_not_stand_on_it() -> None:
    histoire, avant = orientee(), uuid7()
    histoire.accepte(replace(decide_par(SECONDE, 2, APRES), id=(depot_ := uuid7())))
    histoire.accepte(SuiteDonnee(PARCOURS, "contrat.propose", avant))

    histoire.accepte(annule(depot_))


@pytest.mark.parametrize(("par", "code"), [(FT, "non-autorise"), (ML, "non-autorise")])
def test_who_did_not_decide_does_not_cancel(par: Auteur, code: str) -> None:
    assert orientee().refuse(annule(PREMIERE, par)).code == code


def test_what_is_not_known_is_not_cancelled() -> None:
    refus = orientee().refuse(annule(UUID(int=9)))

    assert (refus.code, refus.details) == ("annulation-impossible", {"motif": "decision-inconnue"})


@settings(max_examples=150, deadline=None)
@given(st.integers(-20, 400), st.integers(0, 60), st.booleans(), st.booleans())
def test_to_cancel_what_was_decided_is_to_have_decided_nothing(
    debut: int, recu: int, demandee: bool, notifiee: bool
) -> None:
    histoire, recu_le = orientee(), APRES + timedelta(days=recu)
    if demandee:
        histoire.accepte(reorientation())
    avant, dues = histoire.dossier, echeances(histoire.dossier)
    suite = histoire.recoit(decide_par(SECONDE, 2, recu_le + timedelta(days=debut), recu_le))
    if type(suite).__name__ == "Refus":
        return
    if notifiee:
        histoire.recoit(NotifierOrientation(PARCOURS, CD, recu_le, a(recu_le, 18)))

    histoire.accepte(annule())

    assert (histoire.dossier, echeances(histoire.dossier)) == (avant, dues)


@pytest.mark.anyio
async def test_reads_and_rows_are_as_before_and_the_rank_is_free_again(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    await essai.accepte(depot("orientation.decidee", decidee_json(1, DEBUT)))
    avant = await essai.lire("orientations", parcours=str(PARCOURS))
    seconde = depot("orientation.decidee", decidee_json(2, APRES, date_decision=APRES.isoformat()), recu_a=a(APRES))
    await essai.accepte(seconde)

    annulation = depot("orientation.annulee", {"annule": str(seconde.id), "motif": "Erreur."}, recu_a=a(APRES))
    [fait] = await essai.accepte(annulation)
    apres = await essai.lire("orientations", parcours=str(PARCOURS))
    await essai.accepte(replace(seconde, id=uuid4()))

    assert apres == avant
    assert fait.source == CD.partenaire
    assert (fait.donnees["rang"], fait.donnees["retablie"]["rang"]) == (2, 1)


@pytest.mark.anyio
async def test_in_one_batch_the_rank_is_taken_again(essai: Essai) -> None:
    await essai.ouvrir()
    premiere = depot("orientation.decidee", decidee_json(1, DEBUT))
    await essai.accepte(premiere)
    annulation = depot("orientation.annulee", {"annule": str(premiere.id), "motif": "Erreur."})

    reponses = await essai.decider(annulation, depot("orientation.decidee", decidee_json(1, APRES)))

    assert [reponse.etat for reponse in reponses] == ["accepte", "accepte"]
    [lue] = (await essai.lire("orientations", parcours=str(PARCOURS)))["orientations"]
    assert lue["date_debut"] == APRES


@pytest.mark.anyio
async def test_what_a_partner_designates_is_heard_and_survives_the_database(essai: Essai) -> None:
    await essai.ouvrir()
    premiere = replace(depot("orientation.decidee", decidee_json(1, DEBUT)), id=uuid7())
    await essai.accepte(premiere)
    structure = {"systeme": "local", "valeur": "pole-insertion-lille", "nom": "Pôle"}
    designe = replace(evenement("referent.designe", {"structure": structure}), id=uuid7(), emetteur=CD.partenaire)

    await essai.accepte(designe)

    annulation = depot("orientation.annulee", {"annule": str(premiere.id), "motif": "Erreur."})
    assert await essai.refuse(annulation) == "annulation-impossible"
