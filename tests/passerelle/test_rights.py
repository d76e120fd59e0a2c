"""The gate alone: territory, signalements, scopes, objection. Rules that the table of kinds does not show."""

from datetime import date

import pytest

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.droits import (
    Demandeur,
    Ferme,
    Passage,
    Role,
    dit_pourquoi,
    ouvrir,
    ouvrir_le_territoire,
    passer,
    peut_emettre,
    reconnait,
    refus_d_emettre,
    situer,
    visible,
)
from relais_contrats.groupes import Groupe
from relais_contrats.partenaires import Convention, Partenaire

JOUR = date(2026, 3, 2)
SUIVI = frozenset({"orientation", "accompagnement", "engagement"})
_59 = frozenset({"59"})
GENRES = ("departement", "france-travail", "mission-locale", "delegataire", "association", "caf", "plateforme-offre")


def demandeur(genre: str, *portees: str, declarees: frozenset[str] | None = None) -> Demandeur:
    """`portees` are those of its token, `declarees` those of the partner where they differ."""
    scopes = frozenset(portees) if declarees is None else declarees
    conventions = tuple(Convention(finalite, None) for finalite in SUIVI)
    return Demandeur(
        Partenaire("essai", genre, "Essai", _59, (), conventions, scopes, est_actif=True), frozenset(portees), JOUR
    )


def chez_lui(genre: str, *roles: Role) -> frozenset[Role]:
    return situer(genre, _59, frozenset(roles), "59")


def ailleurs(genre: str, *roles: Role) -> frozenset[Role]:
    return situer(genre, _59, frozenset(roles), "62")


@pytest.mark.parametrize("genre", ["departement", "france-travail", "caf", "msa"])
@pytest.mark.parametrize("role", [Role.EMETTEUR])
def test_a_mission_stops_at_its_territory(genre: str, role: Role) -> None:
    assert ailleurs(genre, role) == frozenset()
    assert situer(genre, _59, frozenset({role}), None) == frozenset()
    assert chez_lui(genre, role) == {role, Role.SUR_PLACE}


@pytest.mark.parametrize("role", [Role.ORIENTATION, Role.REFERENT, Role.ACCOMPAGNANT, Role.PRESCRIPTION])
def test_elsewhere_a_departement_keeps_what_an_event_entrusted_to_it(role: Role) -> None:
    assert ailleurs("departement", role, Role.EMETTEUR) == {role}
    assert ailleurs("caf", role, Role.EMETTEUR) == frozenset()
    assert ailleurs("association", role) == {role}


def test_an_objection_is_no_reason_to_take_part_and_goes_wherever_the_roles_go() -> None:
    assert chez_lui("departement", Role.OPPOSITION) == frozenset()
    assert ailleurs("departement", Role.EMETTEUR, Role.OPPOSITION) == frozenset()
    assert ailleurs("departement", Role.REFERENT, Role.OPPOSITION) == {Role.REFERENT, Role.OPPOSITION}


@pytest.mark.parametrize(
    "nom", ["orientation.decidee", "sanction.decidee", "usager.oppose", "usager.efface", "parcours.clos"]
)
def test_elsewhere_a_departement_commands_nothing_even_with_a_role(nom: str) -> None:
    roles = ailleurs("departement", Role.REFERENT, Role.EMETTEUR)

    assert peut_emettre(CATALOGUE["rdv.planifie"], demandeur("departement"), roles)
    assert not peut_emettre(CATALOGUE[nom], demandeur("departement"), roles)
    assert peut_emettre(CATALOGUE[nom], demandeur("departement"), chez_lui("departement", Role.TERRITOIRE))


@pytest.mark.parametrize("nom", ["orientation.decidee", "usager.efface", "droits.modifies", "parcours.transfere"])
def test_the_territory_that_a_person_has_left_reads_on_and_closes_what_is_its_own(nom: str) -> None:
    roles, qui = ailleurs("departement", Role.TERRITOIRE), demandeur("departement")

    passage = passer(qui, roles, CATALOGUE["orientation.decidee"])

    assert isinstance(passage, Passage)
    assert {Groupe.NIR, Groupe.SANCTIONS} <= passage.groupes
    assert not peut_emettre(CATALOGUE[nom], qui, roles)
    assert peut_emettre(CATALOGUE["contrat.clos"], qui, roles)
    assert refus_d_emettre(qui, CATALOGUE["contrat.clos"], "62", "engagement") is None


def test_elsewhere_it_sees_what_a_delegataire_would_see() -> None:
    roles = ailleurs("departement", Role.REFERENT)

    passage = passer(demandeur("departement", "sante:lire"), roles, CATALOGUE["orientation.decidee"])

    assert isinstance(passage, Passage)
    assert Groupe.CONTRAT in passage.groupes
    assert passage.groupes.isdisjoint({Groupe.NIR, Groupe.SANTE, Groupe.SANCTIONS})


@pytest.mark.parametrize("nom", ["rdv.planifie", "rdv.constate", "accompagnant.ajoute", "observation.ajoutee"])
def test_who_may_not_read_does_not_write(nom: str) -> None:
    caf, mission = demandeur("caf"), demandeur("mission-locale", "identite:resoudre")

    assert not peut_emettre(CATALOGUE[nom], caf, chez_lui("caf", Role.EMETTEUR))
    assert not peut_emettre(CATALOGUE[nom], mission, chez_lui("mission-locale", Role.EMETTEUR))
    assert peut_emettre(CATALOGUE[nom], mission, chez_lui("mission-locale", Role.ORIENTATION))


def test_who_only_signalled_lets_nobody_into_the_parcours_nor_decides_for_itself() -> None:
    roles = chez_lui("mission-locale", Role.EMETTEUR)
    mission = demandeur("mission-locale")

    opens = [nom for nom in ("prescription.emise", "orientation.decidee", "diagnostic.realise", "accompagnant.ajoute")]

    assert [nom for nom in opens if peut_emettre(CATALOGUE[nom], mission, roles)] == []


@pytest.mark.parametrize("circonstance", [Role.PRESCRIPTEUR, Role.OPPOSITION, Role.SUR_PLACE])
@pytest.mark.parametrize("genre", ["caf", "mission-locale", "departement"])
def test_what_narrows_or_explains_a_role_makes_nobody_more_than_a_signaller(genre: str, circonstance: Role) -> None:
    roles = frozenset({Role.SIGNALANT, circonstance})

    emitted = [nom for nom, m in CATALOGUE.items() if m.porte_sur_parcours and peut_emettre(m, demandeur(genre), roles)]

    assert emitted == (["droits.modifies"] if genre == "caf" else [])


def test_health_is_read_with_the_scope_of_the_token_not_of_the_partner() -> None:
    roles, declared = chez_lui("departement", Role.TERRITOIRE), frozenset({"sante:lire"})
    diagnostic = {"criteres": {"contrainte_sante": "aucune", "boe": True, "niveau_etude": "nv4"}}

    without = visible(demandeur("departement", declarees=declared), roles, "diagnostic.realise", diagnostic)
    with_it = visible(demandeur("departement", "sante:lire"), roles, "diagnostic.realise", diagnostic)
    withdrawn = visible(
        demandeur("departement", "sante:lire", declarees=frozenset()), roles, "diagnostic.realise", diagnostic
    )

    assert without == withdrawn == {"criteres": {"niveau_etude": "nv4"}}
    assert with_it == diagnostic


def test_the_offer_is_published_with_the_scope_of_the_token() -> None:
    declared = frozenset({"offres:publier"})
    message = CATALOGUE["service.publie"]

    assert not peut_emettre(message, demandeur("association", declarees=declared), frozenset())
    assert peut_emettre(message, demandeur("association", "offres:publier"), frozenset())


def test_a_fact_that_says_nothing_is_told_to_those_who_may_see_its_group() -> None:
    accepte = CATALOGUE["referent.accepte"].nom

    assert visible(demandeur("caf"), chez_lui("caf", Role.EMETTEUR), accepte, {}) is None
    assert visible(demandeur("association"), chez_lui("association", Role.REFERENT), accepte, {}) == {}


@pytest.mark.parametrize(
    ("genre", "nom", "refus"),
    [
        ("departement", "orientation.decidee", ("hors-territoire", "/departement")),
        ("caf", "usager.signale", ("hors-territoire", "/departement")),
        ("association", "structure.publiee", ("hors-territoire", "/departement")),
        ("association", "rdv.planifie", None),
    ],
)
def test_before_anybody_looks_at_the_parcours_a_territory_binds_missions_and_openings(
    genre: str, nom: str, refus: tuple[str, str] | None
) -> None:
    finalite = "orientation"

    assert refus_d_emettre(demandeur(genre), CATALOGUE[nom], "62", finalite) == refus


def test_a_suspended_partner_gets_nothing() -> None:
    suspended = Demandeur(
        Partenaire("essai", "departement", "Essai", _59, (), (Convention("orientation", None),), frozenset(), False),
        frozenset(),
        JOUR,
    )

    assert ouvrir(suspended, chez_lui("departement", Role.TERRITOIRE), SUIVI) is Ferme.PARTICIPATION


def test_a_whole_territory_is_told_to_the_kinds_that_see_it_by_no_role() -> None:
    pilotage = frozenset({"orientation"})

    seen = {genre: ouvrir_le_territoire(demandeur(genre), "59", pilotage) for genre in GENRES}

    compte = {Groupe.ORIENTATION, Groupe.CONTRAT}
    assert {genre: groupes & compte for genre, groupes in seen.items()} == {
        "departement": compte,
        "france-travail": compte,
        "mission-locale": {Groupe.CONTRAT},
        "delegataire": {Groupe.CONTRAT},
        "association": frozenset(),
        "caf": frozenset(),
        "plateforme-offre": frozenset(),
    }
    assert all(Groupe.SANTE not in groupes for groupes in seen.values())


@pytest.mark.parametrize(("departement", "finalite"), [("62", "orientation"), ("59", "pilotage")])
def test_no_other_territory_and_no_other_purpose_is_told(departement: str, finalite: str) -> None:
    assert ouvrir_le_territoire(demandeur("departement"), departement, frozenset({finalite})) == frozenset()


@pytest.mark.parametrize("genre", GENRES)
def test_a_search_tells_the_missions_of_the_territory_and_who_takes_part(genre: str) -> None:
    qui, recherche = demandeur(genre), frozenset({"orientation"})
    de_mission = genre in ("departement", "france-travail", "caf")

    assert reconnait(qui, frozenset(), recherche) == de_mission
    assert reconnait(qui, frozenset({Role.REFERENT}), recherche) == (genre not in ("association", "plateforme-offre"))
    assert not reconnait(qui, frozenset({Role.TERRITOIRE}), frozenset({"offre"}))


def test_a_ccas_that_is_the_referent_is_told_why_it_writes_no_contract() -> None:
    message, roles = CATALOGUE["contrat.propose"], chez_lui("ccas", Role.REFERENT)

    assert not peut_emettre(message, demandeur("ccas"), roles)
    assert dit_pourquoi(message, demandeur("ccas"), roles) == (
        "Qui ne peut lire ne peut écrire : pour ce parcours, votre organisme ne lit pas le contrat d'engagement. "
        "Peuvent émettre ce message, selon leur rôle : departement, delegataire, france-travail, mission-locale, "
        "cap-emploi."
    )


@pytest.mark.parametrize(("genre", "role"), [("mission-locale", Role.REFERENT), ("ccas", Role.PRESCRIPTION)])
def test_nothing_more_is_said_to_who_may_or_is_no_emitter(genre: str, role: Role) -> None:
    assert dit_pourquoi(CATALOGUE["contrat.propose"], demandeur(genre), chez_lui(genre, role)) is None
