"""A parcours that moves: who enters on the day, who stays for a month, who hears of it and takes no part yet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from gateway.outbound.departures import Departures
from relais_contrats.droits import Role
from tests.jour import aujourdhui
from tests.passerelle.outgoing import Sortant, until
from tests.passerelle.test_outbound_effects import P, after, event

HELD = {P: {"cd-59": frozenset({Role.TERRITOIRE}), "ft-hdf": frozenset({Role.TERRITOIRE})}}
VERS_62 = {"departement_nouveau": "62", "date_effet": "2026-12-31"}


def test_a_transfer_for_later_moves_nobody_before_its_day() -> None:
    dit = event("parcours.transfere", VERS_62)

    distribution = after(replace(dit, body={**dit.body, "effet": "2026-12-31"}), HELD)

    assert distribution.participants == HELD
    assert "cd-62" not in {livraison.partenaire for livraison in distribution.livraisons}


def test_on_its_day_the_new_departement_enters_and_is_told_the_transfer() -> None:
    distribution = after(event("transfert.effectif", VERS_62, source="/services/usagers"), HELD)

    assert distribution.participants[P].keys() == {"cd-59", "cd-62", "ft-hdf"}
    assert [depart.partenaire for depart in distribution.departs] == ["cd-59"]
    told = [(d.partenaire, d.type) for d in distribution.livraisons]
    assert told == [("cd-62", "parcours.partage"), ("cd-62", "parcours.transfere")]


def test_there_and_back_in_one_batch_the_one_that_came_back_stays() -> None:
    distribution = after(event("parcours.transfere", VERS_62), HELD)

    retour = event("parcours.transfere", VERS_62 | {"departement_nouveau": "59"})
    distribution.take(replace(retour, sequence=2))

    assert [depart.partenaire for depart in distribution.departs] == ["cd-62"]
    assert (P, "cd-59") in distribution.revenus


def test_to_a_territory_without_a_partner_nobody_is_left_alone() -> None:
    distribution = after(event("parcours.transfere", VERS_62 | {"departement_nouveau": "75"}), HELD)

    assert distribution.participants == HELD
    assert distribution.departs == []


def test_a_transfer_to_be_confirmed_is_told_to_both_and_opens_nothing() -> None:
    signale = {"departement_nouveau": "62", "origine": "mission-locale"}

    distribution = after(event("transfert.signale", signale, source="/services/usagers"), HELD)

    assert {d.partenaire for d in distribution.livraisons} == {"cd-59", "cd-62", "ft-hdf"}
    assert distribution.participants == HELD


@pytest.mark.anyio
async def test_the_former_departement_leaves_after_a_month_unless_it_comes_back(sortant: Sortant) -> None:
    parti, revenu, jour = uuid4(), uuid4(), aujourdhui()
    vers = {"departement_nouveau": "62", "date_effet": jour.isoformat()}
    departures = Departures(sortant.process.pool)
    sortant.distribute()
    for parcours in (parti, revenu):
        await sortant.signale(parcours)
        await sortant.tell("parcours.transfere", parcours, vers, source="/partenaires/cd-59")
    await sortant.tell("parcours.transfere", revenu, vers | {"departement_nouveau": "59"}, departement="62")
    await until(lambda: sortant.field_is("SELECT count(*) = 1 FROM departs WHERE partenaire = 'cd-62'"))

    avant = await departures.leave_due(datetime.now(UTC) + timedelta(days=29))
    apres = await departures.leave_due(datetime.now(UTC) + timedelta(days=32))

    assert (avant, apres) == (0, 2)
    rows = await sortant.process.pool.fetch(
        "SELECT parcours, partenaire FROM participations WHERE fin IS NULL AND partenaire IN ('cd-59', 'cd-62')"
    )
    assert {(row["parcours"], row["partenaire"]) for row in rows} == {(parti, "cd-62"), (revenu, "cd-59")}
