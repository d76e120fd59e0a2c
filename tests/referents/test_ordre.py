"""The order of what is said of one appointment, one follower, one référent: `time` decides, not the arrival."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from chassis.facts import Entree
from tests.referents.conftest import Essai
from tests.referents.fabrique import (
    DEBUT,
    MAINTENANT,
    PARCOURS,
    accompagne_json,
    depot,
    designe_json,
    evenement,
    rdv_json,
    remplace_json,
)

pytestmark = pytest.mark.anyio
MATIN = MAINTENANT - timedelta(hours=6)
ANNULE = {"statut": "annule", "annule_par": "usager"}


def dit(type_: str, donnees: dict[str, Any], heure: int, recu_a: datetime = MAINTENANT) -> Entree:
    """Its service has heard all that was said before."""
    return replace(depot(type_, donnees, recu_a=recu_a), survenu_a=MATIN + timedelta(hours=heure), au_repos=True)


def rdv(type_: str, heure: int, jour: int = 10, **autres: Any) -> Entree:
    return dit(f"rdv.{type_}", rdv_json("A", f"2026-12-{jour}T10:00:00+01:00", **autres), heure)


async def codes(essai: Essai, *entrees: Entree) -> list[str]:
    """Each in a batch of its own, in the order in which they come."""
    reponses = [(await essai.decider(entree))[0] for entree in entrees]
    return [reponse.refus.code if reponse.refus else reponse.etat for reponse in reponses]


async def jours(essai: Essai) -> list[tuple[int, str]]:
    lus = (await essai.lire("rdv", parcours=str(PARCOURS)))["rendez_vous"]
    return [(lu["debut"].day, lu["statut"]) for lu in lus]


async def test_an_older_change_does_not_win_over_a_newer_one(essai: Essai) -> None:
    await essai.orienter()

    dits = await codes(essai, rdv("planifie", 0, 10), rdv("modifie", 2, 12), rdv("modifie", 1, 11))

    assert dits == ["accepte", "accepte", "version-perimee"]
    assert await jours(essai) == [(12, "planifie")]


@pytest.mark.parametrize("ordre", list(permutations(range(4))), ids=lambda ordre: "".join(map(str, ordre)))
async def test_no_order_leaves_an_appointment_as_it_was_before(essai: Essai, ordre: tuple[int, ...]) -> None:
    await essai.orienter()
    suite = [
        rdv("planifie", 0, 10),
        rdv("modifie", 1, 11),
        rdv("modifie", 2, 12),
        rdv("annule", 3, 12, **ANNULE),
    ]

    dits = await codes(essai, *(suite[rang] for rang in ordre))

    assert await jours(essai) in ([], [(12, "annule")])
    assert set(dits) <= {"accepte", "version-perimee", "etat-interdit"}


async def test_in_one_batch_too(essai: Essai) -> None:
    await essai.orienter()

    reponses = await essai.decider(rdv("planifie", 0, 10), rdv("modifie", 2, 12), rdv("modifie", 1, 11))

    assert [reponse.etat for reponse in reponses] == ["accepte", "accepte", "refuse"]


async def test_a_time_in_the_future_counts_from_its_reception(essai: Essai) -> None:
    await essai.orienter()
    await codes(
        essai,
        rdv("planifie", 0),
        replace(rdv("modifie", 0, 11), survenu_a=datetime.fromisoformat("2090-01-01T00:00:00Z")),
    )

    plus_tard = MAINTENANT + timedelta(minutes=1)
    dits = await codes(essai, replace(rdv("modifie", 0, 12), survenu_a=plus_tard, recu_a=plus_tard))

    assert (dits, await jours(essai)) == (["accepte"], [(12, "planifie")])


async def test_what_was_there_before_the_order_was_kept_is_changed_by_any_message(essai: Essai) -> None:
    await essai.orienter()
    await codes(essai, rdv("planifie", 2, 10))
    await essai.pool.execute("DELETE FROM derniers_mots")

    assert await codes(essai, rdv("modifie", 1, 11)) == ["accepte"]


async def test_the_end_of_a_referent_told_late_does_not_end_the_next_one(essai: Essai) -> None:
    await essai.suivre()
    remplace = remplace_json(DEBUT, date(2026, 3, 17))
    fin = {"date_fin": "2026-03-20", "motif": "Départ."}
    recu_a = MAINTENANT + timedelta(days=10)
    [remplace_, termine] = [
        replace(depot(type_, donnees, recu_a=recu_a), survenu_a=recu_a - timedelta(hours=heures))
        for type_, donnees, heures in (("referent.remplace", remplace, 1), ("referent.termine", fin, 2))
    ]

    assert await codes(essai, remplace_, termine) == ["accepte", "version-perimee"]


async def test_a_follower_who_came_back_is_not_withdrawn_by_what_was_said_before(essai: Essai) -> None:
    await essai.orienter()
    ajoute = accompagne_json()
    retire = {
        "identifiant_agent": ajoute["accompagnant"]["identifiant_agent"],
        "structure": ajoute["structure"],
        "date_fin": DEBUT.isoformat(),
    }
    suite = [("ajoute", ajoute, 0), ("retire", retire, 1), ("ajoute", ajoute, 3), ("retire", retire, 2)]

    dits = await codes(essai, *(dit(f"accompagnant.{type_}", donnees, heure) for type_, donnees, heure in suite))

    assert dits == ["accepte", "accepte", "accepte", "version-perimee"]


async def test_an_erased_person_leaves_no_word(essai: Essai) -> None:
    await essai.orienter()
    await codes(essai, rdv("planifie", 0), dit("referent.designe", designe_json(), 0))

    await essai.accepte(evenement("usager.efface", {"motif": "Demande."}))

    assert await essai.pool.fetchval("SELECT count(*) FROM derniers_mots") == 0
