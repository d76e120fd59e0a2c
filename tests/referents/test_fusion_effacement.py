"""Merge, transfer and erasure through the real engine: what moves, what is redirected, and that nothing stays."""

from uuid import UUID

import pytest

from chassis.outbox import Outbox
from services.referents.store.dossiers import REGISTRE
from tests.engines import Bench
from tests.referents.conftest import Essai
from tests.referents.fabrique import (
    AUTRE,
    DEBUT,
    PARCOURS,
    accompagne_json,
    decidee_json,
    demain,
    depot,
    designe_json,
    evenement,
    rdv_json,
)

pytestmark = pytest.mark.anyio

FUSION = {"conserve": str(AUTRE), "absorbes": [str(PARCOURS)]}
EFFACE = {"motif": "Demande de la personne."}
TABLES = ("dossiers", "histoire", "suivis", "delais", "faits", "echeances", "rebut")


async def test_a_merge_moves_the_follow_up_and_redirects_what_comes_after(essai: Essai) -> None:
    await essai.suivre()
    await essai.accepte(depot("rdv.planifie", rdv_json()))
    await essai.orienter(AUTRE)

    faits = await essai.accepte(evenement("usager.fusionne", FUSION, AUTRE))
    await essai.accepte(depot("rdv.annule", rdv_json(statut="annule", annule_par="usager"), PARCOURS))

    lue = await essai.lire("referent", parcours=str(PARCOURS))
    assert [(fait.type, fait.agregat) for fait in faits] == [
        ("referent.termine", PARCOURS),
        ("referent.designe", AUTRE),
        ("referent.accepte", AUTRE),
        ("rdv.planifie", AUTRE),
    ]
    assert (lue["parcours"], lue["referent"]["etat"], len(lue["historique"])) == (str(AUTRE), "actif", 2)


async def test_the_moved_orientation_may_be_told_after_the_merge(essai: Essai) -> None:
    await essai.suivre()
    await essai.accepte(evenement("usager.fusionne", FUSION, AUTRE))

    faits = await essai.accepte(evenement("orientation.decidee", decidee_json(), AUTRE, brique="orientation"))

    assert [fait.type for fait in faits] == ["referent.designe", "referent.accepte"]


async def test_absorbed_twice_a_parcours_reaches_the_last_survivor(essai: Essai) -> None:
    dernier = UUID("01890000-0000-7000-8000-000000000003")
    await essai.suivre()
    await essai.accepte(evenement("usager.fusionne", FUSION, AUTRE))
    await essai.accepte(evenement("usager.fusionne", {"conserve": str(dernier), "absorbes": [str(AUTRE)]}, dernier))

    lue = await essai.lire("referent", parcours=str(PARCOURS))

    assert lue["parcours"] == str(dernier)


async def test_a_late_closure_of_an_absorbed_parcours_does_not_close_the_survivor(essai: Essai) -> None:
    await essai.suivre(AUTRE)
    await essai.orienter()
    await essai.accepte(evenement("usager.fusionne", FUSION, AUTRE))

    await essai.accepte(evenement("parcours.clos", {"date_fin": "2026-05-01", "motif": "Doublon."}))

    assert (await essai.lire("referent", parcours=str(AUTRE)))["referent"]["etat"] == "actif"


async def test_after_a_transfer_facts_belong_to_the_new_departement(essai: Essai) -> None:
    await essai.suivre()
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "62", "date_effet": DEBUT.isoformat()}))

    [fait] = await essai.accepte(depot("referent.termine", {"date_fin": DEBUT.isoformat(), "motif": "Départ."}))

    assert fait.partition == "62"


async def test_erasure_leaves_nothing_of_the_person(essai: Essai) -> None:
    await essai.suivre()
    await essai.accepte(depot("accompagnant.ajoute", accompagne_json()))
    await essai.accepte(depot("rdv.planifie", rdv_json()))
    await essai.accepte(evenement("usager.fusionne", FUSION, AUTRE))

    await essai.accepte(evenement("usager.efface", EFFACE, AUTRE))

    for table in TABLES:
        assert (await essai.compte(table), await essai.compte(table, AUTRE)) == (0, 0)


async def test_the_stream_forgets_what_was_told_of_an_erased_person(essai: Essai, banc: Bench) -> None:
    bus = banc.bus
    outbox = Outbox("referents", "PARCOURS", essai.pool, bus, REGISTRE.sceaux)
    await essai.suivre()
    await essai.suivre(AUTRE)
    async with essai.pool.acquire() as conn:
        await outbox.relay(conn)
    await essai.accepte(evenement("usager.efface", EFFACE))

    async with essai.pool.acquire() as conn:
        await outbox.forget(conn)

    assert len(await bus.stored("PARCOURS", [f"parcours.59.referents.*.{PARCOURS.hex}"], "essai")) == 0
    assert len(await bus.stored("PARCOURS", [f"parcours.59.referents.*.{AUTRE.hex}"], "essai")) == 2


@pytest.mark.parametrize("est_connu", [True, False])
async def test_what_comes_late_does_not_bring_an_erased_person_back(essai: Essai, est_connu: bool) -> None:
    """An orientation told by a sibling may come after the erasure, and before anything else was known here."""
    if est_connu:
        await essai.suivre()
    await essai.accepte(evenement("usager.efface", EFFACE))

    await essai.accepte(evenement("orientation.decidee", decidee_json(2, demain(DEBUT)), brique="orientation"))
    code = await essai.refuse(depot("referent.designe", designe_json()))

    assert (code, await essai.compte("dossiers")) == ("parcours-inconnu", 0)
