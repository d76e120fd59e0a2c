"""The tables of the contract: catalogue, codes, refusals, correspondences with the real systems."""

import re
import unicodedata

import pytest

import relais_contrats.codes as codes
from relais_contrats.briques import BRIQUES, PASSERELLE
from relais_contrats.catalogue import CATALOGUE, HUB, MODULES, ROLES, par_type_cloudevents
from relais_contrats.codes.diagnostic import VALEURS_PAR_NIVEAU, elements
from relais_contrats.codes.liste import Code
from relais_contrats.correspondances import (
    CORRESPONDANCES,
    CodeSansCorrespondance,
    Correspondance,
    correspondance,
)
from relais_contrats.refus import REFUS
from relais_contrats.v1 import offres

LISTES = [
    valeur
    for nom in codes.__all__
    if isinstance(valeur := getattr(codes, nom), type) and issubclass(valeur, Code) and valeur is not Code
]
CODES_DE_REFUS = [
    "schema-invalide",
    "emetteur-inconnu",
    "non-autorise",
    "hors-territoire",
    "finalite-interdite",
    "parcours-inconnu",
    "usager-inconnu",
    "usager-ambigu",
    "deja-traite",
    "version-perimee",
    "etat-interdit",
    "chevauchement",
    "delai-depasse",
    "orientation-prealable-obligatoire",
    "referent-obligatoire",
    "referent-incoherent",
    "referent-inconnu",
    "structure-inconnue",
    "service-inconnu",
    "service-retire",
    "motif-obligatoire",
    "dates-incoherentes",
    "identifiant-invalide",
    "code-inconnu",
    "curseur-d-une-autre-epoque",
    "contenu-different",
    "annulation-impossible",
    "transfert-a-confirmer",
    "indisponible",
]


@pytest.mark.parametrize("nom", CATALOGUE)
def test_a_message_is_found_by_its_cloudevents_type(nom: str) -> None:
    message = CATALOGUE[nom]

    assert par_type_cloudevents(f"fr.insertion.{nom}.v1") is message
    assert message.titre
    assert message.description.endswith((".", "?"))
    assert set(message.recepteurs) <= set(ROLES) | set(codes.TypeOrganisme)
    assert set(message.emetteurs) <= {HUB} | set(codes.TypeOrganisme)
    assert set(message.roles_emetteurs) <= set(ROLES)
    assert message.emetteurs or message.roles_emetteurs


def test_an_unknown_type_is_not_found() -> None:
    assert par_type_cloudevents("fr.insertion.usager.signale.v2") is None


def test_every_brique_has_messages_every_message_a_brique_and_none_is_there_twice() -> None:
    rows = [message.nom for module in MODULES for message in module.MESSAGES]

    assert len(rows) == len(CATALOGUE)
    assert {message.brique for message in CATALOGUE.values()} == {brique.nom for brique in (*BRIQUES, PASSERELLE)}


def test_only_a_signalement_opens_a_parcours() -> None:
    assert [m.nom for m in CATALOGUE.values() if m.ouvre_parcours] == ["usager.signale"]
    assert {m.nom for m in CATALOGUE.values() if not m.porte_sur_parcours} == {
        "usager.signale",
        "structure.publiee",
        "service.publie",
        "structure.retiree",
        "service.retire",
        "abonnement.suspendu",
    }


def test_every_field_is_described_in_french() -> None:
    muets = [
        f"{m.modele.__name__}.{nom}"
        for m in CATALOGUE.values()
        for nom, champ in m.modele.model_fields.items()
        if not champ.description
    ]

    assert muets == []


@pytest.mark.parametrize("liste", LISTES, ids=lambda liste: liste.__name__)
def test_a_closed_list_has_ascii_values_and_french_descriptions(liste: type[Code]) -> None:
    assert liste.__doc__
    for code in liste:
        assert re.fullmatch(r"[a-z0-9]+([-:]+[a-z0-9]+)*|[0-9A-Z]{2}", code.value), code
        assert code.description == unicodedata.normalize("NFC", code.description)
        assert code.description


@pytest.mark.parametrize(
    ("liste", "nombre"),
    [
        ("Thematique", 69),
        ("ReseauPorteur", 108),
        ("Public", 14),
        ("TypeService", 6),
        ("Origine", 7),
        ("MotifRefus", 5),
        ("EtatDossier", 7),
        ("MotifCloture", 9),
        ("MotifSuspension", 24),
        ("Role", 5),
        ("NiveauEtude", 10),
        ("EvenementSanction", 7),
        ("TypeOrganisme", 11),
        ("Finalite", 5),
        ("Scope", 8),
        ("TypeIdentifiant", 7),
        ("Theme", 16),
    ],
)
def test_a_list_has_as_many_codes_as_its_source(liste: str, nombre: int) -> None:
    assert len(getattr(codes, liste)) == nombre


def test_a_theme_of_the_roadmap_is_a_category_of_the_offer() -> None:
    categories = {t.value.split("--")[0] for t in codes.Thematique}

    assert categories == set(codes.Theme)


def test_a_number_of_the_reference_means_something_only_with_its_level_and_label() -> None:
    cles = [(e.niveau, e.contrainte, e.code) for e in codes.REFERENTIEL]
    homonymes = {e.code for e in codes.REFERENTIEL if len(elements(e.niveau, e.code)) > 1}

    assert len(set(cles)) == len(cles)
    assert homonymes == {"1", "2", "3"}
    assert elements("contrainte", "27") != elements("situation", "27") != elements("objectif", "27")
    assert {e.code: e.libelle for e in codes.REFERENTIEL if e.niveau == "contrainte" and e.code in ("27", "28")} == {
        "27": "Logement",
        "28": "Financier",
    }


def test_the_offer_has_the_fields_of_data_inclusion_v1() -> None:
    assert len(offres.ServicePublie.model_fields) == 33
    assert len(offres.StructurePubliee.model_fields) == 20


def test_the_refusal_codes_are_those_of_the_catalogue() -> None:
    assert list(REFUS) == CODES_DE_REFUS
    assert [r.code for r in REFUS.values() if r.relancable] == ["indisponible"]


@pytest.mark.parametrize("code", REFUS)
def test_a_refusal_explains_itself(code: str) -> None:
    refus = REFUS[code]

    assert refus.exemple in CATALOGUE
    assert refus.statut in {401, 403, 404, 409, 422, 503}
    assert [texte[-1] for texte in (refus.explication, refus.conseil)] == [".", "."]
    assert not refus.titre.endswith(".")


@pytest.mark.parametrize("table", CORRESPONDANCES.values(), ids=lambda t: f"{t.systeme}-{t.notion}")
def test_a_correspondence_is_one_to_one_both_ways(table: Correspondance) -> None:
    assert [table.de_nous(table.vers_nous(code)) for code in table.paires] == list(table.paires)
    assert [table.vers_nous(table.de_nous(slug)) for slug in table.paires.values()] == list(table.paires.values())


@pytest.mark.parametrize(
    ("systeme", "notion", "liste"),
    [
        ("france-travail", "parcours", "ParcoursType"),
        ("rdv-insertion", "parcours", "ParcoursType"),
        ("webrsa", "parcours", "ParcoursType"),
        ("cnaf", "parcours", "ParcoursType"),
        ("france-travail", "organisme", "Organisme"),
        ("france-travail", "origine", "Origine"),
        ("france-travail", "motif_refus", "MotifRefus"),
        ("france-travail", "contrainte_sante", "ContrainteSante"),
        ("france-travail", "type_emploi", "TypeEmploi"),
        ("france-travail", "rdv_statut", "StatutRdv"),
        ("france-travail", "rdv_motif", "MotifRdv"),
        ("france-travail", "contrat_statut", "StatutContrat"),
        ("carnet-de-bord", "action_statut", "StatutAction"),
        ("cnaf", "role", "Role"),
        ("cnaf", "etat_dossier", "EtatDossier"),
        ("cnaf", "motif_cloture", "MotifCloture"),
        ("cnaf", "motif_suspension", "MotifSuspension"),
        ("france-travail", "contrainte_valeur", "ValeurContrainte"),
        ("dora", "contact_prefere", "ContactPrefere"),
    ],
)
def test_a_correspondence_leaves_no_code_of_ours_aside(systeme: str, notion: str, liste: str) -> None:
    table = correspondance(systeme, notion)

    assert set(table.paires.values()) == set(getattr(codes, liste))


@pytest.mark.parametrize(
    ("systeme", "notion", "code", "slug"),
    [
        ("france-travail", "parcours", "PSP", "socio-professionnel"),
        ("france-travail", "parcours", "PSO", "social"),
        ("cnaf", "parcours", "PS", "social"),
        ("cnaf", "parcours", "AS", "socio-professionnel"),
        ("webrsa", "parcours", "SOCIAL", "social"),
        ("france-travail", "contrainte", "27", "logement"),
        ("france-travail", "contrainte", "28", "financier"),
        ("prototype-recos", "contrainte", "27", "financier"),
        ("rdv-insertion", "rdv_statut", "excused", "annule:usager"),
        ("france-travail", "contrainte_sante", "IMPACT_FORT_RECHERCHE_EMPLOI", "impact-fort-recherche-emploi"),
    ],
)
def test_the_known_traps(systeme: str, notion: str, code: str, slug: str) -> None:
    table = correspondance(systeme, notion)

    assert (table.vers_nous(code), table.de_nous(slug)) == (slug, code)


def test_social_goes_from_webrsa_to_france_travail_without_turning_into_socio_professional() -> None:
    slug = correspondance("webrsa", "parcours").vers_nous("SOCIAL")

    assert correspondance("france-travail", "parcours").de_nous(slug) == "PSO"


def test_a_synonym_is_read_and_never_written() -> None:
    table = correspondance("france-travail", "rdv_statut")

    assert table.vers_nous("MODIFIE") == "planifie"
    assert table.de_nous("planifie") == "PRIS"


@pytest.mark.parametrize("code", ["EO", "IND", "PS", "psp", ""])
def test_a_code_without_equivalent_is_refused_never_guessed(code: str) -> None:
    with pytest.raises(CodeSansCorrespondance):
        correspondance("france-travail", "parcours").vers_nous(code)


def test_a_table_that_is_not_one_to_one_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="one-to-one"):
        Correspondance("essai", "parcours", {"PSP": "social", "PSO": "social"})


def test_the_values_of_the_three_levels_are_the_whole_list() -> None:
    assert {v for valeurs in VALEURS_PAR_NIVEAU.values() for v in valeurs} == set(codes.ValeurContrainte)
