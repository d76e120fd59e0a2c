"""Connectors without a hub beside them: only what their distribution holds, one folder, one SQLite file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from connectors.alone import FolderRefused, installation, read_mandates
from connectors.fichiers.configuration import EXEMPLE
from connectors.systems import systems
from deploy.components import ROOT
from deploy.keys import new_es256_key

DISTRIBUTION = tomllib.loads((ROOT / "connectors" / "pyproject.toml").read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    here = tmp_path / "chez-nous"
    here.mkdir()
    client = {"issuer": "https://relais.exemple.fr", "token_endpoint": "x", "api": "https://relais.exemple.fr"}
    client |= {"client_id": "si:cd-59", "kid": "k", "alg": "ES256", "scopes": []}  # type: ignore[dict-item]
    (here / "client.json").write_text(json.dumps(client))
    (here / "cle.pem").write_text(new_es256_key())
    (here / "fichiers.toml").write_text(EXEMPLE)
    (here / "jeton.txt").write_text("rlc_bon\n")
    (here / "connecteurs.toml").write_text(
        '[cd-59-fichiers]\nsysteme = "fichiers"\nclient = "client.json"\ncle = "cle.pem"\n'
        'configuration = "fichiers.toml"\njeton = "jeton.txt"\n'
    )
    return here


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel holds, and the contracts, in a folder of their own."""
    site = tmp_path_factory.mktemp("site")
    wheel = DISTRIBUTION["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source, target in wheel["force-include"].items():
        path = ROOT / "connectors" / source
        (site / target).parent.mkdir(exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, site / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, site / target)
    shutil.copytree(ROOT / "contracts" / "relais_contrats", site / "relais_contrats")
    return site


def relais_connecteurs(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin", "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "connectors.alone", *arguments]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


def test_it_runs_from_another_folder_with_its_own_environment(installed: Path, folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "signalements.csv"
    source.write_text("N° dossier;NIR;Nom de naissance;Prénom;Né(e) le;RSA\nA1;;FICTIVE;Zoé;01/02/1985;oui\n")

    listed = relais_connecteurs(installed, "systemes", cwd=tmp_path)
    tried = relais_connecteurs(installed, "essayer", str(folder), "cd-59-fichiers", str(source), cwd=tmp_path)

    assert [line.split(" · ")[0] for line in listed.stdout.splitlines()] == [one.code for one in systems()]
    assert tried.stdout == "1 lignes, 1 conformes, 0 refusées (usager.signale)\n", tried.stderr


def test_a_mandate_is_read_from_the_folder_and_what_it_keeps_is_private(folder: Path) -> None:
    [mandate] = read_mandates(folder)
    installation(folder)

    assert (mandate.code, mandate.partenaire, mandate.systeme) == ("cd-59-fichiers", "cd-59", "fichiers")
    assert mandate.accepts("rlc_bon")
    assert {path.stat().st_mode & 0o777 for path in (folder / "coffre.cle", folder / "etat.sqlite")} == {0o600}


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('cle = "cle.pem"', "", "« cle » manque"),
        ('"client.json"', '"absent.json"', "Fichier absent"),
        ('"fichiers"', '"inconnu"', "système inconnu"),
        ("[cd-59-fichiers]", "[cd-59", "Fichier illisible"),
    ],
    ids=["key", "file", "system", "toml"],
)
def test_a_folder_that_is_wrong_is_refused_in_a_sentence(folder: Path, before: str, after: str, sentence: str) -> None:
    path = folder / "connecteurs.toml"
    path.write_text(path.read_text().replace(before, after))

    with pytest.raises(FolderRefused, match=sentence):
        read_mandates(folder)
