"""A cancellation reaches everybody whom what it cancels had reached, in the names of each, and gives the roles back."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from gateway.bodies import NOTHING, Delivered
from relais_contrats.droits import Role
from tests.passerelle.outgoing import DECISION, Sortant, until
from tests.passerelle.test_outbound_fanout import deposited, position_is

pytestmark = pytest.mark.anyio
AILLEURS = DECISION | {
    "organisme": "association",
    "structure": {"systeme": "local", "valeur": "asso", "nom": "Association"},
    "rang": 2,
}


async def cancelled(sortant: Sortant) -> tuple[UUID, UUID, UUID]:
    """Oriented to the mission locale, then elsewhere by `depot`, which is cancelled; the parcours, the depot, the event
    that it had led to."""
    parcours, depot = uuid4(), uuid4()
    await deposited(sortant, depot, "cd-59", "decision-2")
    sortant.distribute()
    await sortant.signale(parcours)
    await sortant.tell("orientation.decidee", parcours, DECISION, source="/partenaires/cd-59")
    decidee = await sortant.tell("orientation.decidee", parcours, AILLEURS, source="/partenaires/cd-59", cause=depot)
    notification = {"date_notification": "2026-03-10"}
    await sortant.tell("orientation.notifiee", parcours, notification, source="/partenaires/cd-59")
    annulee = {"annule": str(depot), "motif": "Erreur.", "rang": 2, "etait_effective": True, "retablie": DECISION}
    await sortant.tell("orientation.annulee", parcours, annulee, source="/partenaires/cd-59")
    await until(lambda: position_is(sortant, parcours, "orientation", 4))
    return parcours, depot, UUID(decidee["id"])


async def test_the_roles_are_those_of_before(sortant: Sortant) -> None:
    parcours, _, _ = await cancelled(sortant)

    rows = await sortant.process.pool.fetch(
        "SELECT partenaire FROM participations WHERE (parcours, role) = ($1, $2) AND fin IS NULL",
        parcours,
        Role.ORIENTATION.value,
    )
    assert [row["partenaire"] for row in rows] == ["ml-lille"]


async def test_who_received_the_first_receives_the_correction_though_it_has_left(sortant: Sortant) -> None:
    parcours, _, _ = await cancelled(sortant)

    for code in ("ml-lille", "asso-mobilite", "ft-hdf"):
        assert "orientation.annulee" in await sortant.types_of(code, parcours), code
    assert "orientation.notifiee" not in await sortant.types_of("ml-lille", parcours)  # it had left by then
    assert "orientation.annulee" not in await sortant.types_of("caf-59", parcours)


async def test_each_reads_what_is_cancelled_by_its_own_name(sortant: Sortant) -> None:
    _, _, decidee = await cancelled(sortant)
    row = await sortant.process.pool.fetchrow("SELECT * FROM evenements WHERE type = 'orientation.annulee'")
    assert row is not None
    corps = await sortant.body("SELECT * FROM evenements WHERE id = $1", row["id"])

    def annule(code: str, *roles: Role) -> Any:
        delivered = Delivered(1, row["id"], row["parcours"], row["type"], frozenset(roles), corps)
        receiver = sortant.bodies.receiver(code, frozenset())
        assert receiver is not None
        body = sortant.bodies.make(receiver, delivered, NOTHING)
        assert body is not None
        assert body["data"].keys() == {"annule", "motif"}
        return body["data"]["annule"]

    assert annule("cd-59", Role.TERRITOIRE) == "decision-2"
    assert annule("ft-hdf", Role.TERRITOIRE) == sortant.bodies.event_id("ft-hdf", decidee)
    assert annule("ml-lille", Role.ORIENTATION) == sortant.bodies.event_id("ml-lille", decidee)
