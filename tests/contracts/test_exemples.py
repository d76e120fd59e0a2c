"""The published examples: the valid ones pass, the others earn exactly the errors that they announce."""

import json

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.exemples import Exemple, exemples, tous_les_exemples
from relais_contrats.lecture import MessageInvalide, lire_depot, lire_donnees
from relais_contrats.refus import REFUS


def _erreurs(exemple: Exemple) -> tuple[tuple[str, str], ...]:
    message = CATALOGUE[exemple.type]
    try:
        if message.se_depose:
            lire_depot(json.dumps(exemple.message).encode())
        else:
            lire_donnees(message, exemple.message["data"])
    except MessageInvalide as refus:
        return tuple((e.pointeur, e.code) for e in refus.erreurs)
    return ()


@pytest.mark.parametrize("exemple", tous_les_exemples(), ids=lambda e: f"{e.type}-{e.titre}")
def test_an_example_gets_exactly_the_errors_it_announces(exemple: Exemple) -> None:
    obtenues = _erreurs(exemple)

    assert obtenues == exemple.erreurs


@pytest.mark.parametrize("nom", CATALOGUE)
def test_every_type_has_a_valid_example_and_two_instructive_mistakes(nom: str) -> None:
    lus = exemples(nom)

    assert lus[0].est_valide
    assert sum(not e.est_valide for e in lus) >= 2


def test_every_announced_code_is_a_refusal_code() -> None:
    annonces = {code for e in tous_les_exemples() for _, code in e.erreurs}

    assert annonces <= set(REFUS)
    assert len(annonces) >= 5


def test_a_valid_example_survives_a_round_trip_through_its_model() -> None:
    for nom, message in CATALOGUE.items():
        donnees = exemples(nom)[0].message["data"]

        relu = lire_donnees(message, donnees).en_json()

        assert relu == donnees, nom
