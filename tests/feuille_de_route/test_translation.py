"""Contract ⇄ domain: what the contract accepts is read, decided and told back valid; what is listened to is folded."""

from datetime import UTC, datetime
from typing import Any

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import separer
from relais_contrats.exemples import exemple_valide
from services.dossiers.modele import NOMS
from services.dossiers.regles import Recu as Message
from services.dossiers.vie import Situation
from services.engagements.app import SERVICE as ENGAGEMENTS
from services.feuille_de_route.app import SERVICE, lire
from services.feuille_de_route.domain import REGLES
from services.feuille_de_route.domain.dossier import Dossier
from services.feuille_de_route.domain.parcours import BRIQUES, DEFUSION, FUSION
from services.feuille_de_route.domain.recu import NOUS
from tests.engagements.fabrique import Histoire
from tests.engagements.fabrique import oriente as oriente_vers_le_social
from tests.feuille_de_route.fabrique import PARCOURS, Recit, action, depot, evenement_neuf, objectif

DEPOTS = sorted(message.nom for message in CATALOGUE.values() if message.brique == NOUS and message.se_depose)
ENTENDUS = BRIQUES.keys() & CATALOGUE.keys()
MIDI = datetime(2026, 12, 1, 12, tzinfo=UTC)


def connue(type_: str) -> Dossier:
    """A sheet on which the example of the contract may go on."""
    recit = Recit()
    recit.dit("parcours.ouvert")
    if type_ != "objectif.ajoute":
        recit.dit("objectif.ajoute", objectif("obj-1"))
    if type_ != "action.ajoutee":
        recit.dit("action.ajoutee", action("act-1", "obj-1"))
    return Dossier(PARCOURS, recus=tuple(recit.recus))


def lu(type_: str, donnees: dict[str, Any]) -> Message[Any]:
    message = lire(depot(type_, donnees) if type_ in DEPOTS else evenement_neuf(type_, donnees))
    assert isinstance(message, Message)
    return message


def test_every_message_of_the_brique_has_one_rule_and_one_fold() -> None:
    """The table of the brique, as `pytest -s` prints it."""
    table = REGLES.table(NOMS)
    print(*(f"{nom:27} {regle:22} {repli}" for nom, regle, repli in table), sep="\n")  # noqa: T201

    assert [nom for nom, regle, repli in table if regle and repli] == DEPOTS
    assert {nom for nom, regle, _ in table if regle} - set(DEPOTS) == BRIQUES.keys()
    assert [nom for nom, _, repli in table if repli and nom in CATALOGUE] == DEPOTS


def test_every_event_is_heard_of_the_brique_that_tells_it() -> None:
    assert {nom: CATALOGUE[nom].brique for nom in ENTENDUS} == {nom: BRIQUES[nom] for nom in ENTENDUS}


@pytest.mark.parametrize("type_", DEPOTS)
def test_the_examples_of_the_contract_are_decided_and_told_back(type_: str) -> None:
    donnees, dossier = dict(exemple_valide(type_)["data"]), connue(type_)

    suite = REGLES.decider(Situation(dossier), lu(type_, donnees), MIDI)

    assert isinstance(suite, list), suite
    [raconte] = [SERVICE.brique.traduire(fait) for fait in suite]
    assert raconte is not None
    assert (raconte.type, raconte.donnees) == (type_, donnees)
    assert separer(raconte.type, raconte.donnees) == (donnees, {})
    [ecrit] = [recu for recu in REGLES.replier(dossier, suite[0]).recus if recu not in dossier.recus]
    assert (ecrit.type, ecrit.donnees) == (type_, donnees)


@pytest.mark.parametrize("type_", sorted(ENTENDUS - {"usager.signale", "usager.efface"}))
def test_the_examples_of_every_event_are_folded(type_: str) -> None:
    donnees: dict[str, Any] = dict(exemple_valide(type_)["data"])
    if type_ == FUSION:
        donnees = {"conserve": str(PARCOURS), "absorbes": ["01890000-0000-7000-8000-000000000009"]}
    if type_ == DEFUSION:
        donnees |= {"causes": ["01890000-0000-7000-8000-000000000008"], "rendus": []}
    if "annule" in donnees:
        donnees["annule"] = "01890000-0000-7000-8000-000000000009"
    if type_ == "reprise.declaree":
        donnees["recue_a"] = "2026-03-20T09:00:00+00:00"

    suite = REGLES.decider(Situation(None), lu(type_, donnees), MIDI)
    assert isinstance(suite, list)

    dossier: Dossier | None = None
    for fait in suite:
        dossier = REGLES.replier(dossier, fait) if fait.parcours == PARCOURS else dossier

    assert dossier is not None
    assert dossier.composee[0]["parcours"] == PARCOURS


def test_what_engagements_tells_to_this_service_only_is_read() -> None:
    decides = Histoire().accepte(oriente_vers_le_social())
    [dit] = [dit for fait in decides if (dit := ENGAGEMENTS.brique.traduire(fait)) and dit.type == "reexamen.prevu"]

    message = lu(dit.type, dict(dit.donnees))

    assert (message.data.brique, message.data.donnees["date_echeance"]) == ("engagements", "2026-09-16")


def test_an_event_that_changes_nothing_here_is_not_read() -> None:
    assert lire(evenement_neuf("usager.oppose", {"motif": "Demande de la personne."})) is None


def test_of_sanctions_only_what_the_basket_asks_for_is_kept() -> None:
    assert not [nom for nom in BRIQUES if nom.startswith("manquement")]
