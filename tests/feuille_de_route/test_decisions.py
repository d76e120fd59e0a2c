"""Invariant 16: an action belongs to one objective of the same parcours; what is over does not reopen."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decision import Attente, Refus
from services.feuille_de_route.domain import appliquer, decider, faits, messages
from services.feuille_de_route.domain.carnet import Action, Objectif, Observation, StatutAction, StatutObjectif
from services.feuille_de_route.domain.feuille import Feuille, Situation
from services.feuille_de_route.domain.prescriptions import Prescription
from tests.feuille_de_route.fabrique import CD, PARCOURS, prescription

MIDI = datetime(2026, 3, 16, 12, tzinfo=UTC)
COURANT = Observation("Vient à ses rendez-vous.", "courante")


def objectif(statut: StatutObjectif = StatutObjectif.EN_COURS, id_: str = "o1") -> Objectif:
    return Objectif(id_, "mobilite", "Pouvoir se déplacer", statut)


def action(
    statut: StatutAction = StatutAction.PREVUE, id_: str = "a1", de: str = "o1", liee: str | None = None
) -> Action:
    return Action(id_, de, "S'inscrire", statut, prescription_id=liee)


def feuille(*objets: Objectif | Action, prescriptions: tuple[Prescription, ...] = ()) -> Feuille:
    return Feuille(
        PARCOURS,
        "59",
        objectifs={objet.objectif_id: objet for objet in objets if isinstance(objet, Objectif)},
        actions={objet.action_id: objet for objet in objets if isinstance(objet, Action)},
        prescriptions=prescriptions,
    )


def decide(connue: Feuille, message: messages.Message) -> list[str] | str:
    """The facts by name, or the code of the refusal."""
    suite = decider(Situation(connue), message, MIDI)
    assert not isinstance(suite, Attente)
    return suite.code if isinstance(suite, Refus) else [type(fait).__name__ for fait in suite]


def test_an_action_is_added_for_an_objective_of_the_sheet() -> None:
    suite = decide(feuille(objectif()), messages.AjouterAction(PARCOURS, action()))

    assert suite == ["ActionAjoutee"]


def test_an_action_without_its_objective_is_refused() -> None:
    assert decide(feuille(), messages.AjouterAction(PARCOURS, action())) == "etat-interdit"


@pytest.mark.parametrize("declaree", [None, "courante", "sante"])
def test_an_action_that_serves_a_health_objective_is_told_as_one_of_health(declaree: str | None) -> None:
    soins = replace(objectif(), theme="sante")
    dite = replace(action(), sensibilite=declaree)

    ajoutee = decider(Situation(feuille(soins)), messages.AjouterAction(PARCOURS, dite), MIDI)
    changee = decider(Situation(feuille(soins, action())), messages.ChangerAction(PARCOURS, dite), MIDI)

    attendue = replace(dite, sensibilite="sante")
    assert ajoutee == [faits.ActionAjoutee(PARCOURS, "59", attendue)]
    assert changee == [faits.ActionChangee(PARCOURS, "59", attendue)]


@pytest.mark.parametrize(("redite", "attendue"), [(None, "sante"), ("sante", "sante"), ("courante", "courante")])
def test_an_action_of_health_stays_one_until_it_is_said_otherwise(redite: str | None, attendue: str) -> None:
    connue = feuille(objectif(), replace(action(), sensibilite="sante"))

    changee = decider(Situation(connue), messages.ChangerAction(PARCOURS, replace(action(), sensibilite=redite)), MIDI)

    assert changee == [faits.ActionChangee(PARCOURS, "59", replace(action(), sensibilite=attendue))]


@pytest.mark.parametrize("final", [StatutObjectif.ATTEINT, StatutObjectif.ABANDONNE])
def test_a_closed_objective_takes_no_new_action(final: StatutObjectif) -> None:
    assert decide(feuille(objectif(final)), messages.AjouterAction(PARCOURS, action())) == "etat-interdit"


def test_an_action_keeps_its_objective() -> None:
    connue = feuille(objectif(), objectif(id_="o2"), action())

    assert decide(connue, messages.ChangerAction(PARCOURS, action(de="o2"))) == "etat-interdit"


def test_an_unknown_action_is_refused() -> None:
    assert decide(feuille(objectif()), messages.ChangerAction(PARCOURS, action())) == "etat-interdit"


def test_a_key_is_used_once() -> None:
    connue = feuille(objectif(), action())

    assert decide(connue, messages.AjouterObjectif(PARCOURS, objectif())) == "deja-traite"
    assert decide(connue, messages.AjouterAction(PARCOURS, action())) == "deja-traite"


@pytest.mark.parametrize("final", [StatutAction.REALISEE, StatutAction.ABANDONNEE])
@pytest.mark.parametrize("voulu", list(StatutAction))
def test_an_action_that_is_over_does_not_reopen(final: StatutAction, voulu: StatutAction) -> None:
    code = decide(feuille(objectif(), action(final)), messages.ChangerAction(PARCOURS, action(voulu)))

    assert code == ("deja-traite" if voulu.est_final else "etat-interdit")


@pytest.mark.parametrize("voulu", list(StatutObjectif))
def test_an_objective_that_is_closed_does_not_reopen(voulu: StatutObjectif) -> None:
    code = decide(feuille(objectif(StatutObjectif.ATTEINT)), messages.ChangerObjectif(PARCOURS, objectif(voulu)))

    assert code == ("deja-traite" if voulu.est_final else "etat-interdit")


def test_the_actions_of_a_closed_objective_can_still_end() -> None:
    connue = feuille(objectif(StatutObjectif.ATTEINT), action())

    assert decide(connue, messages.ChangerAction(PARCOURS, action(StatutAction.REALISEE))) == ["ActionChangee"]
    assert decide(connue, messages.ChangerAction(PARCOURS, action(StatutAction.EN_COURS))) == "etat-interdit"


def test_an_action_that_its_prescription_has_brought_to_its_end_is_over() -> None:
    finie = Prescription("p-1", CD, prescription(), "terminee", {"issue": "accomplie"})
    connue = feuille(objectif(), action(liee="p-1"), prescriptions=(finie,))

    assert decide(connue, messages.ChangerAction(PARCOURS, action(StatutAction.EN_COURS))) == "etat-interdit"


def test_an_unknown_objective_can_be_neither_changed_nor_closed() -> None:
    assert decide(feuille(), messages.ChangerObjectif(PARCOURS, objectif())) == "etat-interdit"


def test_nothing_is_written_on_a_closed_parcours() -> None:
    connue = Feuille(PARCOURS, "59", est_close=True)

    assert decide(connue, messages.AjouterObservation(PARCOURS, COURANT)) == "etat-interdit"


def test_a_deposit_waits_for_the_opening_of_its_parcours() -> None:
    suite = decider(Situation(), messages.AjouterObservation(PARCOURS, COURANT), MIDI)

    assert isinstance(suite, Attente)


cles = st.sampled_from(["o1", "o2"])
depots = st.one_of(
    st.builds(messages.AjouterObjectif, st.just(PARCOURS), st.builds(objectif, st.sampled_from(StatutObjectif), cles)),
    st.builds(messages.ChangerObjectif, st.just(PARCOURS), st.builds(objectif, st.sampled_from(StatutObjectif), cles)),
    st.builds(
        messages.AjouterAction,
        st.just(PARCOURS),
        st.builds(action, st.sampled_from(StatutAction), st.sampled_from(["a1", "a2"]), cles),
    ),
    st.builds(
        messages.ChangerAction,
        st.just(PARCOURS),
        st.builds(action, st.sampled_from(StatutAction), st.sampled_from(["a1", "a2"]), cles),
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(depots, max_size=25))
def test_over_any_deposits_actions_keep_their_objective_and_ends_are_ends(suite: list[messages.Depot]) -> None:
    connue = feuille()
    for message in suite:
        avant, decision = connue, decider(Situation(connue), message, MIDI)
        if isinstance(decision, Refus | Attente):
            continue
        for fait in decision:
            assert not isinstance(fait, faits.FaitInterne)
            connue = appliquer(connue, fait)

        for cle, ancienne in avant.actions.items():
            assert connue.actions[cle].objectif_id == ancienne.objectif_id
            assert not ancienne.statut.est_final or connue.actions[cle] == ancienne
        for cle, ancien in avant.objectifs.items():
            assert not ancien.statut.est_final or connue.objectifs[cle] == ancien
        assert {une.objectif_id for une in connue.actions.values()} <= connue.objectifs.keys()
