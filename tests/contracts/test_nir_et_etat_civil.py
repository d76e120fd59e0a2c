"""A NIR that contradicts the sex or the birth of its person is refused, by the words of the message alone."""

from typing import Any

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.identifiants import cle_nir, nir_contredit
from relais_contrats.lecture import MessageInvalide, lire_donnees
from relais_contrats.modele import Donnees

_PAUL = {"nom_naissance": "Incoher", "prenoms": "Paul", "date_naissance": "1990-07-01", "sexe": "masculin"}


def _signale(nir13: str, type_: str = "nir", **identite: Any) -> Donnees:
    numero = {"type": type_, "valeur": nir13 + cle_nir(nir13)} | ({} if type_ == "nir" else {"role": "demandeur"})
    data = {"identite": _PAUL | identite, "identifiants": [numero], "brsa": False, "origine": "inscription-auto-caf"}
    return lire_donnees(CATALOGUE["usager.signale"], data)


@pytest.mark.parametrize(
    ("debut", "sexe", "naissance", "contredit"),
    [
        ("19007", "masculin", "1990-07-01", False),
        ("29007", "masculin", "1990-07-01", True),
        ("29007", "feminin", "1990-07-01", False),
        ("19007", "feminin", "1990-07-01", True),
        ("18504", "masculin", "1990-07-01", True),
        ("19006", "masculin", "1990-07-01", True),
        ("19107", "masculin", "1990-07-01", True),
        # the century is not in the number
        ("10407", None, "2004-07-01", False),
        ("10407", None, "1904-07-01", False),
        # what is not told contradicts nothing
        ("29007", None, "1990-07-01", False),
        ("19007", "masculin", None, False),
        ("29007", "masculin", None, True),
        ("19007", None, "1990-00-00", False),
        ("19007", None, "1990-07-00", False),
        ("19007", None, "1990-08-00", True),
        ("19007", None, "1991-00-00", True),
        # months that are not known
        ("19020", None, "1990-07-01", False),
        ("19031", None, "1990-07-01", False),
        ("19042", None, "1990-07-01", False),
        ("19050", None, "1990-07-01", False),
        ("19099", None, "1990-07-01", False),
        ("18599", None, "1990-07-01", True),
        ("29042", "masculin", "1990-07-01", True),
        # numbers of waiting
        ("38504", "feminin", "1990-07-01", False),
        ("48504", "masculin", "1990-07-01", False),
        ("78504", "feminin", "1990-07-01", False),
        ("88504", "masculin", "1990-07-01", False),
    ],
)
def test_what_a_nir_says_of_a_birth(debut: str, sexe: str | None, naissance: str | None, contredit: bool) -> None:
    assert nir_contredit(f"{debut}59350123", sexe, naissance) is contredit


@pytest.mark.parametrize("nir13", ["2850459350123", "1850459350123", "2900759350123", "1900859350123"])
def test_a_signalement_that_contradicts_its_own_nir_is_refused(nir13: str) -> None:
    with pytest.raises(MessageInvalide) as refus:
        _signale(nir13)

    [erreur] = refus.value.erreurs
    assert (erreur.pointeur, erreur.code) == ("/data/identifiants", "identifiant-invalide")
    assert "sans ce NIR" in erreur.message


@pytest.mark.parametrize(
    ("nir13", "identite"),
    [
        ("1900759350123", {}),
        ("1903159350123", {"date_naissance": "1990-02-01"}),
        ("7850499350123", {}),
        ("1900799350123", {"commune_naissance": "59350"}),
        ("190072A350123", {"commune_naissance": "20004"}),
        ("2900759350123", {"sexe": None}),
        ("1900759350123", {"date_naissance": "1990-00-00"}),
    ],
)
def test_a_nir_that_may_be_the_person_s_is_taken(nir13: str, identite: dict[str, Any]) -> None:
    _signale(nir13, **identite)


def test_the_number_of_a_household_may_be_the_nir_of_somebody_else() -> None:
    _signale("2850459350123", "matricule-msa")


def test_a_correction_is_judged_by_the_fields_that_it_tells() -> None:
    nir = {"type": "nir", "valeur": "2850459350123"}
    corrige = CATALOGUE["usager.corrige"]

    lire_donnees(corrige, {"identite": {"prenoms": "Paul"}, "identifiants": [nir]})
    lire_donnees(corrige, {"identite": {"date_naissance": "1985-04-30"}, "identifiants": [nir]})
    for champ in ({"sexe": "masculin"}, {"date_naissance": "1985-05-01"}):
        with pytest.raises(MessageInvalide):
            lire_donnees(corrige, {"identite": champ, "identifiants": [nir]})
