"""Contract ⇄ domain: what the contract accepts is read, decided and told back valid; what is listened to is folded."""

from datetime import UTC, datetime
from typing import Any

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import separer
from relais_contrats.exemples import exemple_valide
from services.engagements.app import SERVICE as ENGAGEMENTS
from services.feuille_de_route.domain import appliquer, decider, faits, messages
from services.feuille_de_route.domain.carnet import lire_action, lire_objectif
from services.feuille_de_route.domain.feuille import Feuille, Situation
from services.feuille_de_route.subscriptions import DEPOTS, ECOUTE, EVENEMENTS, lire
from services.feuille_de_route.translation import traduire
from tests.engagements.fabrique import Histoire
from tests.engagements.fabrique import oriente as oriente_vers_le_social
from tests.feuille_de_route.fabrique import ENTRE_SERVICES, PARCOURS, Recit, action, depot, evenement_neuf, objectif

FEUILLE = [message for message in CATALOGUE.values() if message.brique == "feuille_de_route"]
MIDI = datetime(2026, 12, 1, 12, tzinfo=UTC)


def connue() -> Feuille:
    """A sheet on which the examples of the contract may go on."""
    base = Feuille(PARCOURS, "59")
    ajoute = faits.ObjectifAjoute(PARCOURS, "59", lire_objectif(objectif("obj-1")))
    ajoutee = faits.ActionAjoutee(PARCOURS, "59", lire_action(action("act-1", "obj-1")))
    return appliquer(appliquer(base, ajoute), ajoutee)


def test_every_deposit_of_the_brique_has_its_reader() -> None:
    assert set(DEPOTS) == {message.nom for message in FEUILLE if message.se_depose}


def test_every_event_listened_to_is_of_a_brique_that_is_listened_to() -> None:
    briques = {CATALOGUE[nom].brique for nom in EVENEMENTS if nom not in ENTRE_SERVICES}

    assert {f"parcours.*.{brique}.>" for brique in briques} == set(ECOUTE)


@pytest.mark.parametrize("type_", sorted(DEPOTS))
def test_the_examples_of_the_contract_are_decided_and_told_back(type_: str) -> None:
    donnees = dict(exemple_valide(type_)["data"])
    feuille = Feuille(PARCOURS, "59") if type_ == "objectif.ajoute" else connue()
    feuille = Feuille(PARCOURS, "59", objectifs=feuille.objectifs) if type_ == "action.ajoutee" else feuille
    message = lire(depot(type_, donnees))
    assert message is not None

    suite = decider(Situation(feuille), message, MIDI)

    assert isinstance(suite, list), suite
    [raconte] = [traduire(fait) for fait in suite]
    assert raconte is not None
    assert (raconte.type, raconte.donnees) == (type_, donnees)
    assert separer(raconte.type, raconte.donnees) == (donnees, {})


@pytest.mark.parametrize("type_", sorted(EVENEMENTS.keys() - {"usager.signale", "usager.efface", *ENTRE_SERVICES}))
def test_the_examples_of_every_event_are_folded(type_: str) -> None:
    donnees: dict[str, Any] = dict(exemple_valide(type_)["data"])
    if type_ == "usager.fusionne":
        donnees = {"conserve": str(PARCOURS), "absorbes": ["01890000-0000-7000-8000-000000000009"]}
    if type_ == "usager.defusionne":
        donnees |= {"causes": ["01890000-0000-7000-8000-000000000008"], "rendus": []}
    if "annule" in donnees:
        donnees["annule"] = "01890000-0000-7000-8000-000000000009"
    if type_ == "reprise.declaree":
        donnees["recue_a"] = "2026-03-20T09:00:00+00:00"
    message = lire(evenement_neuf(type_, donnees))
    assert isinstance(message, messages.Apprendre | messages.UsagerFusionne | messages.UsagerDefusionne)

    vue = Recit()
    vue.recus = [message.recu]

    assert vue.vue()["parcours"] == PARCOURS


def test_what_engagements_tells_to_this_service_only_is_read() -> None:
    decides = Histoire().accepte(oriente_vers_le_social())
    [dit] = [fait for fait in map(ENGAGEMENTS.brique.traduire, decides) if fait and fait.type == "reexamen.prevu"]

    message = lire(evenement_neuf(dit.type, dict(dit.donnees)))

    assert isinstance(message, messages.Apprendre)
    assert (message.recu.brique, message.recu.donnees["date_echeance"]) == ("engagements", "2026-09-16")
    assert CATALOGUE.keys().isdisjoint(ENTRE_SERVICES)


def test_of_sanctions_only_what_the_basket_asks_for_is_kept() -> None:
    assert not [nom for nom in EVENEMENTS if nom.startswith("manquement")]
