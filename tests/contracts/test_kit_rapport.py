"""`relais-kit exigences` and `relais-kit rapport`: one table with its checks; one run told in four ways, masked."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from relais_kit.carnet import Carnet
from relais_kit.commande import main
from relais_kit.echange import Echange
from relais_kit.exigences import table
from relais_kit.rapport.commande import deposer
from relais_kit.rapport.page import page
from relais_kit.referentiel import toutes
from relais_kit.resultats import document
from tests.navigateur import Navigateur

EXIGENCES = table(
    "emetteur",
    (
        ("tenue", "Un thème", "Tient ce qu'il dit.", "Catalogue, § 1"),
        ("manquee", "Un thème", "Ne met aucun <NIR> dans une adresse.", "API, messages"),
        ("ailleurs", "Un autre", "Lit son fil.", "API, fil"),
    ),
)
MESSAGE = {
    "id": "fait-1",
    "type": "fr.insertion.usager.signale.v1",
    "agent": "MODELE Dominique AG-1042",
    "data": {"identite": {"nom_naissance": "SECRETE"}, "identifiants": [{"type": "nir", "valeur": "185039999999921"}]},
}


def echange() -> Echange:
    entetes = (("authorization", "DPoP jeton-secret"), ("dpop", "preuve-secrete"), ("x-usager", "SECRETE"))
    chemin = "/v1/messages?nir=1%2085%2003%2099%20999%20999%2021"
    rendu = json.dumps({"id": "fait-1", "etat": "accepte", "recu": "recu-secret"}).encode()
    return Echange("POST", chemin, entetes, json.dumps(MESSAGE).encode(), 1.0, fin=1.2, statut=201, corps_rendu=rendu)


@pytest.fixture
def carnet() -> Carnet:
    rempli = Carnet(EXIGENCES)
    rempli.passer("tenue", echange())
    rempli.echouer("manquee", "met un NIR dans l'adresse", echange())
    return rempli


@pytest.fixture
def dossier(carnet: Carnet, tmp_path: Path) -> Path:
    deposer(tmp_path / "essai", "emetteur", {"Partenaire": "caf-59"}, carnet.resultats("rien vu"))
    return tmp_path / "essai"


def test_every_requirement_has_an_id_a_source_and_a_check() -> None:
    lignes = toutes()

    assert [ligne.exigence.id for ligne in lignes if not ligne.controles] == []
    assert len({ligne.exigence.id for ligne in lignes}) == len(lignes)
    assert all(ligne.exigence.phrase.endswith(".") and ligne.exigence.source for ligne in lignes)


def test_the_table_is_listed_whole_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    statut = main(["exigences", "--json"])

    lues = json.loads(capsys.readouterr().out)
    assert (statut, {e["id"].partition(".")[0] for e in lues}) == (0, {"recepteur", "emetteur", "hub"})


def test_the_table_of_one_side_is_listed_with_its_checks(capsys: pytest.CaptureFixture[str]) -> None:
    statut = main(["exigences", "emetteur"])

    liste = capsys.readouterr().out
    assert (statut, "emetteur.retry-after" in liste, "recepteur." in liste) == (0, True, False)
    assert "  Contrôle : 503, puis 429, sur le premier dépôt\n" in liste


def test_a_run_is_kept_as_a_page_a_document_and_junit(dossier: Path) -> None:
    lu = json.loads((dossier / "rapport.json").read_text())
    html = (dossier / "rapport.html").read_text()
    echecs = ET.parse(dossier / "rapport.xml").getroot().get("failures")  # noqa: S314  we wrote it

    assert (lu["cible"], lu["passees"], lu["echouees"], lu["non_couvertes"]) == ("emetteur", 1, 1, 1)
    assert [len(e["echanges"]) for e in lu["exigences"]] == [1, 1, 0]
    assert echecs == "1"
    assert all(dit in html for dit in ("Un défaut a été vu.", "À corriger", "&lt;NIR&gt;", "non couverte", "caf-59"))
    assert html.count("<script") == html.count("src=") == html.count("http://") == 0


def test_nothing_of_a_person_and_no_secret_is_in_a_report(dossier: Path) -> None:
    ecrits = "".join(f.read_text() for f in dossier.iterdir())

    assert "fait-1" in ecrits
    for secret in ("185039", "1 85 03", "SECRETE", "MODELE", "jeton-secret", "preuve-secrete", "recu-secret"):
        assert secret not in ecrits


def test_a_kept_run_is_told_again_otherwise(dossier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    html, junit = tmp_path / "autre.html", tmp_path / "autre.xml"

    statut = main(["rapport", str(dossier), "--html", str(html), "--junit", str(junit)])

    assert (statut, capsys.readouterr().out) == (1, "")
    assert html.read_text() == (dossier / "rapport.html").read_text()
    assert junit.read_bytes() == (dossier / "rapport.xml").read_bytes()


def test_a_kept_run_is_read_in_a_terminal_and_by_a_program(dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["rapport", str(dossier / "rapport.json")])
    texte = capsys.readouterr().out
    main(["rapport", str(dossier), "--json"])

    assert "✗ Ne met aucun <NIR>" in texte
    assert "3 exigences. Passées : 1 ; échouées : 1 ; non couvertes : 1." in texte
    assert json.loads(capsys.readouterr().out) == json.loads((dossier / "rapport.json").read_text())


@pytest.mark.parametrize("contenu", ["", "{}", "[]", '{"exigences": [{"id": 1}]}'])
def test_what_is_no_report_ends_with_2(contenu: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rapport.json").write_text(contenu)

    with pytest.raises(SystemExit) as fin:
        main(["rapport", str(tmp_path)])

    assert (fin.value.code, "n'est pas un rapport" in capsys.readouterr().err) == (2, True)


def test_the_page_holds_on_a_telephone_and_axe_finds_no_fault(carnet: Carnet, tmp_path: Path) -> None:
    html = page(document("emetteur", {"Partenaire": "caf-59"}, carnet.resultats("rien vu")))
    navigateur = Navigateur(tmp_path)

    assert navigateur.taille(html, 320)[0] == 320
    assert navigateur.defauts(html) == []
