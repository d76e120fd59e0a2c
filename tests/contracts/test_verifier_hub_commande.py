"""`relais-kit verifier hub`, as it is typed: against the mock, its reports, what cannot be done."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from relais_kit.bouchon.porte import Porte
from relais_kit.bouchon.serveur import en_marche
from relais_kit.commande import main
from relais_kit.hub.exigences import EXIGENCES

URL = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("partenaires")


@pytest.fixture(scope="module")
def bouchon(dossier: Path) -> Iterator[Porte]:
    with en_marche(dossier) as porte:
        yield porte


def test_the_command_passes_the_mock_and_writes_every_report(
    bouchon: Porte, dossier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html, junit = tmp_path / "hub.html", tmp_path / "hub.xml"
    acces = ["--acces", str(dossier / "caf-59"), "--acces", str(dossier / "cd-59"), "--ecoute", "0"]
    rapports = ["--rapport", str(tmp_path / "essai"), "--html", str(html), "--junit", str(junit)]

    statut = main(["verifier", "hub", "--url", bouchon.url, *acces, "--profil", "rapide", *rapports])

    ecrit = capsys.readouterr().out
    assert (statut, "✗" in ecrit) == (0, False), ecrit
    assert f"{len(EXIGENCES)} exigences" in ecrit
    assert ET.parse(junit).getroot().get("failures") == "0"  # noqa: S314  we wrote it
    assert "<h1>Relais : rapport de vérification</h1>" in html.read_text()
    assert main(["rapport", str(tmp_path / "essai")]) == 0


def test_the_command_reports_a_defect_to_a_program(
    bouchon: Porte, dossier: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relais_kit.bouchon.porte._DEBIT", {})

    statut = main(["verifier", "hub", "--url", bouchon.url, "--acces", str(dossier / "caf-59"), "--json"])

    ecrit = capsys.readouterr().out  # the log of the mock of this process comes first
    lu = json.loads(ecrit[ecrit.index("{\n") :])
    assert (statut, lu["conforme"]) == (1, False)
    assert [e["id"] for e in lu["exigences"] if e["etat"] == "echouee"] == ["hub.debit"]


@pytest.mark.parametrize(
    ("arguments", "plainte"),
    [
        ([], "il manque --url, ou --acces"),
        (["--url", URL], "il manque --url, ou --acces"),
        (["--url", "ftp://x", "--acces", "absent"], "http://"),
        (["--url", URL, "--acces", "absent"], "absent/client.json ne peut pas être lu"),
        (["--url", URL, "--acces", "a", "--acces", "b", "--acces", "c"], "une fois ou deux"),
        (["--url", URL, "--acces", "a", "--ca", "absente.pem"], "absente.pem n'est pas un fichier de certificats"),
        (["--url", URL, "--acces", "a", "--junit", "absent/x.xml"], "le dossier de absent/x.xml n'existe pas"),
        (["--url", URL, "--acces", "a", "--profil", "lent"], "choix inconnu"),
    ],
)
def test_what_cannot_be_done_is_told_and_ends_with_2(
    arguments: list[str], plainte: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as fin:
        main(["verifier", "hub", *arguments])

    assert (fin.value.code, plainte in capsys.readouterr().err) == (2, True)


def test_an_access_to_another_hub_is_told(bouchon: Porte, dossier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as fin:
        main(["verifier", "hub", "--url", URL, "--acces", str(dossier / "caf-59")])

    assert (fin.value.code, f"est un accès à {bouchon.url}" in capsys.readouterr().err) == (2, True)


def test_requirements_are_listed_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    statut = main(["verifier", "hub", "--exigences", "--json"])

    lues = json.loads(capsys.readouterr().out)
    assert (statut, [e["id"] for e in lues]) == (0, [e.id for e in EXIGENCES.values()])
