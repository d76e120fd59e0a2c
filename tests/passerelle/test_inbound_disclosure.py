"""No statistic tells of a group of fewer than eleven persons, neither alone nor by subtraction."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inbound.reading.disclosure import DELAIS, SEUIL, expurgees, prescriptions

CELLULES = ("a_temps", "hors_delai", "apres_dessaisissement", "sans_decision")


def ligne(**cellules: int) -> dict[str, Any]:
    """A month of orientation: `attente` has neither decision nor end."""
    told = {nom: cellules.get(nom, 0) for nom in CELLULES}
    decidees = told["a_temps"] + told["hors_delai"] + told["apres_dessaisissement"]
    connues = decidees + told["sans_decision"]
    return {
        "departement": "59",
        "mois": "2026-03",
        "demandes": connues + cellules.get("attente", 0),
        "decidees": decidees,
        "dessaisies": told["apres_dessaisissement"] + told["sans_decision"],
        "mediane_jours": 12.0,
        "p90_jours": 30.0,
        "part_dans_le_delai": told["a_temps"] / connues if connues else None,
        "personnes": connues + cellules.get("attente", 0),
        "cellules": {"demandes": told},
    }


def shown(**cellules: int) -> dict[str, Any]:
    [une] = expurgees([ligne(**cellules)], DELAIS["orientation"])
    return une


def test_a_line_of_ten_persons_is_not_shown_and_one_of_eleven_is() -> None:
    assert expurgees([ligne(a_temps=10)], DELAIS["orientation"]) == []
    assert shown(a_temps=11)["demandes"] == 11


def test_a_line_is_shown_without_what_counts_the_persons() -> None:
    assert shown(a_temps=20, hors_delai=15).keys() == ligne().keys() - {"personnes", "cellules"}


def test_a_small_part_is_not_told_and_what_it_would_leave_neither() -> None:
    few_waiting = shown(a_temps=40, attente=3)
    few_decided = shown(a_temps=5, attente=40)

    assert (few_waiting["decidees"], few_waiting["mediane_jours"]) == (None, 12.0)
    assert (few_decided["decidees"], few_decided["mediane_jours"], few_decided["p90_jours"]) == (None, None, None)


def test_nobody_late_is_told() -> None:
    assert (shown(a_temps=30)["dessaisies"], shown(a_temps=30)["part_dans_le_delai"]) == (0, 1.0)


def test_a_share_is_a_figure_like_another() -> None:
    assert shown(a_temps=40, hors_delai=4)["part_dans_le_delai"] is None
    assert shown(a_temps=40, hors_delai=14)["part_dans_le_delai"] == pytest.approx(40 / 54)


@given(st.dictionaries(st.sampled_from([*CELLULES, "attente"]), st.integers(0, 40)))
def test_no_sum_or_difference_of_what_is_told_is_a_small_group(cellules: dict[str, int]) -> None:
    """Every set that unions and differences of the told groups can make, by brute force."""
    groupes = {
        "decidees": [{"a_temps", "hors_delai", "apres_dessaisissement"}],
        "dessaisies": [{"apres_dessaisissement", "sans_decision"}],
        "part_dans_le_delai": [{"a_temps"}, set(CELLULES)],
    }
    for une in expurgees([ligne(**cellules)], DELAIS["orientation"]):
        told = [frozenset(un) for champ, uns in groupes.items() if une[champ] is not None for un in uns]
        made = {frozenset({*CELLULES, "attente"}), *told}
        for _ in range(3):
            pairs = list(itertools.product(made, made))
            made |= {a | b for a, b in pairs} | {a - b for a, b in pairs}
        sizes = {sum(cellules.get(nom, 0) for nom in one) for one in made}
        assert not any(0 < size < SEUIL for size in sizes)


@pytest.mark.parametrize("famille", ["referent", "premier_rdv"])
def test_both_measures_of_the_follow_up_are_kept_to_it(famille: str) -> None:
    mesures = {"nombre": 3, "mediane_jours": 4.0, "p90_jours": 9.0, "part_dans_le_delai": 0.1}
    cellules = {"a_temps": 3, "hors_delai": 0, "absent": 17}
    row = {
        "decisions": 20,
        "personnes": 20,
        "referent": dict(mesures),
        "premier_rdv": dict(mesures),
        "cellules": {"referent": cellules, "premier_rdv": cellules},
    }

    [une] = expurgees([row], DELAIS["referents"])

    assert set(une[famille].values()) == {None}


def test_prescriptions_keep_to_it_by_state_and_by_reason() -> None:
    row = {
        "nombre": 45,
        "personnes": 45,
        "repondues": 33,
        "reponse_mediane_jours": 2.0,
        "expirees": 12,
        "etats": {"acceptee": 20, "refusee": 13, "expiree": 12},
        "motifs_refus": {"autre": 2, "capacite-atteinte": 13},
        "cellules": {
            "etats": {"acceptee-repondue": 20, "refusee-repondue": 13, "expiree": 12},
            "motif autre": {"oui": 2, "non": 11},
            "motif capacite-atteinte": {"oui": 13, "non": 0},
        },
    }

    [une] = expurgees([row], prescriptions(row))

    assert une["etats"] == {"acceptee": 20, "refusee": 13, "expiree": 12}
    assert une["motifs_refus"] == {"autre": None, "capacite-atteinte": 13}
    assert (une["expirees"], une["repondues"], une["reponse_mediane_jours"]) == (12, 33, 2.0)
