"""From a state of rdv-insertion to the next one: every pair of statuses, in the words of the catalogue."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from connectors.appointments import Steps, Told, gone, steps
from relais_contrats.correspondances import RDVI, correspondance

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
STATUSES = list(correspondance(RDVI, "rdv_statut").paires)


def state(status: str, **changed: Any) -> dict[str, Any]:
    statut, _, by = correspondance(RDVI, "rdv_statut").vers_nous(status).partition(":")
    return {"debut": "2026-12-14T09:00:00+01:00", "statut": statut} | ({"annule_par": by} if by else {}) | changed


def told(status: str) -> Told:
    return steps(None, state(status), "rdvi-1", AT).steps[-1].told


def facts(before: str, after: str, **changed: Any) -> list[str]:
    found = steps(told(before), state(after, **changed), "rdvi-1", AT)
    return [f"{step.fait.removeprefix('rdv.')} {step.data['rdv_id']}" for step in found.steps] or [found.lost[:9]]


@pytest.mark.parametrize(
    ("status", "faits"),
    [
        ("unknown", ["rdv.planifie"]),
        ("seen", ["rdv.planifie", "rdv.constate"]),
        ("noshow", ["rdv.planifie", "rdv.constate"]),
        ("excused", ["rdv.planifie", "rdv.annule"]),
        ("revoked", ["rdv.planifie", "rdv.annule"]),
    ],
)
def test_an_appointment_is_planned_before_it_is_anything_else(status: str, faits: list[str]) -> None:
    found = steps(None, state(status), "rdvi-1", AT).steps

    assert [step.fait for step in found] == faits
    assert (found[0].data["statut"], "annule_par" in found[0].data) == ("planifie", False)


NEW = "rdvi-1-2"
NEXT = {
    ("unknown", "seen"): ["constate rdvi-1"],
    ("unknown", "noshow"): ["constate rdvi-1"],
    ("unknown", "excused"): ["annule rdvi-1"],
    ("unknown", "revoked"): ["annule rdvi-1"],
    ("seen", "noshow"): ["constate rdvi-1"],
    ("noshow", "seen"): ["constate rdvi-1"],
    ("excused", "unknown"): [f"planifie {NEW}"],
    ("revoked", "unknown"): [f"planifie {NEW}"],
    ("excused", "seen"): [f"planifie {NEW}", f"constate {NEW}"],
    ("revoked", "seen"): [f"planifie {NEW}", f"constate {NEW}"],
    ("excused", "noshow"): [f"planifie {NEW}", f"constate {NEW}"],
    ("revoked", "noshow"): [f"planifie {NEW}", f"constate {NEW}"],
    ("excused", "revoked"): ["un rendez"],
    ("revoked", "excused"): ["un rendez"],
}
"""What the hub has no word for is named: a finding that is taken back, a cancellation that changes hands."""


@pytest.mark.parametrize(("before", "after"), list(product(STATUSES, STATUSES)))
def test_each_change_of_status_has_its_messages_or_a_reason(before: str, after: str) -> None:
    expected = [""] if before == after else NEXT.get((before, after), ["un consta"])

    assert facts(before, after) == expected


def test_what_moves_is_modified_while_it_is_to_come_and_lost_afterwards() -> None:
    later = {"debut": "2026-12-15T09:00:00+01:00"}

    assert facts("unknown", "unknown", **later) == ["modifie rdvi-1"]
    assert facts("unknown", "seen", **later) == ["constate rdvi-1"]
    assert facts("seen", "seen", **later) == ["un rendez"]


def test_what_is_no_more_is_cancelled_by_the_structure_if_it_was_to_come() -> None:
    [step] = gone(told("unknown"), state("unknown"), "rdvi-1", AT).steps

    assert (step.fait, step.data["annule_par"]) == ("rdv.annule", "structure")
    assert [gone(told(status), state(status), "rdvi-1", AT) for status in ("seen", "excused")] == [Steps()] * 2
    assert gone(None, state("unknown"), "rdvi-1", AT) == Steps()


def test_what_is_kept_of_it_is_read_back() -> None:
    assert Told.read(told("seen").written()) == told("seen")
