"""What an operator may declare of a partner, and how a change keeps the rest."""

import dataclasses
from datetime import date

import pytest

from deploy.cli.partenaire import modifier
from deploy.datadir import LaunchError
from gateway.declarations import Changes, Inadmissible, Partner, convention

SIRET = {"systeme": "siret", "valeur": "90000075300013", "nom": "Mission locale"}
PARTNER = Partner(
    code="ml-lille",
    type_organisme="mission-locale",
    nom="Mission locale",
    departements=["59"],
    scopes=["evenements:lire"],
    structures=[SIRET],
    conventions=[convention("orientation", date(2026, 12, 31))],
    hotes=["webhooks.exemple.fr"],
)


def test_what_is_not_named_stays() -> None:
    assert Changes().applied_to(PARTNER) == PARTNER


def test_what_is_added_comes_beside_what_was_there() -> None:
    changed = Changes(hotes=["Autre.exemple.fr."], scopes=["parcours:lire"], departements=["62"]).applied_to(PARTNER)

    assert changed.hotes == ["autre.exemple.fr", "webhooks.exemple.fr"]
    assert changed.scopes == ["evenements:lire", "parcours:lire"]
    assert changed.departements == ["59", "62"]


def test_a_convention_is_renewed_and_a_structure_renamed_in_their_place() -> None:
    renewed = convention("orientation", date(2030, 12, 31))
    changed = Changes(conventions=[renewed], structures=[SIRET | {"nom": "Autre nom"}]).applied_to(PARTNER)

    assert changed.conventions == [renewed]
    assert changed.structures == [SIRET | {"nom": "Autre nom"}]


def test_what_is_taken_away_is_gone() -> None:
    changed = Changes(
        sans_hotes=["WEBHOOKS.exemple.fr"], sans_conventions=["orientation"], sans_structures=["siret:90000075300013"]
    ).applied_to(PARTNER)

    assert (changed.hotes, changed.conventions, changed.structures) == ([], [], [])


@pytest.mark.parametrize(
    "changes",
    [
        Changes(sans_hotes=["jamais.exemple.fr"]),
        Changes(sans_departements=["62"]),
        Changes(sans_departements=["59"]),
        Changes(departements=["69"]),
        Changes(sans_scopes=["evenements:lire"]),
        Changes(sans_structures=["siret:1"]),
        Changes(scopes=["tout:lire"]),
        Changes(conventions=[convention("publicite", date(2030, 1, 1))]),
        Changes(hotes=["127.0.0.1"]),
        Changes(hotes=["https://exemple.fr/x"]),
        Changes(structures=[SIRET | {"valeur": "90000075300014"}]),
        Changes(structures=[SIRET | {"systeme": "safir"}]),
    ],
)
def test_a_change_that_leaves_no_right_partner_is_refused(changes: Changes) -> None:
    with pytest.raises(Inadmissible):
        changes.applied_to(PARTNER)


def test_the_establishments_of_la_poste_have_a_key_of_their_own() -> None:
    poste = {"systeme": "siret", "valeur": "35600000000001", "nom": "Agence"}

    assert dataclasses.replace(PARTNER, structures=[poste]).structures == [poste]
    with pytest.raises(Inadmissible):
        dataclasses.replace(PARTNER, structures=[poste | {"valeur": "35600000000002"}])


def test_a_modification_that_changes_nothing_is_said() -> None:
    with pytest.raises(LaunchError, match="Rien à modifier"):
        modifier("ml-lille")
