"""Who may publish under which source, and replace or withdraw what."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.decision import Attente, Refus
from relais_contrats.v1 import offres as contrat
from services.dossiers.regles import Dit, Recu
from services.dossiers.vie import Situation
from services.offres.domain import OFFRE
from services.offres.domain.offre import Cle, Depose, SourceLiee, Vitrine
from tests.offres.prescripteurs import ASSO, JOUR, PLATEFORME, a, service_json, structure_json

SCOOTER: Cle = ("service", "asso-mobilite--scooter")
LILLE: Cle = ("structure", "asso-mobilite--lille")
DORA: Cle = ("structure", "dora--lille")
A_MIDI = a(JOUR)
_NEW = Vitrine({}, frozenset({LILLE, DORA}), frozenset(), {})
_ITS_OWN = Vitrine({"asso-mobilite": ASSO}, frozenset({LILLE, SCOOTER}), frozenset(), {})


@dataclass(frozen=True)
class Deposited:
    """A deposit about the offer; `place` points at a place of it that is none of today's."""

    recu: Recu[Any]
    place: str | None = None


def deposit(data: Any, par: str, role: str, departement: str = "59", recu_a: datetime = A_MIDI) -> Deposited:
    return Deposited(Recu("", UUID(int=1), departement, data, UUID(int=2), par, role, recu_a))


def publish(par: str, role: str, source: str = "asso-mobilite", commune: str | None = "59350", **autres: Any) -> Any:
    fiche = service_json(f"{source}--scooter", source, structure_id=f"{source}--lille", code_insee=commune)
    date_maj = autres.pop("date_maj", JOUR)
    return deposit(contrat.ServicePublie.model_validate(fiche | {"date_maj": date_maj}), par, role, **autres)


def withdraw(par: str, jour: date = JOUR, cle: str = SCOOTER[1]) -> Deposited:
    return deposit(contrat.ServiceRetire(id=cle, date=jour, raison="Fin."), par, "association")


def decide(vitrine: Vitrine, deposited: Deposited) -> Any:
    recu = deposited.recu
    situation = Situation(vitrine, contexte=Depose(recu, recu.data.en_json(), deposited.place))
    return OFFRE.regles[recu.cle](situation, recu, A_MIDI)


def after(vitrine: Vitrine, *deposits: Deposited) -> Vitrine:
    for deposited in deposits:
        faits = decide(vitrine, deposited)
        assert not isinstance(faits, Refus | Attente), faits
        for fait in faits:
            vitrine = OFFRE.replier(vitrine, fait)
    return vitrine


def code(vitrine: Vitrine, deposited: Deposited) -> str:
    decision = decide(vitrine, deposited)
    assert isinstance(decision, Refus)
    return decision.code


def test_a_first_publication_binds_the_source() -> None:
    liee, publiee = decide(_NEW, publish(ASSO, "association"))

    assert liee == SourceLiee("asso-mobilite", ASSO)
    assert (type(publiee.data), publiee.garde["nom"]) == (contrat.ServicePublie, "Louer un scooter")


def test_nobody_else_publishes_or_withdraws_under_a_bound_source() -> None:
    assert code(_ITS_OWN, publish(PLATEFORME, "plateforme-offre")) == "non-autorise"
    assert code(_ITS_OWN, withdraw(PLATEFORME)) == "non-autorise"


@pytest.mark.parametrize("role", ["association", "siae", "departement", "delegataire"])
def test_only_an_aggregator_takes_a_source_that_does_not_bear_its_name(role: str) -> None:
    assert code(_NEW, publish(ASSO, role, "dora")) == "non-autorise"
    assert not isinstance(decide(_NEW, publish(PLATEFORME, "plateforme-offre", "dora")), Refus)


def test_a_service_belongs_to_a_known_structure() -> None:
    assert code(replace(_ITS_OWN, vivantes=frozenset()), publish(ASSO, "association")) == "structure-inconnue"


def test_its_place_is_in_the_departement_of_the_deposit() -> None:
    assert code(_ITS_OWN, publish(ASSO, "association", commune="62041")) == "hors-territoire"
    assert code(_ITS_OWN, publish(ASSO, "association", commune="00000")) == "hors-territoire"
    assert not isinstance(decide(_ITS_OWN, publish(ASSO, "association", commune=None)), Refus)


def test_a_place_that_nobody_can_find_is_not_published() -> None:
    decision = decide(_ITS_OWN, replace(publish(ASSO, "association"), place="/zone_eligibilite/1"))

    assert isinstance(decision, Refus)
    assert (decision.code, decision.pointeur) == ("code-inconnu", "/data/zone_eligibilite/1")


@pytest.mark.parametrize(("jours", "est_admise"), [(0, True), (1, False), (400, False)])
def test_a_record_is_not_dated_after_the_day_on_which_it_comes(jours: int, est_admise: bool) -> None:
    decision = decide(_ITS_OWN, publish(ASSO, "association", date_maj=JOUR + timedelta(days=jours)))

    assert isinstance(decision, Refus) is not est_admise


def test_the_day_on_which_a_record_comes_is_that_of_its_territory() -> None:
    soir = datetime.combine(JOUR, time(21), UTC)  # already the next day on La Réunion
    demain: dict[str, Any] = {"date_maj": JOUR + timedelta(days=1), "recu_a": soir}

    reunion = publish(ASSO, "association", commune="97411", departement="974", **demain)

    assert not isinstance(decide(_ITS_OWN, reunion), Refus)
    assert code(_ITS_OWN, publish(ASSO, "association", **demain)) == "dates-incoherentes"


def test_a_withdrawal_is_told_once() -> None:
    [fait] = decide(_ITS_OWN, withdraw(ASSO))

    assert (type(fait.data), fait.garde) == (contrat.ServiceRetire, False)
    assert code(OFFRE.replier(_ITS_OWN, fait), withdraw(ASSO)) == "deja-traite"
    assert code(_NEW, withdraw(ASSO)) == "service-inconnu"


def test_what_was_withdrawn_is_offered_once_it_is_published_again() -> None:
    gone = after(_ITS_OWN, withdraw(ASSO))

    back = after(gone, publish(ASSO, "association"))

    assert (SCOOTER in gone.vivantes, SCOOTER in back.vivantes, SCOOTER in back.retirees) == (False, True, False)


def test_a_withdrawal_told_before_its_day_takes_nothing_away() -> None:
    demain = JOUR + timedelta(days=1)

    planned = after(_ITS_OWN, withdraw(ASSO, demain))

    assert (SCOOTER in planned.vivantes, planned.prevus) == (True, {SCOOTER: demain})
    assert code(planned, withdraw(ASSO, demain)) == "deja-traite"
    assert after(planned, withdraw(ASSO)).prevus == after(planned, publish(ASSO, "association")).prevus == {}


def test_a_batch_sees_what_it_has_published_before() -> None:
    structure = deposit(contrat.StructurePubliee.model_validate(structure_json()), ASSO, "association")
    empty = Vitrine({}, frozenset(), frozenset(), {})

    assert code(empty, publish(ASSO, "association")) == "structure-inconnue"
    assert after(empty, structure, publish(ASSO, "association")).vivantes == {LILLE, SCOOTER}
    assert code(after(empty, structure), publish(PLATEFORME, "plateforme-offre")) == "non-autorise"


def test_a_fact_of_the_offer_is_a_message_or_stays_at_home() -> None:
    told = [fait for fait in decide(_NEW, publish(ASSO, "association")) if isinstance(fait, Dit)]

    assert [type(fait.data) for fait in told] == [contrat.ServicePublie]
