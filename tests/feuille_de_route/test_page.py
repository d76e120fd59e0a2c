"""The page handed to the person: in French, escaped, readable at 320 px and on A4, without script."""

import re
from base64 import b64encode
from datetime import date, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from gateway.feuille_mots import telephone
from gateway.feuille_page import Contexte, page
from gateway.feuille_style import CSP
from relais_contrats.champs import projeter_vue
from relais_contrats.groupes import Groupe
from relais_contrats.territoires import fuseau
from relais_contrats.v1.vues_feuille import VueFeuilleDeRoute
from tests.feuille_de_route.fabrique import Json, Recit, decision, prescription, rendez_vous
from tests.feuille_de_route.test_droits import TOUT, complete
from tests.navigateur import Navigateur

LE = date(2026, 4, 20)
A4_POINTS = (595, 842)
LARGEUR_A4_PX = 680
"""What is left between the margins of an A4 sheet, in CSS pixels."""
HOSTILE = "<script>alert(1)</script>\x01\ufffe & \"'"


def dite(vue: Json, groupes: frozenset[Groupe] = TOUT) -> str:
    return page(vue, Contexte(LE, "Mission locale de Lille", groupes))


def vierge() -> Json:
    recit = Recit()
    recit.dit("parcours.ouvert")
    return orjson.loads(orjson.dumps(recit.vue()))  # type: ignore[no-any-return]


def texte(document: str) -> str:
    [corps] = html.fromstring(document).iter("body")
    return " ".join(" ".join(map(str, corps.itertext())).split())


def partout(valeur: Any, mis: str) -> Any:
    """The same view, with that text wherever a partner writes freely."""
    match valeur:
        case dict():
            libres = ("libelle", "texte", "motif", "message", "nom", "prenom", "lieu", "courriel", "motif_fin")
            return {cle: mis if cle in libres and isinstance(v, str) and cle != "motif" else partout(v, mis)
                    for cle, v in valeur.items()}  # fmt: skip
        case list():
            return [partout(v, mis) for v in valeur]
        case _:
            return valeur


def test_everything_is_said_in_french() -> None:
    lu = texte(dite(complete()))

    for attendu in (
        "Ma feuille de route",
        "établie le 20 avril 2026 par Mission locale de Lille",
        "2 avril 2026 Premier rendez-vous d'accompagnement date passée",
        "jeudi 2 avril 2026 à 9 h",
        "12 place du Marché, Exempleville · sur place, 45 min",
        "Parcours socio-professionnel",
        "Auparavant Parcours socio-professionnel, Structure UTAS-03, du 5 janvier 2026 au 1er mars 2026",
        "Dominique MODELE",
        "01 99 00 00 00",
        "Suivre un traitement",
        "Au plus tard le 31 mai 2026",
        "L'organisme s'engage à Financer vingt heures de conduite",
        "Très motivé.",
    ):
        assert attendu in lu


@pytest.mark.parametrize(
    ("territoire", "debut", "dit"),
    [
        ("971", "2026-12-15T20:30:00-04:00", "mardi 15 décembre 2026 à 20 h 30"),
        ("971", "2026-12-16T00:30:00Z", "mardi 15 décembre 2026 à 20 h 30"),
        ("972", "2026-12-15T10:00:00-04:00", "mardi 15 décembre 2026 à 10 h"),
        ("973", "2026-12-15T09:00:00-03:00", "mardi 15 décembre 2026 à 9 h"),
        ("974", "2026-12-15T08:00:00+04:00", "mardi 15 décembre 2026 à 8 h"),
        ("975", "2026-07-15T08:00:00-02:00", "mercredi 15 juillet 2026 à 8 h"),
        ("976", "2026-12-15T00:15:00+03:00", "mardi 15 décembre 2026 à 0 h 15"),
        ("978", "2026-12-15T23:45:00-04:00", "mardi 15 décembre 2026 à 23 h 45"),
        ("69M", "2026-03-29T10:00:00+02:00", "dimanche 29 mars 2026 à 10 h"),
    ],
)
def test_an_appointment_is_printed_at_the_hour_of_the_territory(territoire: str, debut: str, dit: str) -> None:
    recit = Recit(departement=territoire)
    recit.dit("parcours.ouvert")
    recit.dit("orientation.decidee", decision())
    recit.dit("rdv.planifie", rendez_vous(LE) | {"debut": debut})
    vue = orjson.loads(orjson.dumps(recit.vue()))

    assert dit in texte(dite(vue)).replace("\u00a0", " ")
    assert vue["rendez_vous"][0]["debut"] == (datetime.fromisoformat(debut).astimezone(fuseau(territoire)).isoformat())


@pytest.mark.parametrize(
    ("numero", "dit"),
    [
        ("0199000000", "01 99 00 00 00"),
        ("0800949949", "0 800 94 99 49"),
        ("3949", "39 49"),
        ("115", "115"),
        ("116117", "11 61 17"),
        ("+590690000000", "+590690000000"),
        ("01.99.00.00.00", "01.99.00.00.00"),
    ],
)
def test_a_telephone_number_is_printed_as_it_is_said(numero: str, dit: str) -> None:
    assert telephone(numero).replace("\u00a0", " ") == dit


def test_a_prescribed_service_is_named_with_where_it_is_and_how_it_is_joined() -> None:
    recit = Recit()
    recit.dit("parcours.ouvert")
    recit.dit("prescription.emise", prescription())
    refus = {"prescription_id": "p-1", "date": "2026-04-10", "motifs": ["capacite-atteinte", "code-de-demain"]}
    recit.dit("prescription.refusee", refus)
    vue = orjson.loads(orjson.dumps(recit.vue()))
    fiche = {
        "nom": "Auto-école solidaire",
        "adresse": "3 rue de l'Essai",
        "code_postal": "59000",
        "commune": "Lille",
        "telephone": "0199000000",
        "courriel": "contact@ecole.example",
    }

    lu = texte(page(vue, Contexte(LE, "CD", TOUT, {"exemple--auto-ecole": fiche}))).replace("\u00a0", " ")
    parti = texte(dite(vue))

    assert "Auto-école solidaire 3 rue de l'Essai, 59000 Lille 01 99 00 00 00 · contact@ecole.example" in lu
    assert "Pourquoi : Plus de place ; code-de-demain." in lu
    assert "Service exemple--auto-ecole" in parti


def test_the_message_of_a_refusal_stands_for_its_motive_when_that_is_another_one() -> None:
    recit = Recit()
    recit.dit("parcours.ouvert")
    recit.dit("prescription.emise", prescription())
    refus = {"prescription_id": "p-1", "date": "2026-04-10", "motifs": ["autre"]}
    recit.dit("prescription.refusee", refus | {"message": "Plus de place avant mars."})

    lu = texte(dite(orjson.loads(orjson.dumps(recit.vue()))))

    assert "Plus de place avant mars." in lu
    assert "Pourquoi" not in lu


def test_what_is_empty_is_said() -> None:
    lu = texte(dite(vierge()))

    for attendu in (
        "Aucune date à retenir pour le moment.",
        "Aucun rendez-vous n'est noté.",
        "Aucune orientation n'est encore décidée.",
        "Aucun référent n'est désigné pour le moment.",
        "Aucun objectif n'est encore noté.",
        "Aucun contrat n'est encore proposé.",
        "Aucun service n'a été proposé.",
        "Aucune observation.",
    ):
        assert attendu in lu


def test_nothing_is_said_of_what_the_partner_may_not_see() -> None:
    visibles = frozenset({Groupe.COMMUN, Groupe.ORIENTATION})
    vue = projeter_vue(VueFeuilleDeRoute, complete(), visibles)

    lu = texte(dite(vue, visibles))

    assert "contrat" not in lu.lower()
    assert "Observations" not in lu
    assert "Information réservée" in lu
    assert "Suivre un traitement" not in lu


def test_a_partner_that_sees_nothing_is_told_so() -> None:
    visibles = frozenset({Groupe.COMMUN})
    vue = projeter_vue(VueFeuilleDeRoute, complete(), visibles)

    assert "n'est pas ouvert à votre organisme" in texte(dite(vue, visibles))


def test_a_closed_parcours_says_so_first() -> None:
    clos = {**vierge(), "etat": "close", "date_fin": "2026-03-01"}

    assert "Ce parcours a pris fin le 1er mars 2026." in texte(dite(clos))


def test_the_text_of_a_partner_is_never_markup() -> None:
    document = dite(partout(complete(), HOSTILE))

    assert "<script" not in document
    assert "&lt;script&gt;" in document


def test_only_the_style_of_the_page_applies_and_nothing_runs_or_loads() -> None:
    document = dite(complete())

    [style] = re.findall("<style>(.*?)</style>", document, re.DOTALL)
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in CSP
    assert "default-src 'none'" in CSP
    assert not re.search(r"\b(src|href|style|on\w+)=", document)


def test_landmarks_and_headings_are_in_order() -> None:
    arbre = html.fromstring(dite(complete()))

    niveaux = [int(titre.tag[1]) for titre in arbre.iter("h1", "h2", "h3")]
    assert arbre.get("lang") == "fr"
    assert [len(list(arbre.iter(balise))) for balise in ("main", "header", "footer", "title")] == [1, 1, 1, 1]
    assert niveaux[0] == 1
    assert niveaux.count(1) == 1
    assert all(suivant - niveau <= 1 for niveau, suivant in pairwise(niveaux))
    assert [section.get("aria-labelledby") for section in arbre.iter("section")] == [
        titre.get("id") for titre in arbre.iter("h2")
    ]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(Groupe)))
def test_any_projection_makes_a_page(groupes: set[Groupe]) -> None:
    visibles = frozenset({Groupe.COMMUN, *groupes})

    document = dite(projeter_vue(VueFeuilleDeRoute, complete(), visibles), visibles)

    assert document.startswith("<!doctype html>")


@pytest.fixture
def navigateur(tmp_path: Path) -> Navigateur:
    return Navigateur(tmp_path)


@pytest.mark.lent
@pytest.mark.parametrize("largeur", [320, LARGEUR_A4_PX])
def test_nothing_overflows_on_a_telephone_nor_on_paper(navigateur: Navigateur, largeur: int) -> None:
    """Not even words that never end."""
    vues = (complete(), partout(complete(), "interminablement" * 12), vierge())

    largeurs = [navigateur.taille(dite(vue), largeur)[0] for vue in vues]

    assert largeurs == [largeur] * 3


@pytest.mark.lent
def test_axe_finds_no_fault(navigateur: Navigateur) -> None:
    assert navigateur.defauts(dite(complete())) == []


@pytest.mark.lent
def test_it_prints_on_two_a4_sheets(navigateur: Navigateur) -> None:
    pdf = navigateur.imprimer(dite(complete()))

    formats = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert {(round(float(largeur)), round(float(hauteur))) for largeur, hauteur in formats} == {A4_POINTS}
    assert len(formats) == 2
