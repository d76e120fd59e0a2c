"""What was before the hub, at the gate: each part to who would receive the message that says it."""

from datetime import date
from typing import Any
from unittest.mock import Mock, call
from uuid import UUID

import pytest

from gateway.entries import referents
from gateway.objets import Objet, crees_par
from relais_contrats.demandes import ParcoursDemandes
from relais_contrats.droits import Demandeur, Role, visible
from relais_contrats.exemples import exemple_valide
from relais_contrats.partenaires import Convention, Partenaire
from relais_contrats.reception import _cles_propres
from tests.passerelle.test_outbound_effects import P, after, event
from tests.passerelle.test_rights import chez_lui, demandeur

REPRISE: dict[str, Any] = dict(exemple_valide("reprise.declaree")["data"])
SANTE = {"id": "u2", "theme": "sante", "libelle": "Suivre ses soins"}
PARTIES = {"orientation", "referent", "contrat", "rdv"}


def vue(qui: Demandeur, roles: frozenset[Role], **autres: Any) -> dict[str, Any] | None:
    return visible(qui, roles, "reprise.declaree", REPRISE | autres)


def test_who_may_not_see_the_contract_does_not_get_it() -> None:
    asso = vue(demandeur("association"), chez_lui("association", Role.PRESCRIPTION))
    signalant = vue(demandeur("mission-locale"), chez_lui("mission-locale", Role.EMETTEUR))

    assert asso is not None and asso.keys() == PARTIES - {"contrat"} | {"date_reprise"}
    assert signalant is not None and signalant.keys() == {"contrat", "date_reprise"}


def test_who_may_see_no_part_is_not_told_that_there_is_one() -> None:
    assert vue(demandeur("caf"), chez_lui("caf", Role.EMETTEUR)) is None
    seul = {nom: None for nom in PARTIES - {"contrat"}}
    assert vue(demandeur("association"), chez_lui("association", Role.PRESCRIPTION), **seul) is None


def test_what_is_of_health_needs_its_scope() -> None:
    contrat = REPRISE["contrat"] | {
        "engagements_usager": [*REPRISE["contrat"]["engagements_usager"], SANTE],
        "dispense_heures": {"motif": "sante"},
    }
    roles = chez_lui("departement", Role.TERRITOIRE)

    sans = vue(demandeur("departement"), roles, contrat=contrat)
    avec = vue(demandeur("departement", "sante:lire"), roles, contrat=contrat)

    assert sans is not None and avec is not None
    assert [e["id"] for e in sans["contrat"]["engagements_usager"]] == ["u1"]
    assert "dispense_heures" not in sans["contrat"]
    assert avec["contrat"] == contrat


@pytest.mark.parametrize(
    ("finalite", "parties"),
    [
        ("orientation", {"orientation", "rdv"}),
        ("engagement", {"orientation", "referent", "contrat"}),
        ("accompagnement", PARTIES),
    ],
)
def test_each_part_serves_the_purposes_of_its_message(finalite: str, parties: set[str]) -> None:
    convention = (Convention(finalite, None),)
    qui = Partenaire("cd-59", "departement", "Essai", frozenset({"59"}), (), convention, frozenset(), est_actif=True)

    vu = vue(Demandeur(qui, frozenset(), date(2026, 3, 2)), chez_lui("departement", Role.TERRITOIRE))

    assert vu is not None and vu.keys() == parties | {"date_reprise"}


def test_what_the_services_tell_one_another_stays_there() -> None:
    roles = chez_lui("departement", Role.TERRITOIRE)

    assert vue(demandeur("departement"), roles, recue_a="2026-03-20T09:00:00Z", role="departement") == REPRISE


def test_the_structures_that_it_names_take_part_and_are_told() -> None:
    ml = {"systeme": "siret", "valeur": "90000075300013", "nom": "Mission locale de Lille"}
    orientation = REPRISE["orientation"] | {"structure": ml, "organisme": "mission-locale"}
    dite = REPRISE | {"orientation": orientation, "referent": REPRISE["referent"] | {"structure": ml}}

    distribution = after(event("reprise.declaree", dite), {P: {"cd-59": frozenset({Role.TERRITOIRE})}})

    assert distribution.participants[P]["ml-lille"] == {Role.ORIENTATION, Role.REFERENT}
    assert [d.type for d in distribution.livraisons if d.partenaire == "ml-lille"] == [
        "parcours.partage",
        "reprise.declaree",
    ]


def test_a_contract_alone_moves_nobody() -> None:
    dite = {"date_reprise": REPRISE["date_reprise"], "contrat": REPRISE["contrat"]}
    avant = {"cd-59": frozenset({Role.TERRITOIRE}), "ml-lille": frozenset({Role.ORIENTATION, Role.REFERENT})}

    distribution = after(event("reprise.declaree", dite), {P: avant})

    assert distribution.participants[P] == avant


def test_the_objects_in_it_are_its_emitters() -> None:
    cle = Objet("cd-59", "ce-2025-77", UUID(int=1)).interne
    dite = REPRISE | {"contrat": REPRISE["contrat"] | {"contrat_id": cle}}

    noms = crees_par("reprise.declaree", dite)

    assert ("contrat", cle) in noms
    assert ("rdv", "rdv-2026-118") in noms


def test_no_object_of_it_bears_a_name_that_the_hub_gave() -> None:
    keys = dict(_cles_propres("reprise.declaree", REPRISE, "/data"))

    assert keys == {"/data/contrat/contrat_id": "ce-2025-77", "/data/rdv/0/rdv_id": "rdv-2026-118"}
    assert dict(_cles_propres("rdv.planifie", REPRISE["rdv"][0], "/data")) == {"/data/rdv_id": "rdv-2026-118"}


def test_who_declares_a_referent_of_its_own_structure_may_go_on_at_once() -> None:
    structure = REPRISE["referent"]["structure"]
    asked = (structure["systeme"], structure["valeur"])
    annuaire = Mock(de_la_structure=Mock(return_value=[]))

    assert referents("reprise.declaree", {"rdv": REPRISE["rdv"]}, annuaire) is None
    for type_, data in (
        ("reprise.declaree", REPRISE),
        ("referent.remplace", {"nouveau": REPRISE["referent"]}),
        ("referent.designe", REPRISE["referent"]),
    ):
        assert referents(type_, data, annuaire) == []
    assert annuaire.de_la_structure.call_args_list == [call(*asked)] * 3


def test_a_list_by_orientation_keeps_what_the_partner_sees() -> None:
    oriented, not_oriented = {"parcours": "prc_a", "ouverte": {"rang": 2}}, {"parcours": "prc_b"}
    demandes = [ParcoursDemandes(None, None, None, None, quoi) for quoi in (None, "ouverte", "aucune")]

    assert [demande.garde(oriented) for demande in demandes] == [True, True, False]
    assert [demande.garde(not_oriented) for demande in demandes] == [True, False, True]
