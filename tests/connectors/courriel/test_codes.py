"""Each code of the catalogue that the page offers has one label of its own, and no label is for a code there is not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from connectors.courriel import codes
from relais_contrats.codes.liste import Code
from relais_contrats.codes.offre import ContactPrefere, IssueParticipation, MotifRefusPrescription
from relais_contrats.codes.suivi import AnnulePar, Forme, Modalite, MotifRdv, StatutRdv


@pytest.mark.parametrize(
    ("labels", "list_"),
    [
        (codes.REFUS, MotifRefusPrescription),
        (codes.ISSUES, IssueParticipation),
        (codes.MODALITES, Modalite),
        (codes.CONTACTS, ContactPrefere),
        (codes.FORMES, Forme),
        (codes.OBJETS, MotifRdv),
        (codes.STATUTS, StatutRdv),
        (codes.ANNULATIONS, AnnulePar),
    ],
    ids=lambda one: one.__name__ if isinstance(one, type) else "",
)
def test_labels_are_a_bijection_on_the_catalogue(labels: Mapping[str, str], list_: type[Code]) -> None:
    assert set(labels) == {one.value for one in list_}
    assert len(set(labels.values())) == len(labels)


def test_every_state_of_a_prescription_has_its_label_and_is_awaited_or_final_or_goes_on() -> None:
    from relais_contrats.v1.vues_feuille import VuePrescription

    told = VuePrescription.model_fields["etat"].description or ""

    assert {state for state in codes.ETATS if f"`{state}`" in told} == set(codes.ETATS)
    assert told.count("`") == 2 * len(codes.ETATS)
    assert set(codes.ETATS) == codes.A_REPONDRE | codes.FINALS | {"acceptee", "commencee"}
