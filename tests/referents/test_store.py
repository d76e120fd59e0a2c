"""The service on the real PostgreSQL, through the real engine: what is written, found again, guarded there."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.engines import Bench
from tests.referents.conftest import Essai
from tests.referents.fabrique import (
    CD,
    COLLEGUE,
    DEBUT,
    MAINTENANT,
    MISSION,
    ML,
    PARCOURS,
    RECU_A,
    accompagne_json,
    decidee_json,
    demain,
    depot,
    designe_json,
    evenement,
    rdv_json,
    remplace_json,
    structure_json,
)

pytestmark = pytest.mark.anyio

APRES = demain(DEBUT, 60)
CONSERVE = UUID(int=PARCOURS.int + 5)


def types(faits: Any) -> list[str]:
    return [fait.type for fait in faits]


async def test_a_deposit_without_dossier_waits(essai: Essai) -> None:
    [reponse] = await essai.decider(depot("referent.designe", designe_json()))

    assert reponse.etat == "attente"


async def test_a_designation_is_told_as_it_was_deposited(essai: Essai) -> None:
    await essai.orienter()

    [fait] = await essai.accepte(depot("referent.designe", designe_json()))

    assert (fait.source, fait.donnees) == (CD, designe_json())


async def test_a_designation_waits_for_the_decision_that_was_just_accepted(essai: Essai) -> None:
    await essai.accepte(evenement("parcours.transfere", {"departement_nouveau": "59"}))
    entree = depot("referent.designe", designe_json(), recu_a=essai.maintenant)
    [avant] = await essai.decider(entree)
    await essai.orienter()

    [apres] = await essai.decider(entree)

    assert (avant.etat, apres.etat) == ("attente", "accepte")


async def test_a_whole_follow_up_is_found_again(essai: Essai) -> None:
    await essai.suivre()
    await essai.accepte(depot("accompagnant.ajoute", accompagne_json(), par=ML))
    await essai.accepte(depot("rdv.planifie", rdv_json()))
    await essai.accepte(depot("referent.remplace", remplace_json(APRES, demain(APRES))))
    essai.maintenant = MAINTENANT + timedelta(days=10)

    await essai.accepte(depot("rdv.constate", rdv_json(statut="honore"), recu_a=essai.maintenant))
    await essai.accepte(depot("referent.termine", {"date_fin": demain(APRES, 9).isoformat(), "motif": "Emploi."}))

    lue = await essai.lire("referent", parcours=str(PARCOURS))
    assert [(d["etat"], d["date_fin"]) for d in lue["historique"]] == [
        ("termine", APRES),
        ("termine", demain(APRES, 9)),
    ]
    assert (lue["referent"]["referent"]["nom"], len(lue["accompagnants"])) == ("MODELE", 1)


async def test_a_new_decision_ends_the_follow_up_by_itself(essai: Essai) -> None:
    await essai.suivre()

    [fait] = await essai.orienter(rang=2, debut=APRES, structure=MISSION)

    assert (fait.type, fait.source, fait.sequence) == ("referent.termine", "/services/referents", 3)
    assert fait.donnees == {
        "date_fin": demain(APRES, -1).isoformat(),
        "motif": "Nouvelle décision d'orientation.",
    }


async def test_a_batch_replaces_the_orientation_and_designates_under_the_new_one(essai: Essai) -> None:
    await essai.suivre()
    nouvelle = decidee_json(2, APRES, MISSION)

    reponses = await essai.decider(
        evenement("orientation.decidee", nouvelle, brique="orientation"),
        depot("referent.designe", designe_json(APRES, MISSION)),
    )

    assert [types(reponse.faits) for reponse in reponses] == [["referent.termine"], ["referent.designe"]]


async def test_of_two_simultaneous_designations_one_stays(essai: Essai, banc: Bench) -> None:
    await essai.orienter()
    autre = Essai(await banc.pool("referents"))

    reponses = await asyncio.gather(
        essai.decider(replace(depot("referent.designe", designe_json()), au_repos=True)),
        autre.decider(replace(depot("referent.designe", designe_json(referent=COLLEGUE)), au_repos=True)),
    )

    assert sorted(reponse.etat for [reponse] in reponses) == ["accepte", "refuse"]
    lue = await essai.lire("referent", parcours=str(PARCOURS))
    assert len(lue["historique"]) == 1


async def test_the_loser_is_refused_once_no_decision_can_be_on_its_way(essai: Essai) -> None:
    await essai.suivre()
    entree = depot("referent.designe", designe_json(referent=COLLEGUE), recu_a=essai.maintenant)
    [avant] = await essai.decider(entree)

    code = await essai.refuse(entree)

    assert (avant.etat, avant.refus and avant.refus.code, code) == ("attente", "etat-interdit", "etat-interdit")


@pytest.mark.parametrize("debut", ["date_debut + 900", "date_debut - 1"])
async def test_the_database_refuses_two_referents_on_one_day(essai: Essai, debut: str) -> None:
    await essai.suivre()

    with pytest.raises(asyncpg.ExclusionViolationError, match="suivis_sans_chevauchement"):
        await essai.pool.execute(
            f"INSERT INTO suivis SELECT parcours, departement, 'siret', '1', {debut}, NULL FROM suivis"
        )


async def test_a_future_appointment_is_not_kept(essai: Essai) -> None:
    await essai.orienter()
    await essai.accepte(depot("rdv.planifie", rdv_json()))

    code = await essai.refuse(depot("rdv.constate", rdv_json(statut="honore"), recu_a=RECU_A))

    assert code == "dates-incoherentes"


async def test_a_replayed_deposit_gets_its_first_answer(essai: Essai) -> None:
    await essai.orienter()
    entree = depot("referent.designe", designe_json())
    premiers = await essai.accepte(entree)

    seconds = await essai.accepte(entree)

    assert [fait.id for fait in seconds] == [fait.id for fait in premiers]


async def test_two_replicas_may_open_the_same_dossier(essai: Essai, banc: Bench) -> None:
    """The opening does not erase the orientation that another replica has just written."""
    autre = Essai(await banc.pool("referents"))

    reponses = await asyncio.gather(
        essai.decider(evenement("parcours.transfere", {"departement_nouveau": "59"})),
        autre.decider(evenement("orientation.decidee", decidee_json(), brique="orientation")),
        essai.decider(evenement("usager.fusionne", {"conserve": str(CONSERVE), "absorbes": [str(PARCOURS)]}, CONSERVE)),
    )

    lue = await essai.lire("referent", parcours=str(PARCOURS))
    assert {reponse.etat for [reponse] in reponses} == {"accepte"}
    assert lue["parcours"] == str(CONSERVE)
    assert await essai.compte("histoire") == 3


async def test_a_withdrawn_follower_is_found_as_a_former_one(essai: Essai) -> None:
    await essai.orienter()
    await essai.accepte(depot("accompagnant.ajoute", accompagne_json(), par=ML))
    parti = {
        "identifiant_agent": COLLEGUE.identifiant_agent,
        "structure": structure_json(MISSION),
        "date_fin": APRES.isoformat(),
    }
    await essai.accepte(depot("accompagnant.retire", parti, par=ML))

    avant = await essai.lire("referent", parcours=str(PARCOURS))
    apres = await essai.lire("referent", MAINTENANT + timedelta(days=90), parcours=str(PARCOURS))

    assert (len(avant["accompagnants"]), len(avant["anciens_accompagnants"])) == (1, 0)
    assert (len(apres["accompagnants"]), len(apres["anciens_accompagnants"])) == (0, 1)
