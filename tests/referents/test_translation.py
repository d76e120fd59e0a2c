"""Contract ⇄ domain: everything that the contract accepts is read, decided without a crash, and told back valid."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.facts import Entree
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import separer
from relais_contrats.exemples import exemple_valide
from services.dossiers.brique import brique
from services.dossiers.modele import NOMS
from services.dossiers.regles import Recu, Regles
from services.referents.app import SERVICE
from services.referents.domain import REGLES
from services.referents.domain.dossier import Orientation, Statut, Structure
from services.referents.domain.suivi import SuiviEffectif
from services.referents.store.dossiers import REGISTRE
from tests.referents import dits as messages
from tests.referents.fabrique import (
    AUTRE,
    CD,
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
DEPOT = UUID(int=42)
PREVU = messages.PlanifierRdv(PARCOURS, rendez_vous("rdv-2026-118"), "/partenaires/cd-59")
AVANT: dict[str, tuple[messages.Message, ...]] = {
    "referent.designe": (ORIENTEE,),
    "referent.accepte": (ORIENTEE, PROPOSEE),
    "referent.decline": (ORIENTEE, PROPOSEE),
    "referent.remplace": (ORIENTEE, PROPOSEE, accepte()),
    "referent.termine": (ORIENTEE, PROPOSEE, accepte()),
    "referent.annule": (ORIENTEE, replace(PROPOSEE, id=DEPOT, auteur=CD)),
    "rdv.modifie": (PREVU,),
    "rdv.annule": (PREVU,),
    "rdv.constate": (PREVU,),
}


DEPOTS = sorted(message.nom for message in REFERENTS if message.se_depose)
ENTENDUS = {
    *("parcours.transfere", "parcours.clos"),
    *("usager.fusionne", "usager.efface"),
    *("orientation.decidee", "orientation.close", "orientation.annulee"),
    *("contrat.signe", "contrat.annule", "reprise.declaree"),
}


def lire(entree: Entree) -> messages.Message:
    recu = brique("referents", REGISTRE).lire(entree)
    assert isinstance(recu, Recu)
    return recu


def lu(type_: str, donnees: dict[str, Any]) -> messages.Message:
    annule = {"annule": str(DEPOT)} if "annule" in donnees else {}  # the door knows which deposit is named
    return lire(depot(type_, donnees | annule, recu_a=PLUS_TARD))


def histoire_avant(type_: str) -> Histoire:
    histoire = Histoire()
    avant = AVANT.get(type_, ())
    if type_.startswith("accompagnant.") and type_ != "accompagnant.ajoute":
        avant = (lu("accompagnant.ajoute", dict(exemple_valide("accompagnant.ajoute")["data"])),)
    for message in avant:
        histoire.accepte(message)
    return histoire


def raconte(suite: list[Any]) -> list[tuple[str, Any]]:
    """Translate the published facts and check each against its contract."""
    publies = [fait for fait in suite if not messages.est(fait, SuiviEffectif)]
    racontes = [raconte for fait in publies if (raconte := SERVICE.brique.traduire(fait))]
    for fait in racontes:
        CATALOGUE[fait.type].modele.model_validate(fait.donnees)
        assert separer(fait.type, fait.donnees) == (fait.donnees, {})
    return [(fait.type, fait.donnees) for fait in racontes]


def test_every_message_of_the_brique_has_one_rule_and_one_fold() -> None:
    """The table of the brique, as `pytest -s` prints it."""
    table = REGLES.table(NOMS)
    print(*(f"{nom:22} {regle:26} {repli}" for nom, regle, repli in table), sep="\n")  # noqa: T201

    assert [nom for nom, regle, repli in table if regle and repli] == DEPOTS
    assert {nom for nom, regle, _ in table if regle} & CATALOGUE.keys() - set(DEPOTS) == ENTENDUS & CATALOGUE.keys()
    assert [nom for nom, _, repli in table if repli and nom in CATALOGUE] == DEPOTS


def test_two_rules_or_two_folds_of_one_message_are_refused() -> None:
    regles = Regles()
    regles.regle("parcours.clos")(len)
    regles.repli(SuiviEffectif)(len)

    with pytest.raises(ValueError, match="two rules"):
        regles.regle("parcours.clos")(len)
    with pytest.raises(ValueError, match="two folds"):
        regles.repli(SuiviEffectif)(len)


@pytest.mark.parametrize("type_", sorted(DEPOTS))
def test_the_examples_of_the_contract_are_told_as_they_were_deposited(type_: str) -> None:
    histoire, donnees = histoire_avant(type_), dict(exemple_valide(type_)["data"])

    suite = histoire.accepte(lu(type_, donnees), PLUS_TARD + timedelta(minutes=1))

    annule = {"annule": str(DEPOT)} if "annule" in donnees else {}
    assert raconte(list(suite)) == [(type_, donnees | annule)]


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

    assert Orientation.lue(message.data, "59").rang == 1


def test_an_event_that_changes_nothing_here_is_not_read() -> None:
    assert brique("referents", REGISTRE).lire(evenement("usager.oppose", {"motif": "Demande de la personne."})) is None


def test_a_rule_knows_who_acted() -> None:
    agent = "MODELE Dominique AG-1042"

    assert lire(replace(depot("referent.accepte", {}), agent=agent)).agent == agent


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
