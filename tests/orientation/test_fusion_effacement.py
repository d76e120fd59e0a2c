"""Merge and erasure through the real engine: what moves, what is redirected, and that nothing stays."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from chassis.outbox import Outbox
from services.orientation.domain.dossier import Dossier
from services.orientation.store.dossiers import REGISTRE
from tests.engines import Bench
from tests.orientation.conftest import Essai
from tests.orientation.fabrique import (
    AUTRE,
    COMPLETS,
    PARCOURS,
    decidee_json,
    depot,
    evenement,
)

pytestmark = pytest.mark.anyio

DEBUT, APRES = date(2026, 3, 16), date(2026, 6, 1)


async def test_a_merge_moves_the_orientation_and_redirects_what_follows(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.ouvrir(AUTRE)
    await essai.accepte(depot("orientation.decidee", decidee_json()))

    faits = await essai.accepte(
        evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE)
    )

    lue = await essai.lire("orientations", parcours=str(PARCOURS))
    assert [(fait.type, fait.agregat) for fait in faits] == [
        ("orientation.close", PARCOURS),
        ("orientation.decidee", AUTRE),
    ]
    assert (lue["parcours"], lue["ouverte"]["rang"]) == (str(AUTRE), 1)


async def test_a_late_event_of_an_absorbed_parcours_does_not_close_the_survivor(essai: Essai) -> None:
    await essai.ouvrir()
    await essai.ouvrir(AUTRE)
    await essai.accepte(depot("orientation.decidee", decidee_json(), AUTRE))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))

    await essai.accepte(evenement("parcours.clos", {"date_fin": "2026-05-01", "motif": "Doublon."}, PARCOURS))

    assert (await essai.lire("orientations", parcours=str(AUTRE)))["etat"] == "ouverte"


async def test_a_late_signal_of_an_absorbed_parcours_reaches_the_survivor(essai: Essai) -> None:
    await essai.ouvrir(AUTRE)
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))

    await essai.ouvrir(PARCOURS, droit=True)

    assert (await essai.lire("orientations", parcours=str(AUTRE)))["etat"] == "en-attente"


STRUCTURE = {"structure": decidee_json()["structure"]}
DITS: dict[str, dict[str, Any]] = {
    "usager.oppose": {},
    "rdv.planifie": {"rdv_id": "rdv-1"},
    "referent.designe": STRUCTURE,
    "contrat.propose": {},
}


@pytest.mark.parametrize("type_", DITS)
async def test_what_is_told_late_of_an_absorbed_parcours_is_known_of_the_survivor(essai: Essai, type_: str) -> None:
    await essai.ouvrir(PARCOURS)
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))
    [avant, _] = await dossiers(essai)

    await essai.accepte(evenement(type_, DITS[type_], PARCOURS))

    [survivant, absorbe] = await dossiers(essai)
    assert (survivant.est_oppose, survivant.tenus) != (avant.est_oppose, avant.tenus)
    assert (absorbe.est_oppose, absorbe.tenus) == (False, ())


async def dossiers(essai: Essai) -> list[Dossier]:
    async with essai.pool.acquire() as conn:
        return await REGISTRE.famille(conn, AUTRE)


async def test_absorbed_twice_a_parcours_reaches_the_last_survivor(essai: Essai) -> None:
    dernier = UUID("01890000-0000-7000-8000-000000000003")
    await essai.ouvrir()
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(dernier), "absorbes": [str(AUTRE)]}, dernier))

    lue = await essai.lire("orientations", parcours=str(PARCOURS))

    assert lue["parcours"] == str(dernier)


async def test_erasure_leaves_nothing_of_the_person(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    await essai.accepte(depot("diagnostic.realise", {"criteres": COMPLETS}))
    await essai.accepte(depot("orientation.decidee", decidee_json(1, DEBUT, date_fin=APRES.isoformat())))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}, AUTRE))

    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}, AUTRE))

    for table in ("dossiers", "histoire", "delais", "periodes", "faits", "echeances", "rebut"):
        assert (await essai.compte(table), await essai.compte(table, AUTRE)) == (0, 0)


async def test_the_stream_forgets_what_orientation_told_of_an_erased_person(essai: Essai, banc: Bench) -> None:
    bus = banc.bus
    outbox = Outbox("orientation", "PARCOURS", essai.pool, bus, REGISTRE.sceaux)
    await essai.ouvrir(droit=True)
    await essai.ouvrir(AUTRE, droit=True)
    await essai.accepte(depot("orientation.decidee", decidee_json(1, DEBUT)))
    async with essai.pool.acquire() as conn:
        await outbox.relay(conn)
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}))

    async with essai.pool.acquire() as conn:
        await outbox.forget(conn)

    assert len(await bus.stored("PARCOURS", [f"parcours.59.orientation.*.{PARCOURS.hex}"], "essai")) == 0
    assert len(await bus.stored("PARCOURS", [f"parcours.59.orientation.*.{AUTRE.hex}"], "essai")) == 1


async def test_what_comes_late_for_an_erased_person_is_refused_and_does_not_wait(essai: Essai) -> None:
    await essai.ouvrir(droit=True)
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}))

    code = await essai.refuse(depot("orientation.decidee", decidee_json()))

    assert code == "parcours-inconnu"


@pytest.mark.parametrize("est_connu", [True, False])
async def test_an_event_that_comes_late_does_not_bring_an_erased_person_back(essai: Essai, est_connu: bool) -> None:
    """The erasure itself may be the first thing heard here of a person."""
    if est_connu:
        await essai.ouvrir(droit=True)

    await essai.decider(
        evenement("usager.efface", {"motif": "Demande de la personne."}),
        evenement("usager.signale", {"brsa": True, "origine": "inscription-auto-caf"}),
    )

    assert await essai.compte("dossiers") == 0


@pytest.mark.parametrize("est_connu", [True, False])
async def test_an_event_that_comes_in_a_later_batch_does_not_bring_an_erased_person_back(
    essai: Essai, est_connu: bool
) -> None:
    if est_connu:
        await essai.ouvrir(droit=True)
    await essai.accepte(evenement("usager.efface", {"motif": "Demande de la personne."}))

    await essai.decider(evenement("usager.signale", {"brsa": True, "origine": "inscription-auto-caf"}))
    await essai.decider(evenement("parcours.ouvert", {"motif": "signalement"}))

    assert (await essai.compte("dossiers"), await essai.compte("faits")) == (0, 0)
    assert await essai.refuse(depot("orientation.decidee", decidee_json())) == "parcours-inconnu"
