"""The kit says what the hub says, plus where to look: place of the fault, nearest example, what differs from it."""

import copy
import json
from typing import Any

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.exemples import Exemple, exemple_valide, exemples, tous_les_exemples
from relais_kit.flux import Morceau
from relais_kit.proche import plus_proche, valeur_a
from relais_kit.verdict import Verdict, juger, types_voisins


def juger_objet(objet: Any) -> Verdict:
    return juger(Morceau(json.dumps(objet).encode()))


def message(type_: str) -> dict[str, Any]:
    copie: dict[str, Any] = copy.deepcopy(dict(exemple_valide(type_)))
    return copie


@pytest.mark.parametrize("exemple", tous_les_exemples(), ids=lambda e: f"{e.type}-{e.titre}")
def test_every_example_gets_the_errors_it_announces(exemple: Exemple) -> None:
    verdict = juger_objet(exemple.message)

    assert tuple((e.pointeur, e.code) for e in verdict.erreurs) == exemple.erreurs
    assert (verdict.proche is None) == verdict.est_conforme


@pytest.mark.parametrize("nom", CATALOGUE)
def test_the_data_alone_is_judged_without_its_envelope(nom: str) -> None:
    corps = json.dumps(exemple_valide(nom)["data"]).encode()

    assert juger(Morceau(corps), CATALOGUE[nom]).est_conforme


def test_pointers_into_the_data_alone_start_at_its_root() -> None:
    donnees = message("usager.signale")["data"]
    del donnees["origine"]

    verdict = juger(Morceau(json.dumps(donnees).encode()), CATALOGUE["usager.signale"])

    assert [e.pointeur for e in verdict.erreurs] == ["/origine"]
    assert verdict.proche is not None
    assert verdict.proche.manquent == ("/origine",)


def test_the_differences_name_the_highest_places_only() -> None:
    depot = message("usager.signale")
    del depot["data"]["coordonnees"]
    depot["data"]["etat_civil"] = {"nom": "EXEMPLE"}
    depot["data"]["brsa"] = "oui"

    proche = juger_objet(depot).proche

    assert proche is not None
    assert proche.manquent == ("/data/coordonnees",)
    assert proche.en_plus == ("/data/etat_civil",)
    assert proche.autres_genres == (("/data/brsa", "un booléen", "un texte"),)


def test_a_wrong_value_leaves_the_shape_as_it_is() -> None:
    invalide = next(e for e in exemples("usager.signale") if "NIR" in e.titre)

    proche = juger_objet(invalide.message).proche

    assert proche is not None
    assert proche.est_de_meme_forme


@pytest.mark.parametrize("nom", CATALOGUE)
def test_each_valid_example_is_nearest_to_itself(nom: str) -> None:
    for exemple in (e for e in exemples(nom) if e.est_valide):
        proche = plus_proche(nom, exemple.message)

        assert proche.est_de_meme_forme


def test_the_nearest_of_two_examples_is_the_one_of_the_same_shape() -> None:
    plusieurs = next(nom for nom in CATALOGUE if len([e for e in exemples(nom) if e.est_valide]) > 1)
    second = [e for e in exemples(plusieurs) if e.est_valide][1]

    proche = plus_proche(plusieurs, second.message)

    assert (proche.numero, proche.exemple) == (2, second)


def test_a_null_field_counts_as_absent() -> None:
    depot = message("usager.signale")
    depot["data"]["coordonnees"] = None

    assert plus_proche("usager.signale", depot).manquent == ("/data/coordonnees",)


def test_an_unknown_type_is_told_its_neighbours() -> None:
    depot = message("usager.signale") | {"type": "fr.insertion.usager.signalé.v1"}

    verdict = juger_objet(depot)

    assert (verdict.type, verdict.proche) == (None, None)
    assert verdict.suggestions[0] == "usager.signale"
    assert types_voisins("ORIENTATION_DECIDEE")[0] == "orientation.decidee"


@pytest.mark.parametrize(
    ("corps", "precision"),
    [
        (b'{\n "a": 1,\n}', "(ligne 3, colonne 1)"),
        (b'{"a": 1, "b": {"cle": 1, "cle": 2}}', "(« cle »)"),
        (b'{"a": "\xff"}', ""),
        (b"", "(ligne 1, colonne 0)"),
        (b"[1]", ""),
        (b'{"a":' * 100_000, ""),
    ],
    ids=["comma", "repeated key", "not UTF-8", "empty", "not an object", "deep"],
)
def test_an_unreadable_message_says_where(corps: bytes, precision: str) -> None:
    verdict = juger(Morceau(corps))

    assert [e.code for e in verdict.erreurs] == ["illisible"]
    assert verdict.statut == 400
    assert verdict.erreurs[0].message.endswith(precision)


def test_a_message_too_big_is_413() -> None:
    verdict = juger(Morceau(b"{", est_trop_grand=True))

    assert (verdict.code, verdict.statut) == ("trop-grand", 413)


def test_a_pointer_is_followed_or_leads_nowhere() -> None:
    objet = {"a/b": [{"~": 1}]}

    assert valeur_a(objet, "/a~1b/0/~0") == 1
    assert valeur_a(objet, "/a~1b/1/~0") is None
    assert valeur_a(objet, "/a~1b/x") is None
    assert valeur_a(objet, "/c/d") is None
