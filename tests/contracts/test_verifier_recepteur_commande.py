"""`relais-kit verifier recepteur` as a command: exit status, reports, what it asks for, against served receivers."""

import io
import json
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from relais_kit.bouchon.serveur import ecouter
from relais_kit.commande import main
from relais_kit.recepteur.exigences import EXIGENCES
from relais_kit.recepteur.identite import publique
from tests.contracts.recepteurs import ANCIEN, SECRET, Juste
from tests.contracts.recepteurs_fautifs import RefuseLeGrand

URL = "http://recepteur.exemple"


@pytest.fixture
def lance() -> Iterator[Callable[[Juste], str]]:
    """`lance(receiver)` serves it on loopback; returns its address."""
    serveurs: list[tuple[uvicorn.Server, threading.Thread]] = []

    def servir(recepteur: Juste) -> str:
        prise = ecouter(0)
        serveur = uvicorn.Server(uvicorn.Config(recepteur.app, log_level="critical", lifespan="off"))
        fil = threading.Thread(target=serveur.run, kwargs={"sockets": [prise]})
        fil.start()
        serveurs.append((serveur, fil))
        return f"http://127.0.0.1:{prise.getsockname()[1]}"

    yield servir
    for serveur, fil in serveurs:
        serveur.should_exit = True
        fil.join()


def test_the_command_reports_a_right_receiver(
    lance: Callable[[Juste], str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    url, rapport = lance(Juste()), tmp_path / "rapport.xml"
    commande = ["verifier", "recepteur", "--url", f"{url}/webhooks", "--secret", SECRET, "--sonde", f"{url}/traites"]

    statut = main([*commande, "--rapide", "--junit", str(rapport)])

    ecrit = capsys.readouterr().out
    assert (statut, "✗" in ecrit) == (0, False)
    assert f"{len(EXIGENCES)} exigences" in ecrit
    assert ET.parse(rapport).getroot().get("failures") == "0"  # noqa: S314  we wrote it


def test_the_command_reports_a_defect_to_a_program(
    lance: Callable[[Juste], str], capsys: pytest.CaptureFixture[str]
) -> None:
    url = lance(RefuseLeGrand())

    statut = main(
        ["verifier", "recepteur", "--url", f"{url}/webhooks", "--secret", SECRET, "--rapide", "--lot", "1", "--json"]
    )

    lu = json.loads(capsys.readouterr().out)
    assert (statut, lu["conforme"], lu["echouees"]) == (1, False, 1)
    assert [e["id"] for e in lu["exigences"] if e["etat"] == "echouee"] == ["recepteur.grand"]


def test_the_command_signs_v1a_with_a_key_of_a_file(
    lance: Callable[[Juste], str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cle, abonnement, fichier = Ed25519PrivateKey.generate(), str(uuid4()), tmp_path / "cle.pem"
    fichier.write_bytes(cle.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    url = lance(Juste(publique(cle), abonnement=abonnement))
    v1a = ["--cle-v1a", str(fichier), "--abonnement", abonnement]

    statut = main(["verifier", "recepteur", "--url", f"{url}/webhooks", *v1a, "--rapide", "--lot", "5", "--json"])

    lu = json.loads(capsys.readouterr().out)
    etats = {e["id"]: e["etat"] for e in lu["exigences"]}
    assert (statut, etats["recepteur.v1a-abonnement"]) == (0, "passee")


@pytest.mark.parametrize(
    ("arguments", "plainte"),
    [
        ([], "il manque --url"),
        (["--url", "ftp://x"], "http://"),
        (["--url", URL, "--secret", "secret"], "whsec_"),
        (["--url", URL, "--secret", SECRET, "--lot", "0"], "--lot"),
        (["--url", URL, "--secret", SECRET, "--types", "rdv.planifi"], "rdv.planifie"),
        (["--url", URL, "--secret", SECRET, "--abonnement", str(uuid4())], "--cle-v1a"),
        (["--url", URL, "--secret", SECRET, "--ancien-secret", ANCIEN, "--ancien-jusqua", "demain"], "instant"),
        (["--url", "http://127.0.0.1:1/", "--secret", SECRET], "vérifiez --url"),
        (["--url", URL, "--cle-v1a", "absente.pem"], "absente.pem"),
    ],
)
def test_what_cannot_be_done_is_told_and_ends_with_2(
    arguments: list[str], plainte: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as fin:
        main(["verifier", "recepteur", *arguments])

    assert (fin.value.code, plainte in capsys.readouterr().err) == (2, True)


def test_a_secret_that_nobody_gave_is_shown_and_waits(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))

    with pytest.raises(SystemExit):
        main(["verifier", "recepteur", "--url", "http://127.0.0.1:1/"])

    assert "à donner au récepteur : whsec_" in capsys.readouterr().err


def test_requirements_are_listed_with_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    statut = main(["verifier", "recepteur", "--exigences", "--json"])

    lues = json.loads(capsys.readouterr().out)
    assert (statut, [e["id"] for e in lues]) == (0, [e.id for e in EXIGENCES.values()])
    assert all(e["phrase"].endswith(".") and e["source"] for e in lues)
    assert len({e["id"] for e in lues}) == len(lues)
