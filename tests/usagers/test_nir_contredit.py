"""What the NIR that is held says of the person: corrections may not contradict it, tellings that do leave a doubt."""

from dataclasses import replace
from typing import Any

import pytest

from services.usagers.domain.faits import Motif, UsagerAmbigu
from tests.usagers.conftest import Essai
from tests.usagers.monde import Monde
from tests.usagers.personnes import CD, Personne, corrige, depot, local, matricule, nir, signale

pytestmark = pytest.mark.anyio
CAMILLE = Personne(nir=nir(1))


def _corrige(**donnees: Any) -> dict[str, Any]:
    return donnees


@pytest.mark.parametrize(
    ("donnees", "pointeur"),
    [
        (_corrige(identite={"sexe": "masculin"}), "/data/identite"),
        (_corrige(identite={"date_naissance": "1986-03-14"}), "/data/identite"),
        (_corrige(identite={"date_naissance": "1985-04-00"}), "/data/identite"),
        (_corrige(identifiants=[{"type": "nir", "valeur": nir(2, naissance="8504")}]), "/data/identifiants/0"),
        (_corrige(identifiants=[{"type": "nir", "valeur": nir(2, naissance="8603")}]), "/data/identifiants/0"),
    ],
)
def test_a_correction_that_makes_nir_and_civil_status_disagree_is_refused(
    donnees: dict[str, Any], pointeur: str
) -> None:
    monde = Monde()
    parcours = monde.accepter(signale(CAMILLE))[0].parcours

    refus = monde.refuser(corrige(donnees, parcours))

    assert (refus.code, refus.pointeur) == ("identifiant-invalide", pointeur)


@pytest.mark.parametrize(
    "donnees",
    [
        _corrige(identite={"sexe": "feminin"}),
        _corrige(identite={"date_naissance": "1985-03-15"}),
        _corrige(identite={"date_naissance": "1985-00-00"}),
        _corrige(identite={"nom_usage": "Garcia"}),
        _corrige(identifiants=[{"type": "nir", "valeur": nir(2, naissance="8531")}]),
        _corrige(identifiants=[{"type": "nir", "valeur": nir(2, sexe="8", naissance="8604")}]),
        _corrige(
            identite={"date_naissance": "1986-04-14", "sexe": "masculin"},
            identifiants=[{"type": "nir", "valeur": nir(2, sexe="1", naissance="8604")}],
        ),
    ],
)
def test_a_correction_that_leaves_them_agreed_is_taken(donnees: dict[str, Any]) -> None:
    monde = Monde()
    parcours = monde.accepter(signale(CAMILLE))[0].parcours

    assert monde.accepter(corrige(donnees, parcours))


def test_what_disagreed_before_does_not_stop_another_correction() -> None:
    monde = Monde()
    ancienne = replace(CAMILLE, nir=nir(1, naissance="7901"))
    parcours = monde.accepter(signale(ancienne))[0].parcours

    assert monde.accepter(corrige({"coordonnees": {"telephone": "0320000000"}}, parcours))
    assert monde.accepter(corrige({"identite": {"prenoms": "Camille Lou"}}, parcours))


def test_another_sex_than_that_of_the_nir_leaves_a_doubt() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, matricule("1234567")))
    donnees = CAMILLE.donnees(matricule("1234567"), identite=CAMILLE.identite(sexe="masculin"))
    donnees["identifiants"] = [matricule("1234567")]

    faits = monde.accepter(depot("usager.signale", donnees, emetteur=CD))

    assert isinstance(faits[1], UsagerAmbigu)
    assert faits[1].motifs == (Motif.ETAT_CIVIL_DIFFERENT,)


async def test_a_nir_and_a_birth_date_are_a_search(essai: Essai) -> None:
    await essai.ouvrir(signale(CAMILLE, local("A")))
    numero = [{"type": "nir", "valeur": nir(1)}]

    [jour, mois, autre_jour, autre_annee, inconnu] = [
        (await essai.resoudre(identifiants=numeros, identite={"date_naissance": naissance}))["resultat"]
        for numeros, naissance in (
            (numero, "1985-03-14"),
            (numero, "1985-03-00"),
            (numero, "1985-03-15"),
            (numero, "1986-03-14"),
            ([{"type": "nir", "valeur": nir(2)}], "1985-03-14"),
        )
    ]

    assert (jour, mois, inconnu) == ("trouve", "trouve", "aucun")
    assert "trouve" not in (autre_jour, autre_annee)
