"""At most one orientation at any date: the known vectors, then what holds for any sequence of decisions."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decision import Refus
from services.orientation.domain.plages import DUREE_MINIMALE, Placement, Plage, placer
from tests.orientation.fabrique import CD, Histoire, a, decide


def jour(texte: str) -> date:
    return date.fromisoformat(f"2022-{texte}")


A = Plage(jour("10-09"), jour("11-09"))
B = Plage(jour("11-11"))


@pytest.mark.parametrize(
    ("existantes", "nouvelle", "placee", "fin_precedente"),
    [
        ([A, B], Plage(jour("12-12"), jour("12-22")), Plage(jour("12-12"), jour("12-22")), jour("12-11")),
        (
            [A, Plage(jour("11-11"), jour("11-24"))],
            Plage(jour("11-22"), jour("12-30")),
            Plage(jour("11-22"), jour("12-30")),
            jour("11-21"),
        ),
        ([A, B], Plage(jour("07-07")), Plage(jour("07-07"), jour("10-08")), None),
        ([A, Plage(jour("11-21"))], Plage(jour("11-10")), Plage(jour("11-10"), jour("11-20")), None),
    ],
)
def test_vectors_that_find_their_place(
    existantes: Sequence[Plage], nouvelle: Plage, placee: Plage, fin_precedente: date | None
) -> None:
    """Domaine § 4.4, with the confirmation that naming the next rank is."""
    placement = placer(existantes, nouvelle)

    assert isinstance(placement, Placement)
    assert (placement.plage, placement.fin_precedente) == (placee, fin_precedente)


@pytest.mark.parametrize(
    "nouvelle",
    [
        Plage(jour("10-11")),  # A would last less than 7 days
        Plage(jour("10-10"), jour("12-30")),  # contains B
        Plage(jour("10-09")),  # begins with A
        Plage(jour("11-10")),  # one free day only
        Plage(jour("12-12"), jour("12-17")),  # lasts 6 days
    ],
)
def test_vectors_that_overlap(nouvelle: Plage) -> None:
    placement = placer([A, B], nouvelle)

    assert isinstance(placement, Refus)
    assert placement.code == "chevauchement"


def test_what_is_cut_keeps_seven_days() -> None:
    seuil = B.debut + DUREE_MINIMALE

    assert isinstance(placer([A, B], Plage(seuil)), Placement)
    assert isinstance(placer([A, B], Plage(seuil - timedelta(days=1))), Refus)


def test_without_the_confirmation_of_the_next_rank_nothing_is_cut() -> None:
    """The vectors « without force »: who names an old rank has not seen the orientation that it would cut."""
    histoire = Histoire()
    histoire.accepte(decide(1, debut=B.debut))

    refus = histoire.refuse(decide(1, debut=jour("12-12"), date_fin=jour("12-22")))

    assert (refus.code, refus.details) == ("version-perimee", {"rang_attendu": 2})
    assert histoire.dossier.orientations[0].fin is None


jours = st.integers(0, 400).map(lambda n: date(2024, 1, 1) + timedelta(days=n))


@given(st.lists(st.tuples(jours, st.one_of(st.none(), st.integers(0, 120))), max_size=12))
def test_ranges_never_overlap_and_last_enough(voulues: list[tuple[date, int | None]]) -> None:
    histoire = Histoire()
    for debut, duree in voulues:
        fin = debut + timedelta(days=duree) if duree is not None else None
        histoire.recoit(
            decide(histoire.dossier.rang + 1, par=CD, recu_a=a(date(2026, 6, 1)), debut=debut, date_fin=fin)
        )

    orientations = sorted(histoire.dossier.orientations, key=lambda orientation: orientation.debut)

    for orientation, suivante in pairwise(orientations):
        assert orientation.est_close
        assert orientation.fin is not None
        assert orientation.debut + DUREE_MINIMALE <= orientation.fin + timedelta(days=1) <= suivante.debut
    assert [orientation.rang for orientation in histoire.dossier.orientations] == [*range(1, len(orientations) + 1)]
