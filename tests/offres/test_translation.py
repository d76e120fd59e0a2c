"""Contract ⇄ domain: everything that the contract accepts is read, decided without a crash, and told back valid."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.facts import Fait
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import separer
from relais_contrats.exemples import exemple_valide
from relais_contrats.territoires import territoire_de
from services.dossiers.modele import NOMS
from services.dossiers.vie import Situation
from services.offres.app import SERVICE
from services.offres.domain import OFFRE, REGLES
from services.offres.domain.dossier import Etat, Service
from services.offres.domain.offre import Vitrine, cle
from tests.offres.prescripteurs import ASSO, Histoire, a, clos, emettre, entree, suite

OFFRES = [message for message in CATALOGUE.values() if message.brique == "offres"]
DE_L_OFFRE = sorted(NOMS[cle] for cle in OFFRE.regles if isinstance(cle, type))
DEPOTS = sorted({message.nom for message in OFFRES if message.se_depose} - {*DE_L_OFFRE})
ENTENDUS = {
    *("parcours.transfere", "parcours.clos"),
    *("usager.fusionne", "usager.efface"),
}
EXEMPLE = exemple_valide("prescription.emise")["data"]
JOUR = date(2026, 7, 1)
PLUS_TARD = a(JOUR)
AVANT: dict[str, tuple[Etat, ...]] = {
    "participation.commencee": (Etat.ACCEPTEE,),
    "participation.terminee": (Etat.ACCEPTEE, Etat.COMMENCEE),
}


def histoire_avant(type_: str, cle: str) -> Histoire:
    """A prescription of the same key, emitted long enough before to be dated as the example says."""
    histoire = Histoire()
    histoire.services = {EXEMPLE["service_id"]: Service(EXEMPLE["service_id"], "dora--s", "Structure", None)}
    if type_ == "prescription.emise":
        return histoire
    emise = emettre(cle, EXEMPLE["service_id"])
    histoire.accepte(replace(emise, recu_a=a(JOUR), auteur=ASSO))
    for etat in AVANT.get(type_, ()):
        histoire.accepte(replace(suite(etat, 0, cle, date=JOUR), recu_a=PLUS_TARD))
    return histoire


def lu(*arguments: Any, **autres: Any) -> Any:
    """A deposit as the brique reads it."""
    return SERVICE.brique.lire(entree(*arguments, **autres))


def raconte(faits: Any) -> list[tuple[str, Any]]:
    """Translate the published facts and check each against its contract."""
    racontes: list[Fait] = [fait for un in faits if (fait := SERVICE.brique.traduire(un))]
    for fait in racontes:
        CATALOGUE[fait.type].modele.model_validate(fait.donnees)
        assert separer(fait.type, fait.donnees) == (fait.donnees, {})
    return [(fait.type, fait.donnees) for fait in racontes]


def test_every_message_of_the_brique_has_one_rule_and_one_fold() -> None:
    """The tables of the brique, as `pytest -s` prints them."""
    parcours, offre = REGLES.table(NOMS), OFFRE.table(NOMS)
    print(*(f"{nom:28} {regle:34} {repli}" for nom, regle, repli in (*parcours, *offre)), sep="\n")  # noqa: T201

    assert [nom for nom, regle, repli in parcours if regle and repli] == DEPOTS
    assert [nom for nom, regle, repli in offre if regle and repli] == DE_L_OFFRE
    assert {nom for nom, regle, _ in parcours if regle} & CATALOGUE.keys() - {*DEPOTS} == ENTENDUS
    assert [nom for nom, regle, repli in parcours if repli and not regle and nom in CATALOGUE] == [
        message.nom for message in sorted(OFFRES, key=lambda message: message.nom) if not message.se_depose
    ]


def test_each_message_of_the_brique_is_about_a_parcours_or_about_the_offer() -> None:
    assert sorted(message.nom for message in OFFRES if not message.porte_sur_parcours) == DE_L_OFFRE


@pytest.mark.parametrize("type_", DEPOTS)
def test_the_examples_of_the_contract_are_told_as_they_were_deposited(type_: str) -> None:
    donnees = dict(exemple_valide(type_)["data"])
    dates = {"date": JOUR.isoformat()} if "date" in donnees else {}
    histoire = histoire_avant(type_, donnees["prescription_id"])

    faits = histoire.accepte(lu(type_, donnees | dates, par=ASSO, recu_a=PLUS_TARD))

    structure = {"structure": {"systeme": "local", "valeur": "dora--s", "nom": "Structure"}}
    ecrite = structure if type_ == "prescription.emise" else {}
    assert raconte(faits) == [(type_, donnees | dates | ecrite)]


@pytest.mark.parametrize("type_", DE_L_OFFRE)
def test_the_examples_of_the_offer_are_told_on_its_stream(type_: str) -> None:
    donnees = exemple_valide(type_)["data"]
    depose = lu(type_, donnees, None, role="plateforme-offre", recu_a=a(date(2027, 1, 1)))
    ici = territoire_de(donnees.get("code_insee", "59350")) or ""
    depose = replace(depose, recu=replace(depose.recu, departement=ici))
    connues = {cle(depose.recu.data)} if "raison" in donnees else {("structure", donnees.get("structure_id"))}
    vitrine = Vitrine({}, frozenset(connues), frozenset(), {})  # type: ignore[arg-type]

    decision: Any = SERVICE.brique.decider(Situation(vitrine, contexte=depose), depose, PLUS_TARD)

    assert raconte(decision) == [(type_, donnees)]
    [fait] = [fait for un in decision if (fait := SERVICE.brique.traduire(un))]
    assert (fait.flux, fait.agregat) == ("OFFRES", depose.recu.parcours)


def test_the_facts_of_the_hub_are_told_too() -> None:
    histoire = Histoire()
    histoire.accepte(emettre())
    histoire.attend(a(JOUR).date())
    histoire.accepte(emettre("p-2"))
    histoire.recoit(clos(JOUR), PLUS_TARD)

    types = [type_ for type_, _ in raconte(histoire.faits)]
    assert types == [
        "prescription.emise",
        "prescription.relancee",
        "prescription.relancee",
        "prescription.expiree",
        "prescription.emise",
        "prescription.expiree",
    ]


def test_a_deposit_about_a_parcours_that_names_none_is_not_read() -> None:
    with pytest.raises(KeyError):
        lu("prescription.annulee", {"prescription_id": "p-1", "date": "2026-03-02"}, None)


jours = st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(DEPOTS))
def test_whatever_the_contract_accepts_is_decided_or_refused(data: st.DataObject, type_: str) -> None:
    donnees = {
        cle: data.draw(jours) if cle in ("date", "disponibilite") else valeur
        for cle, valeur in exemple_valide(type_)["data"].items()
    }
    try:
        CATALOGUE[type_].modele.model_validate(donnees)
    except ValidationError:
        assume(False)
    histoire = histoire_avant(type_, donnees["prescription_id"])

    histoire.recoit(lu(type_, donnees, par=ASSO, recu_a=PLUS_TARD))

    raconte(histoire.faits)
