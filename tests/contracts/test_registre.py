"""The register of flows names every group that a message holds, those that its content decides too."""

import json
from pathlib import Path
from typing import Any

import pytest

import relais_contrats
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import projeter
from relais_contrats.groupes import Groupe
from relais_contrats.registre import flux, groupes

EXEMPLES = Path(relais_contrats.__file__).parent / "exemples"


def donnees(nom: str) -> list[dict[str, Any]]:
    return [un["message"]["data"] for un in json.loads((EXEMPLES / f"{nom}.json").read_text())["valides"]]


@pytest.mark.parametrize("nom", CATALOGUE)
def test_what_the_examples_say_is_in_the_register(nom: str) -> None:
    declares = frozenset(groupes(CATALOGUE[nom]))

    for dit in donnees(nom):
        assert projeter(nom, dit, declares) == projeter(nom, dit, frozenset(Groupe))


def test_what_only_two_organisations_are_sent_is_read_by_no_other() -> None:
    lus = {(une.message, une.groupe): une.lecteurs for une in flux()}

    assert lus["usager.signale", "NIR"] == "departement, france-travail"
    assert "sante:lire" in lus["diagnostic.realise", "santé et handicap"]
