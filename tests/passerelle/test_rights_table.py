"""Twelve kinds of partners × every message × every set of conventions, against the table written by hand."""

import json
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

import relais_contrats
from relais_contrats.catalogue import CATALOGUE
from relais_contrats.droits import (
    Demandeur,
    Ferme,
    Role,
    passer,
    peut_emettre,
    recoit,
    refus_d_emettre,
    situer,
    visible,
)
from relais_contrats.partenaires import Convention, Partenaire
from tests.passerelle.rights_expected import FINALITES, GENRES, SITUATIONS, TABLE

JOUR = date(2026, 3, 2)
EXEMPLES = Path(relais_contrats.__file__).parent / "exemples"
_PAR_TERRITOIRE, _PAR_SIGNALEMENT = ("departement", "france-travail"), ("caf", "msa")
_ROLES = {"prescrit": Role.PRESCRIPTION, "referent": Role.REFERENT, "accompagne": Role.ACCOMPAGNANT}


def donnees(nom: str) -> dict[str, object]:
    """The data of the first valid example of the contract."""
    exemple = json.loads((EXEMPLES / f"{nom}.json").read_text())["valides"][0]["message"]
    return exemple["data"]  # type: ignore[no-any-return]


DONNEES = {nom: donnees(nom) for nom in CATALOGUE}


def demandeur(genre: str, *conventions: Convention) -> Demandeur:
    """Without the scopes of health and of searches."""
    portees = frozenset({"messages:deposer", "evenements:lire", "parcours:lire", "offres:publier"})
    ici = "62" if genre.endswith("ailleurs") else "59"
    partenaire = Partenaire(
        code="essai",
        type_organisme=genre.split()[0],
        nom="Essai",
        departements=frozenset({ici}),
        structures=(),
        conventions=conventions,
        scopes=portees,
        est_actif=True,
    )
    return Demandeur(partenaire, portees, JOUR)


TOUTES = tuple(Convention(finalite, None) for finalite in FINALITES.values())


def tenus(genre: str, situation: str) -> frozenset[Role]:
    """The roles that the kind of partner holds in this situation, as rows of the hub keep them."""
    if genre == "plateforme-offre" and situation == "chez lui":
        return frozenset()
    if situation in _ROLES:
        du_territoire = {Role.TERRITOIRE} if genre in _PAR_TERRITOIRE else set()
        return frozenset({_ROLES[situation], *du_territoire})
    if genre in _PAR_TERRITOIRE:
        return frozenset({Role.TERRITOIRE} | ({Role.EMETTEUR} if situation == "signale" else set()))
    if situation == "signale":
        return frozenset({Role.SIGNALANT})
    if genre.endswith("ailleurs"):
        return frozenset({Role.EMETTEUR})
    return frozenset({Role.EMETTEUR} if genre in _PAR_SIGNALEMENT else {Role.ORIENTATION})


def roles(genre: str, situation: str) -> frozenset[Role]:
    qui = demandeur(genre).partenaire
    if tenus(genre, situation) == {Role.SIGNALANT}:
        return tenus(genre, situation)
    return situer(qui.type_organisme, qui.departements, tenus(genre, situation), "59")


def test_the_table_names_every_message_and_twelve_kinds() -> None:
    assert TABLE.keys() == CATALOGUE.keys()
    assert len(GENRES) == 12
    assert {len(colonne) for _, *colonnes in TABLE.values() for colonne in colonnes} == {12}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("nom", TABLE)
def test_who_receives_and_sends_what(nom: str, situation: str) -> None:
    message, attendu = CATALOGUE[nom], TABLE[nom][1 + SITUATIONS.index(situation)]
    lu = ""
    for genre in GENRES:
        qui, held = demandeur(genre, *TOUTES), roles(genre, situation)
        is_for_it = recoit(message, qui.type_organisme, held, est_la_cause=False)
        receives = is_for_it and visible(qui, held, nom, DONNEES[nom]) is not None
        takes_part = bool(held) or not message.porte_sur_parcours
        sends = message.se_depose and takes_part and peut_emettre(message, qui, held)
        lu += {(True, True): "b", (True, False): "r", (False, True): "e", (False, False): "."}[receives, sends]

    assert dict(zip(GENRES, lu, strict=True)) == dict(zip(GENRES, attendu, strict=True))


ENSEMBLES = [frozenset(some) for size in range(6) for some in combinations(FINALITES, size)]


@pytest.mark.parametrize("nom", TABLE)
def test_a_message_passes_for_its_purposes_only_while_one_is_in_force(nom: str) -> None:
    """Every set of conventions in force, the others over; for the structure of a prescription, `offre` counts too."""
    roles_ = frozenset({Role.PRESCRIPTION, Role.SUR_PLACE})
    for ensemble in ENSEMBLES:
        conventions = [Convention(FINALITES[f], None if f in ensemble else date(2020, 12, 31)) for f in FINALITES]

        verdict = passer(demandeur("departement", *conventions), roles_, CATALOGUE[nom])

        assert (verdict is not Ferme.ATTENTE) is bool(ensemble & set(TABLE[nom][0])), (nom, sorted(ensemble))


@pytest.mark.parametrize(
    "nom", [nom for nom, message in CATALOGUE.items() if message.brique not in ("offres", "passerelle")]
)
def test_the_offer_alone_tells_of_nobody_but_to_the_structure_that_she_is_sent_to(nom: str) -> None:
    offre = demandeur("departement", Convention("offre", None))

    assert passer(offre, frozenset({Role.TERRITOIRE, Role.SUR_PLACE}), CATALOGUE[nom]) is Ferme.ATTENTE


@pytest.mark.parametrize("nom", [nom for nom, message in CATALOGUE.items() if message.se_depose])
@pytest.mark.parametrize("lettre", FINALITES)
def test_a_deposit_says_a_purpose_that_its_message_serves(nom: str, lettre: str) -> None:
    refus = refus_d_emettre(demandeur("departement", *TOUTES), CATALOGUE[nom], "59", FINALITES[lettre])

    assert refus == (None if lettre in TABLE[nom][0] else ("finalite-interdite", "/finalite"))


@pytest.mark.parametrize(
    ("fin", "refus"), [(None, None), (JOUR, None), (date(2026, 3, 1), ("finalite-interdite", "/finalite"))]
)
def test_a_convention_holds_until_its_last_day(fin: date | None, refus: tuple[str, str] | None) -> None:
    qui = demandeur("departement", Convention("orientation", fin))

    assert refus_d_emettre(qui, CATALOGUE["orientation.decidee"], "59", "orientation") == refus
