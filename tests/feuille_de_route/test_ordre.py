"""The order of what is said of one objective, or one action: `time` decides, not the arrival."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from chassis.facts import Entree
from tests.feuille_de_route.conftest import Essai
from tests.feuille_de_route.fabrique import JOUR, a, action, depot, evenement_neuf, objectif

pytestmark = pytest.mark.anyio


def dit(type_: str, donnees: dict[str, Any], heure: int) -> Entree:
    return replace(depot(type_, donnees), survenu_a=a(JOUR, 8) + timedelta(hours=heure))


def un_objectif(type_: str, heure: int, libelle: str, statut: str = "en-cours") -> Entree:
    return dit(f"objectif.{type_}", {**objectif(statut=statut), "libelle": libelle}, heure)


async def codes(essai: Essai, *entrees: Entree) -> list[str]:
    reponses = [(await essai.decider(entree))[0] for entree in entrees]
    return [reponse.refus.code if reponse.refus else reponse.etat for reponse in reponses]


@pytest.mark.parametrize("ordre", list(permutations(range(4))), ids=lambda ordre: "".join(map(str, ordre)))
async def test_no_order_leaves_an_objective_as_it_was_before(essai: Essai, ordre: tuple[int, ...]) -> None:
    await essai.ouvrir()
    suite = [
        un_objectif("ajoute", 0, "Un"),
        un_objectif("modifie", 1, "Deux"),
        un_objectif("modifie", 2, "Trois"),
        un_objectif("clos", 3, "Quatre", "atteint"),
    ]

    dits = await codes(essai, *(suite[rang] for rang in ordre))

    assert [lu["libelle"] for lu in (await essai.feuille())["objectifs"]] in ([], ["Quatre"])
    assert set(dits) <= {"accepte", "version-perimee", "etat-interdit"}


async def test_an_action_that_was_given_up_does_not_go_on_as_it_was_said_before(essai: Essai) -> None:
    await essai.ouvrir()

    dits = await codes(
        essai,
        dit("objectif.ajoute", objectif(), 0),
        dit("action.ajoutee", action(), 0),
        dit("action.modifiee", action(libelle="Nouveau"), 3),
        dit("action.abandonnee", action(statut="abandonnee"), 2),
        dit("action.modifiee", action(libelle="Ancien"), 1),
    )

    assert dits == ["accepte", "accepte", "accepte", "version-perimee", "version-perimee"]
    [lue] = (await essai.feuille())["objectifs"][0]["actions"]
    assert (lue["libelle"], lue["statut"]) == ("Nouveau", "prevue")


async def test_an_action_whose_objective_is_not_known_yet_may_be_said_again(essai: Essai) -> None:
    await essai.ouvrir()

    dits = await codes(
        essai,
        dit("action.ajoutee", action(), 1),
        dit("objectif.ajoute", objectif(), 0),
        dit("action.ajoutee", action(), 1),
    )

    assert dits == ["etat-interdit", "accepte", "accepte"]


async def test_an_erased_person_leaves_no_word(essai: Essai) -> None:
    await essai.ouvrir()
    await codes(essai, dit("objectif.ajoute", objectif(), 0))

    await essai.accepte(evenement_neuf("usager.efface", {"motif": "Demande."}, sequence=3))

    assert await essai.pool.fetchval("SELECT count(*) FROM derniers_mots") == 0
