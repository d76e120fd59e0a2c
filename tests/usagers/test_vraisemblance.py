"""Dates that cannot be are refused, those of which little is known are not."""

from datetime import date
from typing import Any

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.lecture import MessageInvalide, lire_donnees
from services.usagers.domain.naissance import Naissance
from services.usagers.domain.vraisemblance import refus_de_dates
from tests.usagers.monde import Monde
from tests.usagers.personnes import MAINTENANT, Personne, depot, local, signale

LE = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("naissance", "recu_le", "pointeur"),
    [
        ("2026-03-03", None, "/data/identite/date_naissance"),
        ("2031-01-01", None, "/data/identite/date_naissance"),
        ("2027-00-00", None, "/data/identite/date_naissance"),
        ("1895-05-01", None, "/data/identite/date_naissance"),
        ("1985-04-12", date(2026, 3, 3), "/data/date_reception_droit"),
        ("1985-04-12", date(2009, 5, 31), "/data/date_reception_droit"),
        ("1985-04-12", date(1950, 1, 1), "/data/date_reception_droit"),
        ("1985-04-12", date(2009, 6, 1), None),
        ("1985-04-12", LE, None),
        ("2026-03-02", None, None),
        ("2026-03-00", None, None),
        ("1965-00-00", None, None),
        ("1900-01-01", None, None),
    ],
)
def test_a_date_that_cannot_be_is_refused(naissance: str, recu_le: date | None, pointeur: str | None) -> None:
    refus = refus_de_dates(Naissance(naissance), recu_le, LE)

    assert (refus.pointeur if refus else None) == pointeur
    assert refus is None or refus.code == "dates-incoherentes"


def ne_le(naissance: str) -> dict[str, Any]:
    return Personne().donnees(local("1")) | {"identite": Personne().identite(date_naissance=naissance)}


@pytest.mark.parametrize("naissance", ["1965-00-00", "1965-01-00", "1965-12-31"])
def test_a_date_of_birth_may_be_known_in_part(naissance: str) -> None:
    lu = lire_donnees(CATALOGUE["usager.signale"], ne_le(naissance))

    assert lu.en_json()["identite"]["date_naissance"] == naissance


@pytest.mark.parametrize("naissance", ["0000-00-00", "1965-00-12", "1965-13-00", "1965-02-30", "65-00-00", "1965"])
def test_a_date_of_birth_of_another_form_is_refused(naissance: str) -> None:
    with pytest.raises(MessageInvalide) as refuse:
        lire_donnees(CATALOGUE["usager.signale"], ne_le(naissance))

    assert {erreur.pointeur for erreur in refuse.value.erreurs} == {"/data/identite/date_naissance"}


def test_a_signalement_and_a_correction_of_somebody_to_be_born_are_refused() -> None:
    monde, a_naitre = Monde(), f"{MAINTENANT.year + 1}-01-01"
    refus = monde.refuser(depot("usager.signale", ne_le(a_naitre)))
    monde.accepter(signale(Personne(), local("1")))
    [parcours] = monde.parcours
    correction = monde.refuser(depot("usager.corrige", {"identite": {"date_naissance": a_naitre}}, parcours))

    assert (refus.code, refus.pointeur) == ("dates-incoherentes", "/data/identite/date_naissance")
    assert (correction.code, correction.pointeur) == ("dates-incoherentes", "/data/identite/date_naissance")
