"""Contract ⇄ domain: everything that the contract accepts is read, decided without a crash, and told back valid."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import separer
from relais_contrats.exemples import exemple_valide
from services.referents.domain import faits, messages
from services.referents.domain.dossier import Statut, Structure
from services.referents.subscriptions import DEPOTS, EVENEMENTS, lire
from services.referents.translation import traduire
from tests.referents.fabrique import (
    AUTRE,
    DEBUT,
    PARCOURS,
    Histoire,
    a,
    accepte,
    demain,
    depot,
    designe,
    designe_json,
    evenement,
    orientee,
    planifie,
    rdv_json,
    rendez_vous,
)

REFERENTS = [message for message in CATALOGUE.values() if message.brique == "referents"]
PLUS_TARD = a(date(2026, 12, 1))
UTAS = Structure("local", "UTAS-03", "Unité territoriale d'Exempleville")
ORIENTEE = orientee(structure=UTAS)
PROPOSEE = designe(structure=UTAS)
PREVU = messages.PlanifierRdv(PARCOURS, rendez_vous("rdv-2026-118"), "/partenaires/cd-59")
AVANT: dict[str, tuple[messages.Message, ...]] = {
    "referent.designe": (ORIENTEE,),
    "referent.accepte": (ORIENTEE, PROPOSEE),
    "referent.decline": (ORIENTEE, PROPOSEE),
    "referent.remplace": (ORIENTEE, PROPOSEE, accepte()),
    "referent.termine": (ORIENTEE, PROPOSEE, accepte()),
    "rdv.modifie": (PREVU,),
    "rdv.annule": (PREVU,),
    "rdv.constate": (PREVU,),
}


def lu(type_: str, donnees: dict[str, Any]) -> messages.Message:
    message = lire(depot(type_, donnees, recu_a=PLUS_TARD))
    assert message is not None
    return message


def histoire_avant(type_: str) -> Histoire:
    histoire = Histoire()
    avant = AVANT.get(type_, ())
    if type_ == "accompagnant.retire":
        avant = (lu("accompagnant.ajoute", dict(exemple_valide("accompagnant.ajoute")["data"])),)
    for message in avant:
        histoire.accepte(message)
    return histoire


def raconte(suite: list[faits.Fait]) -> list[tuple[str, Any]]:
    """Translate the published facts and check each against its contract."""
    racontes = [raconte for fait in suite if (raconte := traduire(fait))]
    for fait in racontes:
        CATALOGUE[fait.type].modele.model_validate(fait.donnees)
        assert separer(fait.type, fait.donnees) == (fait.donnees, {})
    return [(fait.type, fait.donnees) for fait in racontes]


def test_every_deposit_of_the_brique_has_its_reader() -> None:
    assert set(DEPOTS) == {message.nom for message in REFERENTS if message.se_depose}


def test_every_event_listened_to_belongs_to_usagers_or_to_orientation() -> None:
    assert {CATALOGUE[nom].brique for nom in EVENEMENTS} == {"usagers", "orientation"}


@pytest.mark.parametrize("type_", sorted(DEPOTS))
def test_the_examples_of_the_contract_are_told_as_they_were_deposited(type_: str) -> None:
    histoire, donnees = histoire_avant(type_), dict(exemple_valide(type_)["data"])

    suite = histoire.accepte(lu(type_, donnees), PLUS_TARD + timedelta(minutes=1))

    assert raconte(list(suite)) == [(type_, donnees)]


def test_the_facts_of_the_hub_are_told_too() -> None:
    histoire = Histoire()
    for message in (orientee(), designe(), accepte(), planifie(debut=PLUS_TARD)):
        histoire.accepte(message)

    suite = histoire.accepte(messages.UsagerFusionne(AUTRE, "59", (PARCOURS,)))
    suite = [*suite, *histoire.accepte(orientee(AUTRE))]

    assert [type_ for type_, _ in raconte(suite)] == [
        "referent.termine",
        "rdv.planifie",
        "referent.designe",
        "referent.accepte",
    ]


def test_an_orientation_is_read_as_orientation_tells_it() -> None:
    message = lire(evenement("orientation.decidee", dict(exemple_valide("orientation.decidee")["data"])))

    assert isinstance(message, messages.OrientationDecidee)
    assert message.orientation.rang == 1


def test_an_event_that_changes_nothing_here_is_not_read() -> None:
    assert lire(evenement("usager.oppose", {"motif": "Demande de la personne."})) is None


jours = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)
minutes = st.integers(0, 199 * 365 * 24 * 60)
instants = minutes.map(lambda ecoulees: a(date(1900, 1, 2)) + timedelta(minutes=ecoulees))


def hostile(donnees: Any, nom: str = "") -> st.SearchStrategy[Any]:
    """The same shape with any date, instant, duration or state: as far as the contract lets a partner go."""
    if isinstance(donnees, dict):
        return st.fixed_dictionaries({cle: hostile(valeur, cle) for cle, valeur in donnees.items()})
    match nom:
        case "date_debut" | "date_fin":
            return jours
        case "debut":
            return instants.map(lambda instant: instant.isoformat(timespec="seconds"))
        case "duree_min":
            return st.one_of(st.integers(5, 1440), st.just(30.0))
        case "statut":
            return st.sampled_from([statut.value for statut in Statut])
        case _:
            return st.just(donnees)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(sorted(DEPOTS)))
def test_whatever_the_contract_accepts_is_decided_or_refused(data: st.DataObject, type_: str) -> None:
    donnees = data.draw(hostile(exemple_valide(type_)["data"]))
    try:
        CATALOGUE[type_].modele.model_validate(donnees)
    except ValidationError:
        assume(False)
    histoire = histoire_avant(type_)

    histoire.recoit(lu(type_, donnees), PLUS_TARD + timedelta(minutes=1))

    raconte(list(histoire.faits))


def test_the_contact_of_the_referent_reaches_the_bus() -> None:
    histoire = Histoire()
    histoire.accepte(orientee())

    [(_, donnees)] = raconte(list(histoire.accepte(lu("referent.designe", designe_json()), PLUS_TARD + timedelta(1))))

    assert donnees["referent"]["courriel"] == "dominique.modele@exemple.fr"


def test_the_offset_of_an_appointment_is_told_as_it_was_given() -> None:
    debut = f"{demain(DEBUT).isoformat()}T14:00:00+04:00"

    [(_, donnees)] = raconte(list(Histoire().accepte(lu("rdv.planifie", rdv_json(debut=debut)))))

    assert donnees["debut"] == debut
