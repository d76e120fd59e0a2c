"""The fifteen hours a week: what the contract adds up to is read, and nothing is refused for it."""

import pytest

from services.engagements.domain import heures
from services.engagements.domain.contenu import Engagement
from tests.engagements import dits as messages
from tests.engagements.fabrique import CD, NOTIFICATION, PARCOURS, a, accompagne, contenu


def usager(*heures_hebdo: float | None) -> tuple[Engagement, ...]:
    return tuple(Engagement(f"u{rang}", "mobilite", "Engagement", heures) for rang, heures in enumerate(heures_hebdo))


@pytest.mark.parametrize(
    ("heures_hebdo", "dispense", "total", "lecture"),
    [
        ((6.0, 9.0), None, 15.0, "atteint"),
        ((6.0, 8.5), None, 14.5, "inferieur"),
        ((6.0, None), "garde-enfant", 6.0, "dispense"),
        ((20.0,), "sante", 20.0, "atteint"),
        ((None,), None, None, "non-renseigne"),
        ((None,), "activite", None, "dispense"),
        ((0.0,), None, 0.0, "inferieur"),
    ],
)
def test_hours_are_compared_with_fifteen_and_never_refused(
    heures_hebdo: tuple[float | None, ...], dispense: str | None, total: float | None, lecture: str
) -> None:
    propose_ = contenu(engagements_usager=usager(*heures_hebdo), motif_dispense=dispense)

    accompagne().accepte(messages.ProposerContrat(PARCOURS, CD, propose_, a(NOTIFICATION)))

    assert heures.comparer(propose_) == heures.Heures(total, heures.LectureHeures(lecture))


def test_what_the_organisme_does_is_not_counted_in_the_hours_of_the_person() -> None:
    organisme = Engagement("o1", "mobilite", "Financer vingt heures", 20.0)

    assert heures.comparer(contenu(engagements_organisme=(organisme,))).total_hebdo == 6.0
