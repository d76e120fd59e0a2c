"""The pages behind a link: what is asked, by whom and for what; for everybody's eyes, hands and screens."""

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from gateway.inbound.links import answer_page
from gateway.inbound.links.answer_form import Lue, Saisie
from tests.navigateur import Navigateur

VUE: dict[str, Any] = {
    "prescription_id": "p-1",
    "service_id": "asso--scooter",
    "service_nom": "Louer un scooter",
    "structure_nom": "Plateforme mobilité de Lille",
    "prescripteur": "/partenaires/cd-59",
    "agent": "MODELE Dominique AG-1042",
    "motif": "Se rendre à son travail.",
    "contact_prefere": "referent",
    "disponibilite": "2026-04-01",
    "emise_le": "2026-03-02",
    "etat": "emise",
    "attend_une_reponse": True,
    "expire_le": "2026-04-01",
    "repondue_le": None,
    "fin_le": None,
    "motifs": [],
    "message": None,
}
ETUDIEE = VUE | {"etat": "a-l-etude", "repondue_le": "2026-03-05", "expire_le": "2026-05-01"}
REFUSEE = VUE | {
    "etat": "refusee",
    "attend_une_reponse": False,
    "repondue_le": "2026-03-09",
    "fin_le": "2026-03-09",
    "motifs": ["hors-zone", "autre"],
    "message": "Nous fermons\nen août.",
}
MAUVAISE = Lue(
    Saisie("refusee", ("autre",), 'Gardez <b>"ceci"</b>'),
    {"motif": "Cochez au moins un motif de refus.", "message": "Précisez-le ici."},
)
CD = "Département du Nord"
SANS_FIN = "interminablement" * 12
PAGES = {
    "question": answer_page.question(VUE, CD),
    "etude": answer_page.question(ETUDIEE, CD),
    "erreurs": answer_page.question(VUE, CD, MAUVAISE),
    "longue": answer_page.question(VUE | {"motif": SANS_FIN, "agent": SANS_FIN, "service_nom": SANS_FIN}, SANS_FIN),
    "enregistree": answer_page.recorded(MAUVAISE.saisie),
    "repondue": answer_page.answered(REFUSEE, CD),
    "expire": answer_page.expired(),
    "inconnu": answer_page.unknown(),
    "trop": answer_page.too_often(),
    "indisponible": answer_page.unavailable(),
    "systeme": answer_page.has_a_system(),
    "refusee": answer_page.refused(),
    "illisible": answer_page.not_a_form(),
    "trop-long": answer_page.too_long(),
}


def texte(document: str) -> str:
    [corps] = html.fromstring(document).iter("body")
    return " ".join(" ".join(map(str, corps.itertext())).split())


def test_it_says_what_is_asked_by_whom_and_for_what() -> None:
    lu = texte(PAGES["question"])

    for attendu in (
        "Demandé par Département du Nord, MODELE Dominique AG-1042",
        "Pour le service Louer un scooter",
        "De la structure Plateforme mobilité de Lille",
        "Ce qui est attendu Se rendre à son travail.",
        "être jointe par l'intermédiaire de son référent",
        "Disponible à partir du 1er avril 2026",
        "Répondre avant le 1er avril 2026",
    ):
        assert attendu in lu


def test_a_prescription_from_before_says_what_it_has() -> None:
    absents = ("service_nom", "motif", "contact_prefere", "disponibilite", "agent")

    lu = texte(answer_page.question(VUE | dict.fromkeys(absents), CD))

    assert "Pour le service asso--scooter" in lu
    assert "None" not in lu
    assert "Disponible" not in lu


@pytest.mark.parametrize("agent", ["batch", "Batch", None])
def test_a_batch_is_nobody_s_name(agent: str | None) -> None:
    assert "Demandé par Département du Nord Le" in texte(answer_page.question(VUE | {"agent": agent}, CD))


def test_what_is_studied_already_is_not_offered_again() -> None:
    assert 'value="mise-a-l-etude"' in PAGES["question"]
    assert 'value="mise-a-l-etude"' not in PAGES["etude"]
    assert "À l'étude depuis le 5 mars 2026." in texte(PAGES["etude"])


def test_what_was_answered_is_shown_with_its_reasons() -> None:
    lu = texte(PAGES["repondue"])

    assert "Déjà répondu Vous avez refusé cette demande le 9 mars 2026." in lu
    assert "Motifs : La personne habite hors de la zone du service ; Autre motif, à préciser en message." in lu
    assert "Nous fermons en août." in lu
    assert "<form" not in PAGES["repondue"]


@pytest.mark.parametrize(
    ("etat", "dit"),
    [
        ("acceptee", "Vous avez accepté cette demande le 9 mars 2026."),
        ("annulee", "Le prescripteur a annulé cette demande le 9 mars 2026."),
        ("expiree", "Cette demande a expiré le 9 mars 2026."),
        ("commencee", "la personne a commencé."),
        ("terminee", "a pris fin."),
    ],
)
def test_every_end_has_its_words(etat: str, dit: str) -> None:
    assert dit in texte(answer_page.answered(REFUSEE | {"etat": etat, "motifs": []}, CD))


def test_what_was_typed_is_shown_again_beside_what_to_put_right() -> None:
    arbre: Any = html.fromstring(PAGES["erreurs"])

    [message] = arbre.xpath("//textarea")
    assert str(message.text).strip() == 'Gardez <b>"ceci"</b>'
    assert message.get("aria-invalid") == "true"
    assert arbre.xpath("//input[@checked]/@id") == ["reponse-refusee", "motif-autre"]
    assert arbre.xpath("//*[@role='alert']//a/@href") == ["#champ-motif", "#champ-message"]
    assert arbre.findtext(".//title") == "Erreur : répondre à une demande · Relais"


@pytest.mark.parametrize("nom", PAGES)
def test_every_control_has_a_label_and_every_reference_its_target(nom: str) -> None:
    arbre: Any = html.fromstring(PAGES[nom])

    ids = arbre.xpath("//@id")
    nommes = set(arbre.xpath("//label/@for"))
    references = " ".join([*arbre.xpath("//@aria-describedby"), *nommes]).split()
    references += [lien.removeprefix("#") for lien in arbre.xpath("//a/@href")]
    assert len(ids) == len(set(ids))
    assert {*arbre.xpath("//input/@id | //textarea/@id")} == nommes
    assert set(references) <= set(ids)
    assert all(groupe.find("legend") is not None for groupe in arbre.iter("fieldset"))


@pytest.mark.parametrize("nom", PAGES)
def test_landmarks_and_headings_are_in_order(nom: str) -> None:
    arbre: Any = html.fromstring(PAGES[nom])

    niveaux = [int(titre.tag[1]) for titre in arbre.iter("h1", "h2", "h3")]
    assert arbre.get("lang") == "fr"
    assert [len(list(arbre.iter(balise))) for balise in ("main", "header", "title", "h1")] == [1] * 4
    assert all(suivant - niveau <= 1 for niveau, suivant in pairwise([0, *niveaux]))


def test_the_titles_differ() -> None:
    titres = [
        html.fromstring(document).findtext(".//title")
        for nom, document in PAGES.items()
        if nom not in ("etude", "longue")
    ]

    assert len(titres) == len(set(titres))


@pytest.mark.parametrize("nom", PAGES)
def test_only_the_style_of_the_page_applies_and_nothing_runs_or_loads(nom: str) -> None:
    [style] = re.findall("<style>(.*?)</style>", PAGES[nom], re.DOTALL)

    assert (
        f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
        in (answer_page.HEADERS["Content-Security-Policy"])
    )
    assert not re.search(r"\b(src|style|on\w+)=|<script|href=\"[^#]", PAGES[nom])


@pytest.fixture
def navigateur(tmp_path: Path) -> Navigateur:
    return Navigateur(tmp_path)


@pytest.mark.lent
@pytest.mark.parametrize("nom", ["question", "erreurs", "longue", "repondue"])
def test_nothing_overflows_on_a_telephone_nor_at_twice_the_size(navigateur: Navigateur, nom: str) -> None:
    double = PAGES[nom].replace("106.25%", "212.5%")

    assert [navigateur.taille(page, 320)[0] for page in (PAGES[nom], double)] == [320, 320]


@pytest.mark.lent
@pytest.mark.parametrize("nom", ["question", "erreurs", "repondue", "inconnu"])
def test_axe_finds_no_fault(navigateur: Navigateur, nom: str) -> None:
    assert navigateur.defauts(PAGES[nom]) == []
