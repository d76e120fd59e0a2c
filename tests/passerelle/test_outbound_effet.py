"""Who takes part does until the day on which what was told in advance takes effect, and not a day longer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.ordering import Event
from gateway.outbound.distribution import Distribution
from relais_contrats.droits import Role
from tests.passerelle.outgoing import DECISION, SIRET, Sortant, until
from tests.passerelle.test_outbound_effects import Known, P, after, event

ASSO = {"systeme": "local", "valeur": "asso", "nom": "Association"}
PLUS_TARD = "2027-01-01"
ORIENTEE = {P: {"asso-mobilite": frozenset({Role.ORIENTATION, Role.REFERENT}), "cd-59": frozenset({Role.TERRITOIRE})}}


def en_avance(type_: str, data: dict[str, Any]) -> Event:
    dit = event(type_, data)
    return replace(dit, body={**dit.body, "effet": PLUS_TARD})


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("orientation.decidee", DECISION | {"date_debut": PLUS_TARD}),
        ("orientation.close", {"date_fin": "2026-12-31", "motif": "Emploi."}),
        ("referent.termine", {"date_fin": "2026-12-31", "motif": "Départ."}),
        ("referent.remplace", {"nouveau": {"structure": SIRET}, "date_fin": "2026-12-31", "motif": "Départ."}),
        ("referent.designe", {"structure": SIRET, "date_debut": PLUS_TARD}),
        ("accompagnant.ajoute", {"accompagnant": {"identifiant_agent": "a-1"}, "structure": SIRET}),
    ],
)
def test_what_is_told_in_advance_is_told_and_changes_nobody_s_part(type_: str, data: dict[str, Any]) -> None:
    distribution = after(en_avance(type_, data), ORIENTEE)

    assert distribution.participants == ORIENTEE
    assert "asso-mobilite" in {livraison.partenaire for livraison in distribution.livraisons}


def test_on_the_day_the_other_structure_enters_and_is_told_the_decision() -> None:
    effective = event("orientation.effective", DECISION | {"date_effet": PLUS_TARD}, source="/services/orientation")

    distribution = after(effective, ORIENTEE)

    assert distribution.participants[P]["ml-lille"] == {Role.ORIENTATION}
    assert distribution.participants[P]["asso-mobilite"] == {Role.REFERENT}  # until `referents` has followed
    assert [(d.partenaire, d.type) for d in distribution.livraisons] == [
        ("ml-lille", "parcours.partage"),
        ("ml-lille", "orientation.decidee"),
    ]
    [_, decidee] = distribution.evenements
    assert decidee.corps["type"] == "fr.insertion.orientation.decidee.v1"


@pytest.mark.parametrize(("structure", "reste"), [(None, False), (ASSO, True)])
def test_on_the_day_the_referent_is_who_the_service_says(structure: dict[str, str] | None, reste: bool) -> None:
    suivi: dict[str, Any] = {"date_effet": PLUS_TARD, "etat": "actif", "structure": structure, "accompagnants": []}

    distribution = after(event("suivi.effectif", suivi, source="/services/referents"), ORIENTEE)

    assert (Role.REFERENT in distribution.participants[P]["asso-mobilite"]) is reste
    assert distribution.livraisons == []


def test_on_the_day_the_accompagnants_are_who_the_service_says() -> None:
    held = {P: {"asso-mobilite": frozenset({Role.ACCOMPAGNANT})}}
    agents = [{"identifiant_agent": "a-1", "structure": SIRET}]
    suivi = {"date_effet": PLUS_TARD, "etat": None, "structure": None, "accompagnants": agents}

    distribution = after(event("suivi.effectif", suivi, source="/services/referents"), held)

    assert distribution.participants[P] == {"ml-lille": {Role.ACCOMPAGNANT}}
    assert [d.type for d in distribution.livraisons] == ["parcours.partage"]


def test_an_accompagnant_to_come_does_not_keep_a_structure_in_the_parcours() -> None:
    distribution = Distribution(Known(), {}, [], {})
    distribution.take(event("accompagnant.ajoute", {"accompagnant": {"identifiant_agent": "a-1"}, "structure": ASSO}))
    a_venir = {"accompagnant": {"identifiant_agent": "a-2"}, "structure": ASSO}
    distribution.take(en_avance("accompagnant.ajoute", a_venir))

    distribution.take(event("accompagnant.retire", {"identifiant_agent": "a-1", "structure": ASSO}))

    assert "asso-mobilite" not in distribution.participants[P]


@pytest.mark.anyio
async def test_the_roles_follow_on_that_day_on_the_real_stream(sortant: Sortant) -> None:
    parcours, demain = uuid4(), (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    ailleurs = DECISION | {"organisme": "departement", "structure": ASSO, "rang": 2, "date_debut": demain}
    sortant.distribute()
    await sortant.signale(parcours)
    await sortant.tell("orientation.decidee", parcours, DECISION, source="/partenaires/cd-59")

    await sortant.publish(
        sortant.event("orientation.decidee", parcours, ailleurs, source="/partenaires/cd-59") | {"effet": demain}
    )
    await until(lambda: _orientes(sortant, parcours, ["ml-lille"]))
    await sortant.tell("orientation.effective", parcours, ailleurs | {"date_effet": demain})
    await until(lambda: _orientes(sortant, parcours, ["asso-mobilite"]))

    assert await sortant.types_of("ml-lille", parcours) == [
        "parcours.partage",
        "orientation.decidee",
        "orientation.decidee",
    ]
    assert await sortant.types_of("asso-mobilite", parcours) == ["parcours.partage", "orientation.decidee"]


async def _orientes(sortant: Sortant, parcours: Any, attendus: list[str]) -> bool:
    rows = await sortant.process.pool.fetch(
        "SELECT partenaire FROM participations WHERE (parcours, role) = ($1, $2) AND fin IS NULL",
        parcours,
        Role.ORIENTATION.value,
    )
    return [row["partenaire"] for row in rows] == attendus
