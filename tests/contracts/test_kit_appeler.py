"""`relais-kit appeler` against the mock: what it sends, what it shows, how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relais_contrats.exemples import exemple_valide
from relais_kit.bouchon.serveur import en_marche
from relais_kit.commande import main


@pytest.fixture(scope="module")
def acces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    dossier = tmp_path_factory.mktemp("bouchon")
    with en_marche(dossier):
        yield dossier / "caf-59"


def montre(sortie: str) -> Any:
    """The answer, after what the mock of the same process logs."""
    return json.loads(sortie[sortie.index("{") :])


def test_a_message_in_a_file_is_deposited_and_its_answer_shown(
    acces: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fichier = tmp_path / "message.json"
    fichier.write_text(json.dumps(exemple_valide("usager.signale")), encoding="utf-8")

    statut = main(["appeler", "post", "/v1/messages", f"@{fichier}", "--acces", str(acces)])

    assert (statut, montre(capfd.readouterr().out)["etat"]) == (0, "accepte")


def test_a_refusal_is_shown_whole_with_the_field_in_its_sentence(
    acces: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    faux = {**exemple_valide("usager.signale"), "departement": "xx", "id": "faux"}

    statut = main(["appeler", "POST", "/v1/messages", json.dumps(faux), "--acces", str(acces)])

    dit = capfd.readouterr()
    assert (statut, montre(dit.out)["erreurs"][0]["pointeur"]) == (1, "/departement")
    assert "a refusé la demande (422) : /departement : " in dit.err


def test_the_access_is_that_of_the_environment_unless_it_is_named(
    acces: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_JSON", str(acces / "client.json"))
    monkeypatch.setenv("KEY_PEM", str(acces / "cle.pem"))

    statut = main(["appeler", "GET", "/v1/evenements"])

    assert (statut, "curseur" in montre(capfd.readouterr().out)) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["GET", "/v1/evenements"], "il manque dans l'environnement CLIENT_JSON, KEY_PEM ;"),
        (["POST", "/v1/messages", "{"], "CORPS est du JSON, ou @FICHIER."),
        (["POST", "/v1/messages", "@absent.json"], "absent.json ne peut pas être lu"),
        (["GET", "/v1/evenements", "--acces", "absent"], "Fichier absent : absent/client.json"),
    ],
)
def test_what_cannot_be_called_is_told_in_one_sentence(
    arguments: list[str], phrase: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLIENT_JSON", raising=False)
    monkeypatch.delenv("KEY_PEM", raising=False)

    with pytest.raises(SystemExit) as fin:
        main(["appeler", *arguments])

    assert fin.value.code == 2
    assert phrase in capfd.readouterr().err
