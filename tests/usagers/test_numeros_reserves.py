"""A correction is not a search, and a doubt names nobody of another territory."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.usagers.domain.faits import UsagerAmbigu
from services.usagers.translation import faits
from tests.usagers.conftest import Essai
from tests.usagers.monde import Monde
from tests.usagers.personnes import (
    CAF,
    CD,
    Personne,
    corrige,
    depot,
    local,
    matricule,
    nir,
    numero_ft,
    signale,
)

pytestmark = pytest.mark.anyio
CAMILLE = Personne(nir=nir(1))
VOISINE = Personne("Petit", "Lou", date(1985, 3, 20))
_NIR = {"type": "nir", "valeur": nir(1)}


@pytest.mark.parametrize(
    "numeros",
    [
        [_NIR],
        [{"type": "nir", "valeur": nir(2)}],
        [{"type": "nir", "valeur": nir(2, naissance="7901")}],
        [numero_ft("12345678901")],
        [{"type": "imilo", "valeur": "77"}],
        [{"type": "matricule-msa", "valeur": nir(1), "role": "demandeur"}],
    ],
    ids=["held", "free", "not hers", "ft", "imilo", "msa"],
)
@pytest.mark.parametrize("reconnait_dans", [(), ("62",)])
def test_who_may_not_search_corrects_no_number_of_a_person_whoever_holds_it(
    numeros: list[Mapping[str, str]], reconnait_dans: tuple[str, ...]
) -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, numero_ft("12345678901"), {"type": "imilo", "valeur": "77"}))
    autre = monde.accepter(signale(VOISINE, local("V")))[0].parcours

    refus = monde.refuser(corrige({"identifiants": numeros}, autre, reconnait_dans=reconnait_dans))

    assert refus.code == "non-autorise"
    assert refus.pointeur.startswith("/data/identifiants/")


def test_it_corrects_what_names_a_household_its_own_number_and_the_rest() -> None:
    monde = Monde()
    parcours = monde.accepter(signale(VOISINE, local("V")))[0].parcours

    assert monde.accepter(
        corrige(
            {"identifiants": [matricule("7654321"), local("W")], "identite": {"prenoms": "Louise"}},
            parcours,
            reconnait_dans=(),
        )
    )


def _dits(fait: UsagerAmbigu) -> Any:
    dit = faits.traduire(fait)
    assert dit is not None
    return dit.donnees["candidats"]


def test_a_doubt_names_the_candidates_of_its_territory_only() -> None:
    monde = Monde()
    ici = monde.accepter(signale(CAMILLE))[0].parcours
    la_bas = monde.accepter(signale(replace(CAMILLE, nir=nir(2)), departement="62"))[0].parcours

    ambigu = monde.accepter(depot("usager.signale", replace(CAMILLE, nir=None).donnees(local("x1")), emetteur=CD))[1]

    assert isinstance(ambigu, UsagerAmbigu)
    assert set(ambigu.candidats) == {ici, la_bas}
    assert _dits(ambigu) == [str(ici)]


def test_a_doubt_that_comes_from_elsewhere_names_nobody_then_and_later() -> None:
    monde = Monde()
    monde.accepter(signale(CAMILLE, departement="62"))
    sans_nir = replace(CAMILLE, nir=None)
    en_attente, ambigu, *_ = monde.accepter(signale(sans_nir, numero_ft("99999999991"), emetteur=CD))

    suite = monde.accepter(signale(Personne("Petit", "Lou"), numero_ft("99999999991"), departement="62", emetteur=CAF))

    [dit] = [f for f in suite if isinstance(f, UsagerAmbigu) and f.parcours == en_attente.parcours]
    assert isinstance(ambigu, UsagerAmbigu)
    assert _dits(ambigu) == []
    assert len(dit.candidats) == 2
    assert _dits(dit) == []


async def test_what_is_read_of_a_doubt_names_nobody_elsewhere(essai: Essai) -> None:
    ici = await essai.ouvrir(signale(CAMILLE))
    await essai.ouvrir(signale(replace(CAMILLE, nir=nir(2)), departement="62"))

    faits = await essai.accepte(signale(replace(CAMILLE, nir=None), local("x1"), emetteur=CD))
    lu = await essai.lire("parcours", parcours=str(faits[0].agregat))

    [ambigu] = [f for f in faits if f.type == "usager.ambigu"]
    assert ambigu.donnees["candidats"] == [str(ici)]
    assert lu["candidats"] == [str(ici)]
