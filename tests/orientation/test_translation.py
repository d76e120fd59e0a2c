"""Contract ⇄ domain: everything that the contract accepts is read, decided without a crash, and told back valid."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import separer
from relais_contrats.exemples import exemple_valide
from services.dossiers.brique import brique
from services.dossiers.modele import NOMS
from services.dossiers.regles import Recu
from services.orientation.app import SERVICE
from services.orientation.domain import REGLES
from services.orientation.domain.reglage import Reglage
from services.orientation.domain.regles_par_defaut import PAR_DEFAUT
from services.orientation.store.dossiers import REGISTRE
from tests.orientation import dits as messages
from tests.orientation.fabrique import (
    PARCOURS,
    RECEPTION,
    Histoire,
    a,
    decide,
    decidee_json,
    demande,
    depot,
    reorientation,
)

ORIENTATION = [message for message in CATALOGUE.values() if message.brique == "orientation"]
PLUS_TARD = a(date(2026, 12, 1))
DEPOT = UUID(int=1)
ORIENTEE = decide(1, debut=date(2026, 3, 16))
AVANT: dict[str, tuple[messages.Message, ...]] = {
    "orientation.notifiee": (ORIENTEE,),
    "orientation.close": (ORIENTEE,),
    "reorientation.demandee": (ORIENTEE,),
    "reorientation.decidee": (ORIENTEE, reorientation()),
    "orientation.annulee": (replace(ORIENTEE, id=DEPOT),),
}


DEPOTS = sorted(message.nom for message in ORIENTATION if message.se_depose)
DU_HUB = ["orientation.dessaisie"]
ENTENDUS = {
    *("parcours.transfere", "parcours.clos", "droits.modifies"),
    *("usager.signale", "usager.fusionne", "usager.oppose", "usager.efface"),
    *("referent.designe", "referent.remplace", "referent.annule", "rdv.planifie"),
    *("contrat.propose", "contrat.signe", "contrat.refuse", "contrat.annule"),
}
ENTRE_NOUS = {
    "orientation.annulee": {"rang", "etait_effective", "retablie"},
    "reprise.declaree": {"recue_a", "role"},
}
"""What the siblings and the gateway are told besides: it is projected away."""


def lu(type_: str, donnees: dict[str, Any]) -> messages.Message:
    annule = {"annule": str(DEPOT)} if "annule" in donnees else {}  # the door knows which deposit is named
    recu = brique("orientation", REGISTRE).lire(depot(type_, donnees | annule, recu_a=PLUS_TARD))
    assert isinstance(recu, Recu)
    return recu


def raconte(suite: list[Any]) -> list[str]:
    """Translate the published facts, check each against its contract, and name them."""
    racontes = [raconte for fait in suite if (raconte := SERVICE.brique.traduire(fait))]
    for fait in racontes:
        modele = CATALOGUE[fait.type].modele
        entre_nous = ENTRE_NOUS.get(fait.type, set())
        assert entre_nous <= fait.donnees.keys()
        donnees = {nom: valeur for nom, valeur in fait.donnees.items() if nom not in entre_nous}
        modele.model_validate(donnees)
        assert separer(fait.type, donnees) == (donnees, {})
    return [fait.type for fait in racontes]


def test_every_message_of_the_brique_has_one_rule_and_one_fold() -> None:
    """The table of the brique, as `pytest -s` prints it."""
    table = REGLES.table(NOMS)
    print(*(f"{nom:22} {regle:26} {repli}" for nom, regle, repli in table), sep="\n")  # noqa: T201

    assert [nom for nom, regle, repli in table if regle and repli] == DEPOTS
    assert {nom for nom, regle, _ in table if regle} & CATALOGUE.keys() - set(DEPOTS) == ENTENDUS
    assert [nom for nom, _, repli in table if repli and nom in CATALOGUE] == sorted([*DEPOTS, *DU_HUB])


@pytest.mark.parametrize("type_", sorted(DEPOTS))
def test_the_examples_of_the_contract_are_decided(type_: str) -> None:
    histoire = Histoire(Reglage(regles=PAR_DEFAUT))
    for avant in AVANT.get(type_, ()):
        histoire.accepte(avant)

    histoire.accepte(lu(type_, dict(exemple_valide(type_)["data"])), PLUS_TARD)

    assert type_ in raconte(list(histoire.faits))


def test_the_facts_of_the_hub_are_told_too() -> None:
    histoire = Histoire(Reglage(regles=PAR_DEFAUT))
    histoire.accepte(demande())
    histoire.accepte(messages.DelaiEcoule(PARCOURS, 1), PLUS_TARD)
    histoire.accepte(messages.ParcoursTransfere(PARCOURS, "62", date(2026, 11, 20)))
    histoire.accepte(lu("orientation.decidee", decidee_json(1, date(2026, 12, 1), date_decision="2026-12-01")))
    histoire.accepte(messages.ParcoursClos(PARCOURS, date(2026, 12, 24), "Déménagement."))

    racontes = raconte(list(histoire.faits))

    assert racontes == [
        "orientation.demandee",
        "orientation.dessaisie",
        "orientation.demandee",
        "orientation.decidee",
        "orientation.close",
    ]


jours = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)


def hostile(donnees: Any, nom: str = "") -> st.SearchStrategy[Any]:
    """The same shape with any date, rank, level or flag: as far as the contract lets a partner go."""
    if isinstance(donnees, dict):
        return st.fixed_dictionaries({cle: hostile(valeur, cle) for cle, valeur in donnees.items()})
    if nom.startswith("date_"):
        return jours
    if nom == "rang":
        return st.integers(1, 999)
    return st.booleans() if isinstance(donnees, bool) else st.just(donnees)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(sorted(DEPOTS)))
def test_whatever_the_contract_accepts_is_decided_or_refused(data: st.DataObject, type_: str) -> None:
    donnees = data.draw(hostile(exemple_valide(type_)["data"]))
    try:
        CATALOGUE[type_].modele.model_validate(donnees)
    except ValidationError:
        assume(False)
    histoire = Histoire(Reglage(regles=PAR_DEFAUT))
    histoire.accepte(decide(1, debut=RECEPTION))
    histoire.accepte(reorientation())

    histoire.recoit(lu(type_, donnees), PLUS_TARD)

    raconte(list(histoire.faits))
