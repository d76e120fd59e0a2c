"""Invariant 16: an action belongs to one objective of the same parcours; what is over does not reopen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decision import Attente, Refus
from services.dossiers.regles import Dit
from services.dossiers.vie import Situation
from services.feuille_de_route.domain import REGLES
from services.feuille_de_route.domain.carnet import Action, Objectif, Observation, StatutAction, StatutObjectif
from services.feuille_de_route.domain.dossier import Dossier
from services.feuille_de_route.domain.recu import Recu
from tests.feuille_de_route.dits import (
    AjouterAction,
    AjouterObjectif,
    AjouterObservation,
    ChangerAction,
    ChangerObjectif,
    Message,
    ecrits,
    lue,
)
from tests.feuille_de_route.fabrique import PARCOURS, Json, Recit, prescription

MIDI = datetime(2026, 3, 16, 12, tzinfo=UTC)
COURANT = Observation("Vient à ses rendez-vous.", "courante")


def objectif(statut: StatutObjectif = StatutObjectif.EN_COURS, id_: str = "o1") -> Objectif:
    return Objectif(id_, "mobilite", "Pouvoir se déplacer", statut)


def action(
    statut: StatutAction = StatutAction.PREVUE, id_: str = "a1", de: str = "o1", liee: str | None = None
) -> Action:
    return Action(id_, de, "S'inscrire", statut, prescription_id=liee)


def dits(*suite: tuple[str, Json]) -> tuple[Recu, ...]:
    recit = Recit()
    recit.dit("parcours.ouvert")
    for type_, donnees in suite:
        recit.dit(type_, donnees)
    return tuple(recit.recus)


def feuille(*objets: Objectif | Action, recus: tuple[Recu, ...] = ()) -> Dossier:
    return ecrits(Dossier(PARCOURS, recus=recus or dits()), *objets)


def decider(connue: Dossier | None, message: Message) -> Sequence[Any] | Refus | Attente:
    return REGLES.decider(Situation(connue), message, MIDI)


def decide(connue: Dossier, message: Message) -> list[str] | str:
    """The facts by name, or the code of the refusal."""
    suite = decider(connue, message)
    assert not isinstance(suite, Attente)
    return suite.code if isinstance(suite, Refus) else [type(fait.data).__name__ for fait in suite]


def dite(suite: Sequence[Any] | Refus | Attente) -> Action:
    """The action that partners hear of."""
    assert not isinstance(suite, Refus | Attente)
    [fait] = suite
    assert isinstance(fait, Dit)
    return lue(fait.data)


def test_an_action_is_added_for_an_objective_of_the_sheet() -> None:
    suite = decide(feuille(objectif()), AjouterAction(PARCOURS, action()))

    assert suite == ["ActionAjoutee"]


def test_an_action_without_its_objective_is_refused() -> None:
    assert decide(feuille(), AjouterAction(PARCOURS, action())) == "etat-interdit"


@pytest.mark.parametrize("declaree", [None, "courante", "sante"])
def test_an_action_that_serves_a_health_objective_is_told_as_one_of_health(declaree: str | None) -> None:
    soins = replace(objectif(), theme="sante")
    deposee = replace(action(), sensibilite=declaree)

    ajoutee = decider(feuille(soins), AjouterAction(PARCOURS, deposee))
    changee = decider(feuille(soins, action()), ChangerAction(PARCOURS, deposee))

    attendue = replace(deposee, sensibilite="sante")
    assert (dite(ajoutee), dite(changee)) == (attendue, attendue)


@pytest.mark.parametrize(("redite", "attendue"), [(None, "sante"), ("sante", "sante"), ("courante", "courante")])
def test_an_action_of_health_stays_one_until_it_is_said_otherwise(redite: str | None, attendue: str) -> None:
    connue = feuille(objectif(), replace(action(), sensibilite="sante"))

    changee = decider(connue, ChangerAction(PARCOURS, replace(action(), sensibilite=redite)))

    assert dite(changee) == replace(action(), sensibilite=attendue)


@pytest.mark.parametrize("final", [StatutObjectif.ATTEINT, StatutObjectif.ABANDONNE])
def test_a_closed_objective_takes_no_new_action(final: StatutObjectif) -> None:
    assert decide(feuille(objectif(final)), AjouterAction(PARCOURS, action())) == "etat-interdit"


def test_an_action_keeps_its_objective() -> None:
    connue = feuille(objectif(), objectif(id_="o2"), action())

    assert decide(connue, ChangerAction(PARCOURS, action(de="o2"))) == "etat-interdit"


def test_an_unknown_action_is_refused() -> None:
    assert decide(feuille(objectif()), ChangerAction(PARCOURS, action())) == "etat-interdit"


def test_a_key_is_used_once() -> None:
    connue = feuille(objectif(), action())

    assert decide(connue, AjouterObjectif(PARCOURS, objectif())) == "deja-traite"
    assert decide(connue, AjouterAction(PARCOURS, action())) == "deja-traite"


@pytest.mark.parametrize("final", [StatutAction.REALISEE, StatutAction.ABANDONNEE])
@pytest.mark.parametrize("voulu", list(StatutAction))
def test_an_action_that_is_over_does_not_reopen(final: StatutAction, voulu: StatutAction) -> None:
    code = decide(feuille(objectif(), action(final)), ChangerAction(PARCOURS, action(voulu)))

    assert code == ("deja-traite" if voulu.est_final else "etat-interdit")


@pytest.mark.parametrize("voulu", list(StatutObjectif))
def test_an_objective_that_is_closed_does_not_reopen(voulu: StatutObjectif) -> None:
    code = decide(feuille(objectif(StatutObjectif.ATTEINT)), ChangerObjectif(PARCOURS, objectif(voulu)))

    assert code == ("deja-traite" if voulu.est_final else "etat-interdit")


def test_the_actions_of_a_closed_objective_can_still_end() -> None:
    connue = feuille(objectif(StatutObjectif.ATTEINT), action())

    assert decide(connue, ChangerAction(PARCOURS, action(StatutAction.REALISEE))) == ["ActionRealisee"]
    assert decide(connue, ChangerAction(PARCOURS, action(StatutAction.EN_COURS))) == "etat-interdit"


def test_an_action_that_its_prescription_has_brought_to_its_end_is_over() -> None:
    fin = {"prescription_id": "p-1", "date": "2026-05-01", "issue": "accomplie"}
    finie = dits(("prescription.emise", prescription()), ("participation.terminee", fin))
    connue = feuille(objectif(), action(liee="p-1"), recus=finie)

    assert decide(connue, ChangerAction(PARCOURS, action(StatutAction.EN_COURS))) == "etat-interdit"


def test_an_unknown_objective_can_be_neither_changed_nor_closed() -> None:
    assert decide(feuille(), ChangerObjectif(PARCOURS, objectif())) == "etat-interdit"


def test_nothing_is_written_on_a_closed_parcours() -> None:
    connue = feuille(recus=dits(("parcours.clos", {"date_fin": "2026-05-01", "motif": "Emploi durable."})))

    assert decide(connue, AjouterObservation(PARCOURS, COURANT)) == "etat-interdit"


def test_a_deposit_waits_for_the_opening_of_its_parcours() -> None:
    suite = decider(None, AjouterObservation(PARCOURS, COURANT))

    assert isinstance(suite, Attente)


cles = st.sampled_from(["o1", "o2"])
ouverts = st.sampled_from([statut for statut in StatutAction if not statut.est_final])
depots = st.one_of(
    st.builds(AjouterObjectif, st.just(PARCOURS), st.builds(objectif, st.just(StatutObjectif.EN_COURS), cles)),
    st.builds(ChangerObjectif, st.just(PARCOURS), st.builds(objectif, st.sampled_from(StatutObjectif), cles)),
    st.builds(AjouterAction, st.just(PARCOURS), st.builds(action, ouverts, st.sampled_from(["a1", "a2"]), cles)),
    st.builds(
        ChangerAction,
        st.just(PARCOURS),
        st.builds(action, st.sampled_from(StatutAction), st.sampled_from(["a1", "a2"]), cles),
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(depots, max_size=25))
def test_over_any_deposits_actions_keep_their_objective_and_ends_are_ends(suite: list[Message]) -> None:
    connue = feuille()
    for message in suite:
        avant, decision = connue, decider(connue, message)
        if isinstance(decision, Refus | Attente):
            continue
        for fait in decision:
            connue = REGLES.replier(connue, fait)

        for cle, ancienne in avant.actions.items():
            assert connue.actions[cle].objectif_id == ancienne.objectif_id
            assert not ancienne.statut.est_final or connue.actions[cle] == ancienne
        for cle, ancien in avant.objectifs.items():
            assert not ancien.statut.est_final or connue.objectifs[cle] == ancien
        assert {une.objectif_id for une in connue.actions.values()} <= connue.objectifs.keys()
