"""Invariants 13 and 14 of the catalogue over any sequence of messages, with a clock that runs between them."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chassis.decision import Refus
from services.offres.domain.dossier import Etat, Prescription
from services.offres.domain.faits import PrescriptionEmise
from tests.offres.prescripteurs import ASSO, CD, CODE, JOUR, SCOOTER, Histoire, a, emettre, suite

KEYS = ["p-1", "p-2", "p-3"]
STATES = [Etat.A_L_ETUDE, Etat.ACCEPTEE, Etat.REFUSEE, Etat.ANNULEE, Etat.COMMENCEE, Etat.TERMINEE]

emission = st.tuples(st.just("emettre"), st.sampled_from(KEYS), st.sampled_from([SCOOTER.id, CODE.id, "x--y"]))
answer = st.tuples(st.sampled_from(STATES), st.sampled_from(KEYS), st.sampled_from([ASSO, CD]))
withdrawal = st.tuples(st.just("retirer"), st.just(""), st.sampled_from([SCOOTER.id, CODE.id]))
steps = st.lists(
    st.tuples(st.integers(0, 25), st.one_of(emission, answer, answer, withdrawal)), min_size=1, max_size=25
)


class Played(Histoire):
    """A history that checks, after every step, what must always hold."""

    def __init__(self) -> None:
        super().__init__()
        self.finals: dict[str, Prescription] = {}

    def check(self) -> None:
        for une in self.dossier.prescriptions:
            if une.etat.est_final:
                assert self.finals.setdefault(une.prescription_id, une) == une
            if une.etat.attend_une_reponse:
                assert une.service.id in self.services


def play(days: int, histoire: Played, what: Etat | str, key: str, third: str) -> None:
    if what == "emettre":
        known = third in histoire.services
        decision = histoire.recoit(emettre(key, third, days))
        assert known or (isinstance(decision, Refus) and decision.code != "etat-interdit")
    elif what == "retirer":
        if third in histoire.services:
            histoire.retire(third, JOUR + timedelta(days=days))
    else:
        histoire.recoit(suite(Etat(what), days, key, emetteur=third))


@given(steps)
def test_final_states_are_terminal_and_what_waits_waits_for_a_live_service(
    played: list[tuple[int, tuple[Etat | str, str, str]]],
) -> None:
    histoire, days = Played(), 0

    for pause, (what, key, third) in played:
        days += pause
        histoire.attend(JOUR + timedelta(days=days))
        play(days, histoire, what, key, third)
        histoire.check()

    named = [fait.prescription.service.id for fait in histoire.faits if isinstance(fait, PrescriptionEmise)]
    assert set(named) <= {SCOOTER.id, CODE.id}
    ranks = histoire.relances()
    per_day = {(rang, day) for rang, day in ranks}
    assert len(per_day) <= len(ranks) <= 5 * len(KEYS)


@given(steps, st.integers(60, 400))
def test_after_sixty_days_nothing_waits_any_more(
    played: list[tuple[int, tuple[Etat | str, str, str]]], later: int
) -> None:
    histoire, days = Played(), 0
    for pause, (what, key, third) in played:
        days += pause
        histoire.attend(JOUR + timedelta(days=days))
        play(days, histoire, what, key, third)

    histoire.attend(JOUR + timedelta(days=days + later))

    assert histoire.dossier.en_attente == ()
    assert all(une.relances <= 5 for une in histoire.dossier.prescriptions)


def test_a_withdrawal_expires_what_waits_with_its_reason_and_leaves_what_was_accepted() -> None:
    histoire = Histoire()
    histoire.accepte(emettre("p-1"))
    histoire.accepte(emettre("p-2"))
    histoire.accepte(emettre("p-3", CODE.id))
    histoire.accepte(suite(Etat.ACCEPTEE, 0, "p-2"))
    accepted = histoire.la("p-2")

    histoire.retire(SCOOTER.id, JOUR + timedelta(days=3))

    [expired] = histoire.expirations()
    assert expired.prescription_id == "p-1"
    assert "Fin du financement." in expired.raison
    assert histoire.la("p-2") == replace(accepted)
    assert histoire.la("p-3").etat is Etat.EMISE
    assert a(JOUR).utcoffset() is not None
