"""Who may publish under which source, and replace or withdraw what."""

import pytest

from chassis.decision import Attente, Refus
from services.offres.domain import decider
from services.offres.domain.faits import OffrePubliee, OffreRetiree, SourceLiee
from services.offres.domain.messages import Genre, Publier, Retirer
from services.offres.domain.situation import Offre
from tests.offres.prescripteurs import ASSO, JOUR, PLATEFORME, a, service_json

_NEW = Offre(editeur=None, est_vivante=False, est_retiree=False, structure_est_connue=True)
_ITS_OWN = Offre(editeur=ASSO, est_vivante=True, est_retiree=False, structure_est_connue=True)


def publish(par: str, role: str, source: str = "asso-mobilite", place: str | None = "59") -> Publier:
    cle = f"{source}--scooter"
    return Publier(
        Genre.SERVICE, cle, source, "59", place, "asso-mobilite--lille", par, role, service_json(cle, source)
    )


def withdraw(par: str) -> Retirer:
    return Retirer(Genre.SERVICE, "asso-mobilite--scooter", "asso-mobilite", "59", par, "association", JOUR, "Fin.")


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


def test_a_withdrawal_is_told_once() -> None:
    gone = Offre(editeur=ASSO, est_vivante=False, est_retiree=True, structure_est_connue=True)
    decision = decider(_ITS_OWN, withdraw(ASSO), a(JOUR))

    assert not isinstance(decision, Refus | Attente)
    assert [type(fait) for fait in decision] == [OffreRetiree]
    assert code(gone, withdraw(ASSO)) == "deja-traite"
    assert code(_NEW, withdraw(ASSO)) == "service-inconnu"
