"""A designation that is cancelled leaves who follows the person, the days to come and the reads as they were."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.decision import Attente
from services.referents.domain.suivi import SuiviEffectif, echeances
from tests.referents import dits as messages
from tests.referents.conftest import Essai
from tests.referents.dits import AnnulerReferent
from tests.referents.fabrique import (
    CD,
    DEBUT,
    MAINTENANT,
    ML,
    PARCOURS,
    Histoire,
    a,
    accepte,
    depot,
    designe,
    designe_json,
    evenement,
    orientee,
    orientee_suivie,
    remplace,
    remplace_json,
    termine,
)

FIN = date(2026, 4, 10)
LE = a(FIN, 18)


def par(message: Any, numero: int, auteur: str = CD) -> Any:
    return replace(message, id=UUID(int=numero), auteur=auteur)


def annule(numero: int, auteur: str = CD, role: str = "departement") -> Any:
    return AnnulerReferent(PARCOURS, auteur, role, UUID(int=numero), "Saisi par erreur.", LE)


def suivie() -> Histoire:
    histoire = Histoire()
    for message in (orientee(), par(designe(), 1), accepte()):
        histoire.accepte(message)
    return histoire


def etat(histoire: Histoire) -> tuple[Any, ...]:
    return (histoire.dossier, echeances(histoire.dossier))


def test_a_designation_goes_with_its_answer() -> None:
    histoire = Histoire()
    histoire.accepte(orientee())
    avant = etat(histoire)
    histoire.accepte(par(designe(), 1))
    histoire.accepte(accepte())

    suite = histoire.accepte(annule(1), LE)

    assert etat(histoire) == avant
    assert messages.est(suite[-1], SuiviEffectif) and suite[-1].data.designation is None


@pytest.mark.parametrize("dernier_jour", [DEBUT, FIN, FIN + timedelta(days=30)], ids=["past", "today", "later"])
def test_who_was_replaced_follows_again(dernier_jour: date) -> None:
    histoire = suivie()
    avant = etat(histoire)
    nouveau = remplace(dernier_jour, dernier_jour + timedelta(days=1))
    histoire.accepte(par(replace(nouveau, recu_a=LE), 2), LE)

    suite = histoire.accepte(annule(2), LE)

    assert etat(histoire) == avant
    effectif = suite[-1]
    assert messages.est(effectif, SuiviEffectif) and effectif.data.designation == avant[0].designation


@pytest.mark.parametrize("jours", [0, 30])
def test_an_end_that_is_cancelled_never_was(jours: int) -> None:
    histoire = suivie()
    avant = etat(histoire)
    fin = replace(termine(FIN + timedelta(days=jours)), recu_a=LE)
    histoire.accepte(par(fin, 2), LE)

    histoire.accepte(annule(2), LE)

    assert etat(histoire) == avant


@pytest.mark.parametrize(
    ("suite", "depend"),
    [
        (par(replace(remplace(FIN, FIN + timedelta(days=1)), recu_a=LE), 2), "referent.remplace"),
        (par(termine(FIN), 2), "referent.termine"),
        (orientee(rang=2, debut=FIN), "orientation.decidee"),
        (messages.ContratSigne(PARCOURS, UUID(int=7), UUID(int=8)), "contrat.signe"),
    ],
)
def test_what_stands_on_it_is_named(suite: Any, depend: str) -> None:
    histoire = suivie()
    histoire.accepte(suite, LE)

    refus = histoire.refuse(annule(1), LE + timedelta(seconds=3))

    assert (refus.code, refus.details) == ("annulation-impossible", {"depend": depend})


def test_step_by_step_nothing_is_left() -> None:
    histoire = Histoire()
    histoire.accepte(orientee())
    avant = etat(histoire)
    fin = FIN + timedelta(days=20)
    suite = [par(designe(), 1), accepte(), par(replace(remplace(FIN, FIN + timedelta(days=1)), recu_a=LE), 2)]
    for message in (*suite, par(termine(fin), 3)):
        histoire.accepte(message, LE)

    for numero in (3, 2, 1):
        histoire.accepte(annule(numero), LE)

    assert etat(histoire) == avant


def test_a_contract_that_is_cancelled_a_moment_before_is_waited_for_and_no_more_in_the_way() -> None:
    histoire = suivie()
    histoire.accepte(messages.ContratSigne(PARCOURS, UUID(int=7), UUID(int=8)))

    attente = histoire.recoit(annule(1), LE)
    histoire.accepte(messages.ContratAnnule(PARCOURS, UUID(int=7)))
    histoire.accepte(annule(1), LE)

    assert isinstance(attente, Attente)


def test_a_contract_signed_before_the_designation_and_heard_late_does_not_stand_on_it() -> None:
    histoire = suivie()
    histoire.accepte(messages.ContratSigne(PARCOURS, UUID(int=7), UUID(int=0)))

    histoire.accepte(annule(1), LE)


@pytest.mark.parametrize(("role", "code"), [("mission-locale", "non-autorise"), ("departement", None)])
def test_who_did_not_designate_does_not_cancel_but_the_departement(role: str, code: str | None) -> None:
    decision = suivie().recoit(annule(1, ML, role), LE)

    assert getattr(decision, "code", None) == code


def test_what_is_not_known_is_not_cancelled() -> None:
    refus = orientee_suivie().refuse(annule(9), LE)

    assert (refus.code, refus.details) == ("annulation-impossible", {"motif": "designation-inconnue"})


@pytest.mark.anyio
async def test_reads_and_rows_are_as_before_and_another_may_be_designated(essai: Essai) -> None:
    await essai.suivre()
    avant = await essai.lire("referent", parcours=str(PARCOURS))
    remplacement = depot("referent.remplace", remplace_json(DEBUT, DEBUT + timedelta(days=1)))
    await essai.accepte(remplacement)

    annulation = depot("referent.annule", {"annule": str(remplacement.id), "motif": "Erreur."})
    [annule_, effectif] = await essai.accepte(annulation)
    apres = await essai.lire("referent", parcours=str(PARCOURS))
    await essai.accepte(replace(remplacement, id=uuid4()))

    assert apres == avant
    assert (annule_.type, annule_.source, effectif.type) == ("referent.annule", CD, "suivi.effectif")
    assert effectif.donnees["etat"] == "actif"


@pytest.mark.anyio
async def test_a_contract_that_a_partner_signed_is_heard_and_survives_the_database(essai: Essai) -> None:
    await essai.orienter()
    designation = replace(depot("referent.designe", designe_json()), id=UUID(int=1))
    await essai.accepte(designation)
    await essai.accepte(depot("referent.accepte", {}))
    contrat = evenement("contrat.signe", {"contrat_id": "ce-1"}, brique="engagements")
    await essai.accepte(replace(contrat, emetteur=CD, cause=UUID(int=7)))
    annulation = depot("referent.annule", {"annule": str(designation.id), "motif": "Erreur."}, recu_a=DEBUT_A)

    assert await essai.refuse(annulation) == "annulation-impossible"
    annule_ = {"annule": str(UUID(int=7)), "motif": "Erreur."}
    await essai.accepte(evenement("contrat.annule", annule_, brique="engagements"))
    await essai.accepte(replace(annulation, id=uuid4()))


DEBUT_A = MAINTENANT - timedelta(minutes=1)
