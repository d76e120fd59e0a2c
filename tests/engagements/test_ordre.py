"""The order of what is said of one contract, or one sanction: `time` decides, not the arrival."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chassis.facts import Entree
from tests.engagements.conftest import Essai
from tests.engagements.fabrique import (
    PARCOURS,
    SIGNATURE,
    a,
    depot,
    etape_json,
    propose_json,
    sanction_json,
    signe_json,
)

pytestmark = pytest.mark.anyio
SOIR = a(date(2026, 12, 1), 20)


def dit(type_: str, donnees: dict[str, Any], heure: int) -> Entree:
    return replace(depot(type_, donnees, recu_a=SOIR), survenu_a=SOIR - timedelta(hours=12 - heure))


async def codes(essai: Essai, *entrees: Entree) -> list[str]:
    reponses = [(await essai.decider(entree))[0] for entree in entrees]
    return [reponse.refus.code if reponse.refus else reponse.etat for reponse in reponses]


async def contrat(essai: Essai) -> Any:
    return await essai.lire("contrat", parcours=str(PARCOURS))


async def test_an_older_content_does_not_put_a_signed_contract_back(essai: Essai) -> None:
    await essai.accompagner()

    dits = await codes(
        essai,
        dit("contrat.propose", propose_json(duree_mois=6), 2),
        dit("contrat.signe", signe_json(SIGNATURE), 3),
        dit("contrat.propose", propose_json(duree_mois=12), 1),
    )

    assert dits == ["accepte", "accepte", "version-perimee"]
    lu = await contrat(essai)
    assert (lu["etat"], lu["en_vigueur"]["duree_mois"]) == ("signe", 6)


async def test_a_contract_resumed_before_its_suspension_came_is_not_suspended_by_it(essai: Essai) -> None:
    await essai.engager()
    recu_a = SOIR + timedelta(hours=12)
    suspendu, repris = (
        replace(depot(type_, etape_json(date(2026, 12, jour)), recu_a=recu_a), survenu_a=SOIR + timedelta(hours=heures))
        for type_, jour, heures in (("contrat.suspendu", 1, 1), ("contrat.repris", 2, 2))
    )

    assert await codes(essai, repris, suspendu) == ["etat-interdit", "version-perimee"]
    assert (await contrat(essai))["etat"] == "signe"


async def test_a_review_is_no_word_on_the_contract(essai: Essai) -> None:
    await essai.accompagner()
    bilan = {"contrat_id": "ce-1", "date": "2026-11-30", "points": ["Code."]}

    dits = await codes(
        essai,
        dit("contrat.propose", propose_json(), 1),
        dit("contrat.signe", signe_json(SIGNATURE), 2),
        dit("contrat.bilan", bilan, 9),
        dit("contrat.clos", etape_json(date(2026, 12, 1)), 3),
        dit("contrat.bilan", bilan, 2),
    )

    assert dits == ["accepte"] * 5


async def test_a_sanction_lifted_before_its_decision_came_is_not_in_force_afterwards(essai: Essai) -> None:
    await essai.accompagner()
    levee = {"sanction_id": "s-1", "date_effet": "2026-12-01", "motif": "Reprise."}

    dits = await codes(
        essai,
        dit("sanction.levee", levee, 2),
        dit("sanction.decidee", sanction_json(date_notification="2026-11-30"), 1),
    )

    assert dits == ["etat-interdit", "version-perimee"]
    assert (await contrat(essai))["sanctions"] == []
