"""Who may publish under which source, and replace or withdraw what."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from chassis.decision import Attente, Refus
from services.offres.domain import decider
from services.offres.domain.faits import OffrePubliee, OffreRetiree, SourceLiee
from services.offres.domain.messages import Genre, Publier, Retirer
from services.offres.domain.situation import Offre
from tests.offres.prescripteurs import ASSO, JOUR, PLATEFORME, a, service_json

_NEW = Offre(editeur=None, est_vivante=False, est_retiree=False, structure_est_connue=True)
_ITS_OWN = Offre(editeur=ASSO, est_vivante=True, est_retiree=False, structure_est_connue=True)


def publish(par: str, role: str, source: str = "asso-mobilite", place: str | None = "59", **autres: Any) -> Publier:
    cle = f"{source}--scooter"
    publiee = Publier(
        genre=Genre.SERVICE,
        cle=cle,
        source=source,
        departement="59",
        departement_du_lieu=place,
        lieu_inconnu=None,
        date_maj=JOUR,
        recu_a=a(JOUR),
        structure_id="asso-mobilite--lille",
        emetteur=par,
        role=role,
        donnees=service_json(cle, source, code_insee="59350"),
    )
    return replace(publiee, **autres)


def withdraw(par: str) -> Retirer:
    quoi = (Genre.SERVICE, "asso-mobilite--scooter", "asso-mobilite", "59", par, "association")
    return Retirer(*quoi, JOUR, "Fin.", a(JOUR))


def code(offre: Offre, message: Publier | Retirer) -> str:
    decision = decider(offre, message, a(JOUR))
    assert isinstance(decision, Refus)
    return decision.code


def test_a_first_publication_binds_the_source() -> None:
    decision = decider(_NEW, publish(ASSO, "association"), a(JOUR))

    assert not isinstance(decision, Refus | Attente)
    assert [type(fait) for fait in decision] == [SourceLiee, OffrePubliee]


def test_nobody_else_publishes_or_withdraws_under_a_bound_source() -> None:
    assert code(_ITS_OWN, publish(PLATEFORME, "plateforme-offre")) == "non-autorise"
    assert code(_ITS_OWN, withdraw(PLATEFORME)) == "non-autorise"


@pytest.mark.parametrize("role", ["association", "siae", "departement", "delegataire"])
def test_only_an_aggregator_takes_a_source_that_does_not_bear_its_name(role: str) -> None:
    assert code(_NEW, publish(ASSO, role, "dora")) == "non-autorise"
    assert not isinstance(decider(_NEW, publish(PLATEFORME, "plateforme-offre", "dora"), a(JOUR)), Refus)


def test_a_service_belongs_to_a_known_structure() -> None:
    orphan = Offre(editeur=ASSO, est_vivante=False, est_retiree=False, structure_est_connue=False)

    assert code(orphan, publish(ASSO, "association")) == "structure-inconnue"


def test_its_place_is_in_the_departement_of_the_deposit() -> None:
    assert code(_ITS_OWN, publish(ASSO, "association", place="62")) == "hors-territoire"
    assert code(_ITS_OWN, publish(ASSO, "association", place=None)) == "hors-territoire"


def test_a_place_that_nobody_can_find_is_not_published() -> None:
    decision = decider(_ITS_OWN, publish(ASSO, "association", lieu_inconnu="/zone_eligibilite/1"), a(JOUR))

    assert isinstance(decision, Refus)
    assert (decision.code, decision.pointeur) == ("code-inconnu", "/data/zone_eligibilite/1")


@pytest.mark.parametrize(("jours", "est_admise"), [(0, True), (1, False), (400, False)])
def test_a_record_is_not_dated_after_the_day_on_which_it_comes(jours: int, est_admise: bool) -> None:
    decision = decider(_ITS_OWN, publish(ASSO, "association", date_maj=JOUR + timedelta(days=jours)), a(JOUR))

    assert isinstance(decision, Refus) is not est_admise


def test_the_day_on_which_a_record_comes_is_that_of_its_territory() -> None:
    soir = datetime.combine(JOUR, time(21), UTC)  # already the next day on La Réunion
    demain: dict[str, Any] = {"date_maj": JOUR + timedelta(days=1), "recu_a": soir}

    reunion = publish(ASSO, "association", departement="974", departement_du_lieu="974", **demain)

    assert not isinstance(decider(_ITS_OWN, reunion, a(JOUR)), Refus)
    assert code(_ITS_OWN, publish(ASSO, "association", **demain)) == "dates-incoherentes"


def test_a_withdrawal_is_told_once() -> None:
    gone = Offre(editeur=ASSO, est_vivante=False, est_retiree=True, structure_est_connue=True)
    decision = decider(_ITS_OWN, withdraw(ASSO), a(JOUR))

    assert not isinstance(decision, Refus | Attente)
    assert [type(fait) for fait in decision] == [OffreRetiree]
    assert code(gone, withdraw(ASSO)) == "deja-traite"
    assert code(_NEW, withdraw(ASSO)) == "service-inconnu"
