"""Invariants 13 and 14 of the catalogue over any sequence of messages, with a clock that runs between them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chassis.decision import Refus
from relais_contrats.v1 import offres as contrat
from services.offres.domain.dossier import Etat, Prescription
from tests.offres.prescripteurs import (
    ASSO,
    AUTRE,
    CD,
    CODE,
    JOUR,
    PARCOURS,
    SCOOTER,
    Histoire,
    a,
    clos,
    emettre,
    fusionne,
    le,
    ouvert,
    suite,
    transfere,
)

KEYS = ["p-1", "p-2", "p-3"]
STATES = [Etat.A_L_ETUDE, Etat.ACCEPTEE, Etat.REFUSEE, Etat.ANNULEE, Etat.COMMENCEE, Etat.TERMINEE]

emission = st.tuples(st.just("emettre"), st.sampled_from(KEYS), st.sampled_from([SCOOTER.id, CODE.id, "x--y"]))
answer = st.tuples(st.sampled_from(STATES), st.sampled_from(KEYS), st.sampled_from([ASSO, CD]))
withdrawal = st.tuples(st.just("retirer"), st.just(""), st.sampled_from([SCOOTER.id, CODE.id]))
elsewhere = st.tuples(st.just("ailleurs"), st.sampled_from(KEYS), st.sampled_from([SCOOTER.id, CODE.id]))
merge = st.tuples(st.just("fusionner"), st.just(""), st.just(""))
move = st.tuples(st.just("transferer"), st.just(""), st.sampled_from(["62", "974"]))
end = st.tuples(st.just("clore"), st.just(""), st.just(""))
Step = tuple[int, tuple[Etat | str, str, str]]


def lives(*of: st.SearchStrategy[tuple[Etat | str, str, str]]) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.tuples(st.integers(0, 25), st.one_of(*of)), min_size=1, max_size=25)


steps = lives(emission, elsewhere, answer, answer, withdrawal, merge)


class Played(Histoire):
    """A history that checks, after every step, what must always hold."""

    def __init__(self) -> None:
        super().__init__()
        self.recoit(ouvert(AUTRE))
        self.finals: dict[str, Prescription] = {}

    def check(self) -> None:
        for une in self.dossier.prescriptions:
            if une.etat.est_final:
                assert self.finals.setdefault(une.prescription_id, une) == une
            if une.etat.attend_une_reponse:
                assert une.service.id in self.services
            assert une.etat.est_final is (une.fin_le is not None)
            assert (une.etat is Etat.REFUSEE, une.etat is Etat.TERMINEE) == (bool(une.motifs), une.issue is not None)
            assert une.repondue_le is None or (une.etat is not Etat.EMISE and une.repondue_le >= une.emise_le)
            assert une.repondue_le or une.etat in (Etat.EMISE, Etat.ANNULEE, Etat.EXPIREE)
            assert (une.fin_le or une.emise_le) >= une.emise_le and une.relances <= 5


def play(days: int, histoire: Played, what: Etat | str, key: str, third: str) -> None:
    if what == "emettre":
        known = third in histoire.services
        decision = histoire.recoit(emettre(key, third, days))
        assert known or isinstance(decision, Refus)
    elif what == "retirer":
        if third in histoire.services:
            histoire.retire(third, le(days))
    elif what == "ailleurs":
        histoire.recoit(emettre(key, third, days, AUTRE))
    elif what == "fusionner":
        histoire.recoit(fusionne(PARCOURS, AUTRE), a(le(days)))
    elif what == "transferer":
        histoire.recoit(transfere(third))
    elif what == "clore":
        histoire.recoit(clos(le(days)), a(le(days)))
    else:
        histoire.recoit(suite(Etat(what), days, key, par=third))


def played(life: list[Step]) -> Played:
    """Time passes between the steps, and what is due fires."""
    histoire, days = Played(), 0
    for pause, (what, key, third) in life:
        days += pause
        histoire.attend(le(days))
        play(days, histoire, what, key, third)
    return histoire


@given(steps)
def test_final_states_are_terminal_and_what_waits_waits_for_a_live_service(
    life: list[Step],
) -> None:
    histoire, days = Played(), 0

    for pause, (what, key, third) in life:
        days += pause
        histoire.attend(le(days))
        play(days, histoire, what, key, third)
        histoire.check()

    named = [fait.data.service_id for fait in histoire.dits(contrat.PrescriptionEmise)]
    assert set(named) <= {SCOOTER.id, CODE.id}
    ranks = histoire.relances()
    per_day = {(rang, day) for rang, day in ranks}
    assert len(per_day) <= len(ranks) <= 5 * len(KEYS)


@given(steps, st.integers(60, 400))
def test_after_sixty_days_nothing_waits_any_more(life: list[Step], later: int) -> None:
    histoire = played(life)

    histoire.attend(le(sum(pause for pause, _ in life) + later))

    assert histoire.dossier.en_attente == ()
    assert all(une.relances <= 5 for une in histoire.dossier.prescriptions)


def test_a_withdrawal_expires_what_waits_with_its_reason_and_leaves_what_was_accepted() -> None:
    histoire = Histoire()
    histoire.accepte(emettre("p-1"))
    histoire.accepte(emettre("p-2"))
    histoire.accepte(emettre("p-3", CODE.id))
    histoire.accepte(suite(Etat.ACCEPTEE, 0, "p-2"))
    accepted = histoire.la("p-2")

    histoire.retire(SCOOTER.id, le(3))

    [expired] = histoire.expirations()
    assert expired.prescription_id == "p-1"
    assert "Fin du financement." in expired.raison
    assert histoire.la("p-2") == replace(accepted)
    assert histoire.la("p-3").etat is Etat.EMISE
    assert a(JOUR).utcoffset() is not None
