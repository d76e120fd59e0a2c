"""Numbers as the field writes them: a NIR under another type, a matricule filled up with zeros, a number of waiting."""

from dataclasses import replace

import pytest

from relais_contrats import identifiants
from relais_contrats.groupes import Groupe
from relais_contrats.v1.partages import Identifiant
from services.usagers.domain.faits import Motif, ParcoursRattache, Regle, UsagerAmbigu
from services.usagers.translation import depots
from tests.usagers.monde import Monde
from tests.usagers.personnes import CD, Personne, local, matricule, nir, nir_avec_cle, numero_ft, signale

CAMILLE = Personne()
NIR = nir_avec_cle(nir(1))
ECRITS = [NIR, NIR[:13], nir_avec_cle(nir(7, lieu="2A")), nir(7, lieu="2B")]


@pytest.mark.parametrize("type_", ["matricule-msa", "matricule-caf", "local", "imilo", "numero-demande-rsa"])
@pytest.mark.parametrize("ecrit", ECRITS)
def test_a_nir_has_the_rights_of_a_nir_by_whatever_type_it_comes(type_: str, ecrit: str) -> None:
    groupes = Identifiant.groupes_selon({"type": type_, "valeur": ecrit})

    assert set(groupes.values()) == {Groupe.NIR}


@pytest.mark.parametrize(
    "valeur", ["2089564", "208956400000000", "2089564000000", "000000002089564", "IODAS-77", "12345"]
)
def test_other_numbers_keep_the_rights_of_theirs(valeur: str) -> None:
    assert Groupe.NIR not in Identifiant.groupes_selon({"type": "matricule-caf", "valeur": valeur}).values()


@pytest.mark.parametrize("ecrit", [NIR, NIR[:13]])
@pytest.mark.parametrize("type_", ["matricule-msa", "matricule-caf", "local", "imilo"])
def test_a_nir_of_another_type_finds_the_person_by_its_nir(type_: str, ecrit: str) -> None:
    monde = Monde()
    porte = {"type": type_, "valeur": ecrit} | ({"role": "demandeur"} if type_.startswith("matricule") else {})
    [premier, *_] = monde.accepter(signale(CAMILLE, porte))

    faits = monde.accepter(signale(replace(CAMILLE, nir=NIR), emetteur=CD))

    assert isinstance(faits[1], ParcoursRattache)
    assert (faits[0].parcours, faits[1].regle) == (premier.parcours, Regle.NIR)


def test_the_matricule_of_a_spouse_is_the_nir_of_somebody_else() -> None:
    [lu] = depots.liste_identifiants([matricule(NIR, "conjoint")], CD, CAMILLE.identite())

    assert (lu.nature, lu.role) == ("matricule-caf", "conjoint")


def test_a_number_that_contradicts_the_person_is_not_her_nir() -> None:
    autre = {**CAMILLE.identite(), "date_naissance": "1990-05-05"}

    [lu] = depots.liste_identifiants([local(NIR)], CD, autre)

    assert lu.nature == "local"


@pytest.mark.parametrize(
    ("ecrit", "canonique"),
    [
        ("2089564", "2089564"),
        ("208956400000000", "2089564"),
        ("2089564000000", "2089564"),
        ("000000002089564", "2089564"),
        ("0000002089564", "2089564"),
        ("1230000", "1230000"),
        ("123000000000000", "1230000"),
        ("0123456", "123456"),
        ("012345600000000", "123456"),
        ("ABC1234", "ABC1234"),
        ("0", "0"),
    ],
)
def test_a_matricule_filled_up_on_either_side_is_one(ecrit: str, canonique: str) -> None:
    assert identifiants.normaliser("matricule-caf", ecrit) == canonique


def test_a_person_is_recognised_by_her_matricule_filled_up_with_zeros() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, matricule("2089564")))

    faits = monde.accepter(signale(CAMILLE, matricule("208956400000000")))

    assert isinstance(faits[1], ParcoursRattache)
    assert faits[1].regle is Regle.MATRICULE


@pytest.mark.parametrize("sexe", ["3", "4", "7", "8"])
def test_a_number_of_waiting_gives_way_to_the_definitive_one_of_the_same_person(sexe: str) -> None:
    monde = Monde()
    monde.accepter(signale(replace(CAMILLE, nir=nir(9, sexe=sexe)), matricule("4000001")))

    faits = monde.accepter(signale(replace(CAMILLE, nir=nir(1)), matricule("4000001")))

    assert isinstance(faits[1], ParcoursRattache)
    [actif] = monde.actifs
    assert {i.valeur for i in actif.nirs_definitifs} == {NIR}


@pytest.mark.parametrize(
    ("suite", "numeros"),
    [
        (replace(CAMILLE, nom="Garcia", nir=nir(1)), [matricule("4000001")]),
        (replace(CAMILLE, nir=nir(2)), [matricule("4000001"), numero_ft("12345678901")]),
    ],
)
def test_it_does_not_where_something_else_differs(suite: Personne, numeros: list[dict[str, str]]) -> None:
    monde = Monde()
    attente = nir(9, sexe="7")
    premier = replace(CAMILLE, nir=attente if suite.nom == "Garcia" else nir(1))
    monde.accepter(signale(premier, *numeros))

    faits = monde.accepter(signale(suite, *numeros))

    assert isinstance(faits[1], UsagerAmbigu)
    assert Motif.NIR_DIFFERENT in faits[1].motifs


def test_a_nir_with_another_birth_date_is_not_certain() -> None:
    monde = Monde()
    monde.accepter(signale(replace(CAMILLE, nir=nir(1))))

    faits = monde.accepter(signale(replace(CAMILLE, nir=nir(1), naissance=CAMILLE.naissance.replace(day=15))))

    assert isinstance(faits[1], UsagerAmbigu)
