"""The matching rules one by one, on the decision alone."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from relais_contrats.codes.usagers import RegleRapprochement
from services.usagers.domain.faits import Motif, ParcoursOuvert, ParcoursRattache, Regle, UsagerAmbigu, UsagerSignale
from services.usagers.domain.identite import Identite, accord, cles_etat_civil, jetons
from services.usagers.domain.naissance import Naissance
from services.usagers.translation import faits
from tests.usagers.monde import Monde
from tests.usagers.personnes import CD, Personne, depot, local, matricule, nir, nir_avec_cle, numero_ft, signale

CAMILLE = Personne(nir=nir(1))
FT = "12345678901"


def test_a_nir_of_13_and_its_15_characters_are_one() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE))

    faits = monde.accepter(signale(replace(CAMILLE, nir=nir_avec_cle(nir(1))), emetteur=CD))

    assert isinstance(faits[1], ParcoursRattache)
    assert faits[1].regle is Regle.NIR


@pytest.mark.parametrize("lieu", ["2A", "2B"])
def test_a_nir_of_corsica_gets_its_key(lieu: str) -> None:
    monde = Monde()
    monde.accepter(signale(replace(CAMILLE, nir=nir(7, lieu=lieu))))

    faits = monde.accepter(signale(replace(CAMILLE, nir=nir_avec_cle(nir(7, lieu=lieu)))))

    assert isinstance(faits[1], ParcoursRattache)


def test_2a_and_2b_are_two_numbers() -> None:
    monde = Monde()
    monde.accepter(signale(replace(CAMILLE, nir=nir(7, lieu="2A"))))

    faits = monde.accepter(signale(replace(CAMILLE, nir=nir(7, lieu="2B"))))

    assert isinstance(faits[1], ParcoursOuvert)


@pytest.mark.parametrize(
    ("identifiant", "regle"),
    [
        (numero_ft(FT), Regle.NUMERO_FRANCE_TRAVAIL),
        (matricule("0123456"), Regle.MATRICULE),
        ({"type": "numero-demande-rsa", "valeur": "12345678901", "role": "demandeur"}, Regle.NUMERO_DEMANDE_RSA),
        (local("IODAS-1"), Regle.LOCAL),
        ({"type": "imilo", "valeur": "4242"}, Regle.IMILO),
    ],
)
def test_each_strong_identifier_recognises_a_person(identifiant: dict[str, str], regle: Regle) -> None:
    monde = Monde()
    monde.accepter(signale(Personne(), identifiant))

    faits = monde.accepter(signale(Personne(), identifiant))

    assert isinstance(faits[1], ParcoursRattache)
    assert faits[1].regle is regle


def test_the_strongest_rule_is_the_one_that_is_told() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, numero_ft(FT), local("A")))

    faits = monde.accepter(signale(CAMILLE, local("A"), numero_ft(FT)))

    assert isinstance(faits[1], ParcoursRattache)
    assert faits[1].regle is Regle.NIR


def test_names_and_birth_date_alone_never_attach() -> None:
    monde = Monde()
    premier = monde.accepter(signale(Personne(), local("A")))

    faits = monde.accepter(signale(Personne(), local("B"), emetteur=CD))

    assert isinstance(faits[1], UsagerAmbigu)
    assert faits[1].candidats == (premier[0].parcours,)
    assert faits[1].motifs == (Motif.ETAT_CIVIL_SEUL,)


def test_twins_of_one_name_with_two_nir_are_two_persons() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE))

    faits = monde.accepter(signale(replace(CAMILLE, nir=nir(2))))

    assert isinstance(faits[1], ParcoursOuvert)


def test_two_spouses_of_one_household_are_two_persons() -> None:
    monde = Monde()
    monde.accepter(signale(Personne(), matricule("123")))

    faits = monde.accepter(
        signale(Personne(prenoms="Dominique", naissance=date(1983, 1, 2)), matricule("123", "conjoint"))
    )

    assert isinstance(faits[1], ParcoursOuvert)


def test_twin_children_of_one_household_are_two_persons() -> None:
    monde = Monde()
    monde.accepter(signale(Personne(prenoms="Lou"), matricule("123", "enfant")))

    faits = monde.accepter(signale(Personne(prenoms="Sacha"), matricule("123", "enfant")))

    assert isinstance(faits[1], ParcoursOuvert)


def test_the_new_spouse_of_a_household_is_another_person() -> None:
    monde = Monde()
    monde.accepter(signale(Personne(), matricule("123", "conjoint")))

    nouveau = Personne("Petit", "Alex", date(1990, 5, 5))
    faits = monde.accepter(signale(nouveau, matricule("123", "conjoint")))

    assert isinstance(faits[1], ParcoursOuvert)


def test_the_local_id_of_another_partner_says_nothing() -> None:
    monde = Monde()
    monde.accepter(signale(Personne(), local("1")))

    faits = monde.accepter(signale(Personne("Petit", "Alex", date(1990, 5, 5)), local("1"), emetteur=CD))

    assert isinstance(faits[1], ParcoursOuvert)


def test_a_local_id_with_another_nir_is_ambiguous() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, local("A")))

    faits = monde.accepter(signale(replace(CAMILLE, nir=nir(2)), local("A")))

    assert isinstance(faits[1], UsagerAmbigu)
    assert Motif.NIR_DIFFERENT in faits[1].motifs


def test_a_nir_with_another_france_travail_number_is_ambiguous() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, numero_ft(FT)))

    faits = monde.accepter(signale(CAMILLE, numero_ft("99999999999")))

    assert isinstance(faits[1], UsagerAmbigu)
    assert faits[1].motifs == (Motif.NUMERO_FT_DIFFERENT,)


def test_an_old_and_a_new_france_travail_number_live_together() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, numero_ft("1234567A")))

    faits = monde.accepter(signale(CAMILLE, numero_ft(FT)))

    assert isinstance(faits[1], ParcoursRattache)


def test_a_france_travail_number_with_another_birth_date_is_ambiguous() -> None:
    monde = Monde()
    monde.accepter(signale(Personne(), numero_ft(FT)))

    faits = monde.accepter(signale(Personne(naissance=date(1986, 3, 14)), numero_ft(FT)))

    assert isinstance(faits[1], UsagerAmbigu)


def test_the_nir_of_the_spouse_is_ambiguous() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE))

    faits = monde.accepter(signale(Personne(prenoms="Dominique", naissance=date(1983, 1, 2), nir=nir(1))))

    assert isinstance(faits[1], UsagerAmbigu)
    assert faits[1].motifs == (Motif.ETAT_CIVIL_DIFFERENT,)


def test_the_nir_of_a_known_twin_is_ambiguous() -> None:
    monde = Monde()
    monde.accepter(signale(replace(CAMILLE, prenoms="Lou", nir=nir(1))))
    monde.accepter(signale(replace(CAMILLE, prenoms="Sacha", nir=None), local("A")))

    faits = monde.accepter(signale(replace(CAMILLE, prenoms="Sacha", nir=nir(1)), emetteur=CD))

    assert isinstance(faits[1], UsagerAmbigu)
    assert len(faits[1].candidats) == 2


def test_two_numbers_of_two_persons_are_ambiguous() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE))
    monde.accepter(signale(Personne(nom="Camille", prenoms="Camille"), numero_ft(FT)))

    faits = monde.accepter(signale(CAMILLE, numero_ft(FT), emetteur=CD))

    assert isinstance(faits[1], UsagerAmbigu)
    assert Motif.PLUSIEURS_PARCOURS in faits[1].motifs


def test_a_name_taken_by_marriage_changes_nobody() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE))

    faits = monde.accepter(signale(replace(CAMILLE, nom="Garcia")))

    assert isinstance(faits[1], ParcoursRattache)


def test_a_provisional_number_does_not_make_two_persons() -> None:
    monde = Monde()
    monde.accepter(signale(replace(CAMILLE, nir=nir(9, sexe="7"))))

    faits = monde.accepter(signale(CAMILLE))

    assert isinstance(faits[1], UsagerAmbigu)


def test_two_nir_in_one_deposit_are_refused() -> None:
    refus = Monde().refuser(signale(CAMILLE, {"type": "nir", "valeur": nir(2)}))

    assert (refus.code, refus.pointeur) == ("identifiant-invalide", "/data/identifiants/1")


def test_the_same_ambiguous_deposit_again_makes_no_second_parcours() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, local("A")))
    douteux = replace(CAMILLE, nir=nir(2))
    premier = monde.accepter(signale(douteux, local("A")))

    second = monde.accepter(signale(douteux, local("A")))

    assert second[0].parcours == premier[0].parcours


def test_an_ambiguous_person_gets_as_candidate_whoever_takes_its_nir() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, local("A")))
    douteux = monde.accepter(signale(replace(CAMILLE, nir=nir(2)), local("A")))[0].parcours

    faits = monde.accepter(signale(Personne("Petit", "Alex", date(1990, 5, 5), nir=nir(2))))

    assert isinstance(faits[2], UsagerAmbigu)
    assert faits[2].parcours == douteux
    assert faits[0].parcours in faits[2].candidats


def test_a_closed_parcours_leaves_its_numbers_to_a_new_one() -> None:
    monde = Monde()
    ancien = monde.accepter(signale(CAMILLE))[0].parcours
    monde.accepter(depot("parcours.clos", {"date_fin": "2026-03-01", "motif": "Emploi durable"}, ancien))

    faits = monde.accepter(signale(CAMILLE))

    assert isinstance(faits[0], UsagerSignale)
    assert faits[0].parcours != ancien


@pytest.mark.parametrize(
    ("ecrit", "mots"),
    [
        ("Jean-François D’Été", ("jean", "francois", "d", "ete")),
        ("ŒUVRARD", ("oeuvrard",)),
        ("  de  la Tour ", ("de", "la", "tour")),
        ("-", ()),
    ],
)
def test_names_lose_accents_case_and_punctuation(ecrit: str, mots: tuple[str, ...]) -> None:
    assert jetons(ecrit) == mots


def test_the_order_of_given_names_and_swapped_names_give_one_key() -> None:
    a = Identite("Le Goff", "Anne Marie", Naissance("1990-01-01"))
    b = Identite("LE GOFF", "Marie-Anne", Naissance("1990-01-01"))
    c = Identite("Anne Marie", "Le Goff", Naissance("1990-01-01"))

    assert cles_etat_civil(a) & cles_etat_civil(b)
    assert cles_etat_civil(a) & cles_etat_civil(c)


def test_a_particle_is_not_a_name_in_common() -> None:
    jour = Naissance("1990-01-01")
    constat = accord(Identite("de Vries", "Anne", jour), Identite("de Jong", "Marie", jour))

    assert not constat.suffit


def test_the_nir_of_a_twin_told_for_the_other_is_ambiguous() -> None:
    monde = Monde()
    monde.accepter(signale(replace(CAMILLE, prenoms="Lou")))

    faits = monde.accepter(signale(replace(CAMILLE, prenoms="Sacha")))

    assert isinstance(faits[1], UsagerAmbigu)
    assert faits[1].motifs == (Motif.ETAT_CIVIL_DIFFERENT,)


def test_two_spellings_of_a_given_name_are_one_person() -> None:
    monde = Monde()
    monde.accepter(signale(replace(CAMILLE, prenoms="Mohamed")))

    faits = monde.accepter(signale(replace(CAMILLE, prenoms="Mohammed")))

    assert isinstance(faits[1], ParcoursRattache)


def test_a_question_settled_once_is_not_asked_again() -> None:
    monde = Monde()
    connu = monde.accepter(signale(replace(CAMILLE, prenoms="Lou")))[0].parcours
    usuel = replace(CAMILLE, prenoms="Sacha")
    douteux = monde.accepter(signale(usuel))[0].parcours
    monde.accepter(depot("usager.rapproche", {"decision": "meme-personne", "parcours": str(connu)}, douteux))

    faits = monde.accepter(signale(usuel))

    assert isinstance(faits[1], ParcoursRattache)


def test_the_number_of_one_twin_told_for_the_other_leaves_both_to_the_agent() -> None:
    monde = Monde()
    premier, *_ = monde.accepter(signale(CAMILLE))
    jumelle = replace(CAMILLE, prenoms="Solène", nir=nir(2))
    seconde, *_ = monde.accepter(signale(jumelle))

    _, ambigu, *_ = monde.accepter(signale(replace(jumelle, nir=nir(1)), emetteur=CD))

    assert isinstance(ambigu, UsagerAmbigu)
    assert set(ambigu.candidats) == {premier.parcours, seconde.parcours}


def test_every_rule_has_its_code_in_the_contract() -> None:
    assert {regle.value for regle in Regle} == {code.value for code in RegleRapprochement}


@pytest.mark.parametrize("regle", [Regle.NUMERO_DEMANDE_RSA, Regle.IMILO])
def test_a_person_is_told_to_be_recognised_by_the_number_that_did_it(regle: Regle) -> None:
    dit = faits.traduire(ParcoursRattache(uuid4(), "59", regle))

    assert dit is not None
    assert dit.donnees["rapprochement"]["regle"] == regle.value
