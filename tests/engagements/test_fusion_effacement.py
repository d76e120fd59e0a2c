"""Merge and erasure through the real engine: what moves, what is redirected, and that nothing stays."""

from datetime import date
from typing import Any

import pytest

from tests.engagements.conftest import Essai
from tests.engagements.fabrique import (
    AUTRE,
    FT,
    PARCOURS,
    decidee_json,
    depot,
    etape_json,
    evenement,
    propose_json,
    sanction_json,
)

pytestmark = pytest.mark.anyio


def fusion() -> Any:
    return evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE)


async def test_a_merge_moves_the_contract_and_redirects_what_follows(essai: Essai) -> None:
    await essai.engager()
    await essai.accepte(evenement("usager.signale", {}, AUTRE))

    faits = await essai.accepte(fusion())
    await essai.accepte(depot("contrat.suspendu", etape_json(date(2026, 7, 1)), par=FT))

    lue = await essai.lire("contrat", parcours=str(PARCOURS))
    assert [(fait.type, fait.agregat) for fait in faits] == [
        ("reexamen.prevu", AUTRE),
        ("contrat.clos", PARCOURS),
        ("contrat.propose", AUTRE),
        ("contrat.signe", AUTRE),
    ]
    assert (lue["parcours"], lue["etat"], lue["reexamen"]["date_debut"]) == (str(AUTRE), "suspendu", date(2026, 3, 16))


async def test_the_orientation_told_again_on_the_survivor_is_not_a_reorientation(essai: Essai) -> None:
    await essai.engager()
    await essai.accepte(evenement("usager.signale", {}, AUTRE))
    await essai.accepte(fusion())

    faits = await essai.accepte(
        evenement("orientation.close", {"date_fin": "2026-12-02", "motif": "Parcours fusionné."}),
        evenement("orientation.decidee", decidee_json(), AUTRE),
    )

    assert list(faits) == []
    assert (await essai.lire("contrat", parcours=str(AUTRE)))["etat"] == "signe"


async def test_a_month_that_runs_goes_on_for_the_survivor(essai: Essai) -> None:
    await essai.accompagner()
    await essai.accepte(depot("contrat.propose", propose_json()), evenement("usager.signale", {}, AUTRE))

    await essai.accepte(fusion())

    lue = await essai.lire("contrat", parcours=str(AUTRE))
    assert (lue["etat"], lue["signature"]["etat"]) == ("a-signer", "en-cours")
    assert lue["signature"]["date_notification"] == date(2026, 3, 18)


async def test_a_survivor_keeps_its_own_contract_and_takes_the_sanctions(essai: Essai) -> None:
    await essai.engager()
    await essai.engager(AUTRE)
    await essai.accepte(
        depot("sanction.decidee", sanction_json("s-1", montant=30.0, date_notification="2026-09-10")),
        depot("sanction.decidee", sanction_json("s-2", date_notification="2026-09-11")),
        depot("sanction.decidee", sanction_json("s-1", montant=50.0, date_notification="2026-09-12"), AUTRE),
    )

    faits = await essai.accepte(fusion())

    lue = await essai.lire("contrat", parcours=str(AUTRE))
    assert [(fait.type, fait.agregat) for fait in faits] == [("contrat.clos", PARCOURS)]
    assert [(s["sanction_id"], s["montant"]) for s in lue["sanctions"]] == [("s-1", 50.0), ("s-2", 50.0)]


async def test_a_refused_contract_passes_as_it_was(essai: Essai) -> None:
    await essai.accompagner()
    await essai.accepte(
        depot("contrat.propose", propose_json()),
        depot("contrat.refuse", {"contrat_id": "ce-1", "date_refus": "2026-04-10", "motif": "Le logement d'abord."}),
        evenement("usager.signale", {}, AUTRE),
        fusion(),
    )

    lue = await essai.lire("contrat", parcours=str(AUTRE))

    assert (lue["etat"], lue["en_attente"]["motif_refus"]) == ("refuse", "Le logement d'abord.")


async def test_a_suspended_contract_passes_with_what_awaits_it(essai: Essai) -> None:
    await essai.engager()
    await essai.accepte(
        depot("contrat.suspendu", etape_json(date(2026, 7, 1)), par=FT),
        evenement("orientation.decidee", decidee_json(date(2026, 8, 1), "emploi")),
        evenement("usager.signale", {}, AUTRE),
        fusion(),
    )

    faits = await essai.accepte(depot("contrat.repris", etape_json(date(2026, 9, 1)), AUTRE, par=FT))

    assert [fait.type for fait in faits] == ["contrat.repris", "contrat.a-resigner"]


async def test_a_late_event_of_an_absorbed_parcours_does_not_touch_the_survivor(essai: Essai) -> None:
    await essai.accompagner()
    await essai.engager(AUTRE)
    await essai.accepte(fusion())

    await essai.accepte(
        evenement("parcours.clos", {"date_fin": "2026-05-01", "motif": "Doublon."}),
        evenement("orientation.decidee", decidee_json(date(2026, 11, 1), "emploi")),
        evenement("referent.termine", {"date_fin": "2026-11-01", "motif": "Fin."}),
    )

    assert (await essai.lire("contrat", parcours=str(AUTRE)))["etat"] == "signe"


async def test_erasure_leaves_nothing_of_the_person(essai: Essai) -> None:
    await essai.engager()
    await essai.accepte(
        depot("contrat.propose", propose_json("ce-2")),
        depot("sanction.proposee", sanction_json(date_proposition="2026-09-01"), par=FT),
        evenement("usager.signale", {}, AUTRE),
        fusion(),
    )

    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}, AUTRE))

    tables = ("dossiers", "histoire", "delais", "faits", "echeances", "fusions", "rebut")
    restes = {table: (await essai.compte(table), await essai.compte(table, AUTRE)) for table in tables}
    assert set(restes.values()) <= {(0, 0)}, restes


async def test_what_comes_after_the_erasure_brings_nobody_back(essai: Essai) -> None:
    await essai.engager()
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}))

    await essai.accepte(evenement("orientation.decidee", decidee_json(date(2026, 11, 1))))
    code = await essai.refuse(depot("contrat.propose", propose_json("ce-2")))

    assert code == "parcours-inconnu"
    assert await essai.compte("dossiers") == 0


async def test_an_erasure_that_comes_first_is_remembered(essai: Essai) -> None:
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}))

    await essai.accepte(evenement("orientation.decidee", decidee_json()))

    assert await essai.compte("dossiers") == 0
