"""Groups of fields: every field has one, nothing leaks through a projection, what is split is put back whole."""

import uuid
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relais_contrats.catalogue import CATALOGUE
from relais_contrats.champs import (
    PROTEGES,
    Groupe,
    GroupeManquant,
    plan,
    plan_du_modele,
    projeter,
    referencer,
    reunir,
    separer,
)
from relais_contrats.exemples import exemple_valide
from relais_contrats.modele import Donnees
from relais_contrats.v1.orientation import CRITERES_DE_SANTE, Criteres

TOUS = frozenset(Groupe)
_groupes = st.frozensets(st.sampled_from(list(Groupe)))
_types = st.sampled_from(sorted(CATALOGUE))


def _data(nom: str) -> dict[str, Any]:
    return dict(exemple_valide(nom)["data"])


@pytest.mark.parametrize("nom", CATALOGUE)
def test_every_field_of_every_message_has_a_group(nom: str) -> None:
    assert plan(nom).groupes() <= TOUS


def test_a_field_without_a_group_is_caught() -> None:
    class Interieur(Donnees):
        note: str

    class Planté(Donnees):
        declare: Annotated[str, Groupe.COMMUN]
        oublie: Interieur

    with pytest.raises(GroupeManquant, match=r"Planté\.oublie"):
        plan_du_modele(Planté)


def test_a_nested_object_inherits_the_group_of_its_parent_unless_it_says_otherwise() -> None:
    class Neutre(Donnees):
        a: str

    class Marque(Donnees):
        groupe: ClassVar[Groupe | None] = Groupe.NIR
        b: str

    class Parent(Donnees):
        groupe: ClassVar[Groupe | None] = Groupe.CONTRAT
        neutre: Neutre
        marques: list[Marque]

    champs = plan_du_modele(Parent)

    assert champs.champs["neutre"].enfant is not None
    assert champs.champs["neutre"].enfant.groupes() == {Groupe.CONTRAT}
    assert champs.champs["marques"].enfant is not None
    assert champs.champs["marques"].enfant.groupes() == {Groupe.NIR}


@pytest.mark.parametrize("nom", CATALOGUE)
def test_whoever_sees_all_groups_sees_the_whole_message(nom: str) -> None:
    assert projeter(nom, _data(nom), TOUS) == _data(nom)


@pytest.mark.parametrize("nom", CATALOGUE)
def test_whoever_sees_no_group_sees_nothing(nom: str) -> None:
    assert projeter(nom, _data(nom), frozenset()) == {}


@given(_types, _groupes, _groupes)
def test_seeing_more_groups_never_hides_a_field(nom: str, moins: frozenset[Groupe], plus: frozenset[Groupe]) -> None:
    petite = projeter(nom, _data(nom), moins)

    grande = projeter(nom, projeter(nom, _data(nom), moins | plus), moins)

    assert grande == petite


def _identifiant(genre: str) -> dict[str, str]:
    return {"type": genre, "valeur": f"valeur-{genre}"}


@pytest.mark.parametrize(
    ("genre", "groupe"),
    [
        ("nir", Groupe.NIR),
        ("numero-france-travail", Groupe.NUMEROS),
        ("matricule-caf", Groupe.NUMEROS),
        ("matricule-msa", Groupe.NUMEROS),
        ("numero-demande-rsa", Groupe.NUMEROS),
        ("imilo", Groupe.NUMEROS),
        ("local", Groupe.LOCAL),
    ],
)
def test_an_identifier_belongs_to_the_group_of_its_type(genre: str, groupe: Groupe) -> None:
    donnees = {"identifiants": [_identifiant(genre)], "brsa": True}

    sans = projeter("usager.signale", donnees, TOUS - {groupe})
    seul = projeter("usager.signale", donnees, frozenset({groupe}))

    assert sans == {"brsa": True}
    assert seul == {"identifiants": [_identifiant(genre)]}


def test_the_nir_of_a_list_disappears_alone() -> None:
    donnees = {"identifiants": [_identifiant("nir"), _identifiant("local")]}

    vu = projeter("usager.signale", donnees, TOUS - {Groupe.NIR})

    assert vu == {"identifiants": [_identifiant("local")]}


def test_a_field_that_the_contract_does_not_know_is_never_shown() -> None:
    assert projeter("usager.oppose", {"motif": "x", "nouveau": "y"}, TOUS) == {"motif": "x"}


@pytest.mark.parametrize("critere", sorted(CRITERES_DE_SANTE))
def test_a_health_criterion_is_a_health_field(critere: str) -> None:
    vu = projeter("diagnostic.realise", {"criteres": {critere: True, "brsa": True}}, TOUS - {Groupe.SANTE})

    assert critere in Criteres.model_fields
    assert vu == {"criteres": {"brsa": True}}


@pytest.mark.parametrize(
    ("niveau", "code", "referentiel", "est_visible"),
    [
        ("contrainte", "25", "ft-v4", False),
        ("situation", "15", "ft-v4", False),
        ("situation", "19", "ft-v4", False),
        ("situation", "40", "ft-v4", False),
        ("situation", "9", "ft-v4", False),
        ("objectif", "31", "ft-v4", False),
        ("objectif", "9", "ft-v4", True),
        ("contrainte", "23", "ft-v4", True),
        ("situation", "25", "ft-v4", True),
        ("objectif", "25", "ft-v4", True),
        ("contrainte", "23", "autre-v1", False),
        ("situation", "999", "ft-v4", False),
    ],
)
def test_a_constraint_about_health_is_a_health_item(
    niveau: str, code: str, referentiel: str, est_visible: bool
) -> None:
    element = {"niveau": niveau, "code": code, "referentiel": referentiel, "libelle": "l", "valeur": "oui"}

    vu = projeter("diagnostic.realise", {"contraintes_diagnostic": [element]}, TOUS - {Groupe.SANTE})

    assert bool(vu) is est_visible


@pytest.mark.parametrize(
    ("nom", "donnees", "reste"),
    [
        ("observation.ajoutee", {"texte": "t", "sensibilite": "sante"}, {"sensibilite": "sante"}),
        ("observation.ajoutee", {"texte": "t", "sensibilite": "inconnue"}, {"sensibilite": "inconnue"}),
        ("observation.ajoutee", {"texte": "t"}, {}),
        ("observation.ajoutee", {"texte": "t", "sensibilite": "courante"}, {"texte": "t", "sensibilite": "courante"}),
        ("objectif.ajoute", {"objectif_id": "o", "theme": "sante", "libelle": "l"}, {"objectif_id": "o"}),
        (
            "action.ajoutee",
            {"action_id": "a", "libelle": "l", "sensibilite": "sante"},
            {"action_id": "a", "sensibilite": "sante"},
        ),
        ("contrat.propose", {"contrat_id": "c", "dispense_heures": {"motif": "handicap"}}, {"contrat_id": "c"}),
        ("contrat.propose", {"engagements_usager": [{"id": "u", "theme": "sante", "libelle": "l"}]}, {}),
        ("orientation.preconisee", {"motifs": [{"critere": "boe", "explication": "e"}]}, {}),
        ("reexamen.du", {"duree_mois": 12, "cause": "sante"}, {"duree_mois": 12}),
    ],
)
def test_what_tells_health_needs_the_health_group(nom: str, donnees: dict[str, Any], reste: dict[str, Any]) -> None:
    assert projeter(nom, donnees, TOUS - {Groupe.SANTE}) == reste


@pytest.mark.parametrize("nom", CATALOGUE)
def test_nothing_protected_travels_on_the_bus(nom: str) -> None:
    publiques, protegees = separer(nom, _data(nom))

    assert projeter(nom, publiques, PROTEGES) == {}
    assert projeter(nom, protegees, TOUS - PROTEGES) == {}
    assert reunir(publiques, protegees) == _data(nom)


_identifiants = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["nir", "local", "imilo"]), "valeur": st.text(max_size=3)}),
    max_size=4,
)
_quelconques = st.dictionaries(
    st.sampled_from(["identite", "brsa", "inconnu", "coordonnees"]),
    st.one_of(
        st.none(), st.booleans(), st.dictionaries(st.sampled_from(["nom_usage", "adresse", "x"]), st.text(max_size=2))
    ),
)


@settings(max_examples=100)
@given(_identifiants, _quelconques)
def test_what_is_split_is_put_back_whole(identifiants: list[Any], reste: dict[str, Any]) -> None:
    donnees = {**reste, "identifiants": identifiants}

    publiques, protegees = separer("usager.signale", donnees)

    assert reunir(publiques, protegees) == donnees


def test_a_list_whose_items_are_partly_protected_is_split_item_by_item(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ligne(Donnees):
        ouvert: Annotated[str, Groupe.COMMUN]
        cache: Annotated[str | None, Groupe.IDENTITE] = None

    class Message(Donnees):
        groupe: ClassVar[Groupe | None] = Groupe.COMMUN
        lignes: list[Ligne]

    monkeypatch.setattr("relais_contrats.champs.plan", lambda _: plan_du_modele(Message))
    donnees = {"lignes": [{"ouvert": "a"}, {"ouvert": "b", "cache": "secret"}]}

    publiques, protegees = separer("essai", donnees)

    assert publiques == {"lignes": [{"ouvert": "a"}, {"ouvert": "b"}]}
    assert protegees == {"lignes": {"1": {"cache": "secret"}}}
    assert reunir(publiques, protegees) == donnees


@pytest.mark.parametrize(
    ("nom", "nombre"),
    [
        ("parcours.ouvert", 1),
        ("usager.ambigu", 2),
        ("usager.rapproche", 1),
        ("usager.fusionne", 2),
        ("usager.signale", 0),
    ],
)
def test_every_reference_to_a_parcours_is_translated_and_back(nom: str, nombre: int) -> None:
    table: dict[str, str] = {}

    def vers_uuid(pseudonyme: str) -> str:
        return table.setdefault(pseudonyme, str(uuid.uuid5(uuid.NAMESPACE_OID, pseudonyme)))

    retour: Callable[[str], str] = lambda u: next(p for p, v in table.items() if v == u)  # noqa: E731

    traduites = referencer(nom, _data(nom), vers_uuid)

    assert len(table) == nombre
    assert not [p for p in table if p in repr(traduites)]
    assert referencer(nom, traduites, retour) == _data(nom)


def test_a_service_may_build_a_fact_with_internal_references() -> None:
    modele = CATALOGUE["usager.fusionne"].modele
    interne = [str(uuid.UUID(int=n)) for n in (1, 2)]

    fait = modele.model_validate({"conserve": interne[0], "absorbes": [interne[1]]})

    assert fait.en_json() == {"conserve": interne[0], "absorbes": [interne[1]]}
