"""The example partners against the mock hub, judged by the kit: each must be right, whatever its language."""

import base64
import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.allowed_skips import NO_LANGUAGE
from deploy.components import ROOT
from relais_contrats.signatures import headers, v1
from relais_kit.bouchon.porte import Porte
from relais_kit.bouchon.serveur import en_marche
from relais_kit.commande import main
from relais_kit.recepteur.identite import nouveau_secret
from tests.contracts.partenaires_exemples import DOSSIER, EXEMPLES, MESSAGE, Exemple, acces, traites

LIGNES_MAX = 150
EMETTEUR, LECTEUR = "caf-59", "cd-59"
DEBUT = b'{"id": "interro'
"""Of an event whose writing was cut short."""
VUS_EMETTEUR, VUS_RECEPTEUR = 33, 39
"""Requirements that the kit puts to the proof: a program that did less would show fewer."""


@pytest.fixture(params=EXEMPLES)
def exemple(request: pytest.FixtureRequest) -> Exemple:
    choisi = EXEMPLES[request.param]
    if not choisi.est_installe:
        pytest.skip(NO_LANGUAGE)
    return choisi


@pytest.fixture(scope="module")
def partenaires() -> Iterator[tuple[Porte, Path]]:
    """One mock for all of them, and the folder of what it hands over."""
    with tempfile.TemporaryDirectory() as dossier, en_marche(Path(dossier)) as porte:
        yield porte, Path(dossier)


def rapport(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], int]:
    """The requirements that failed, with what was found, and how many passed."""
    lu: dict[str, Any] = json.loads(capsys.readouterr().out)
    return [f"{e['id']} : {e['details']}" for e in lu["exigences"] if e["etat"] == "echouee"], lu["passees"]


@pytest.mark.parametrize("nom", EXEMPLES)
def test_an_example_can_be_read_in_one_go(nom: str) -> None:
    lignes = (DOSSIER / EXEMPLES[nom].source).read_text(encoding="utf-8").splitlines()

    assert len(lignes) <= LIGNES_MAX
    assert max(map(len, lignes)) <= 120


def test_python_is_pinned_as_the_project_is() -> None:
    """So that what is tested here is what a partner installs."""
    epingle = re.compile(r"^[a-z0-9-]+==[^ ]+", re.MULTILINE)
    ici = epingle.findall((DOSSIER / "python" / "requirements.txt").read_text())

    assert ici
    assert set(ici) <= set(epingle.findall((ROOT / "requirements.lock").read_text()))


def test_it_deposits_and_tells_what_was_refused(
    exemple: Exemple, partenaires: tuple[Porte, Path], tmp_path: Path
) -> None:
    dossier = partenaires[1]
    faux = tmp_path / "faux.json"
    faux.write_text(json.dumps(json.loads(MESSAGE.read_text()) | {"id": "faux", "departement": "ailleurs"}))

    depose = exemple.lancer(tmp_path, acces(dossier, EMETTEUR), "envoyer", str(MESSAGE), str(MESSAGE))
    refuse = exemple.lancer(tmp_path, acces(dossier, EMETTEUR), "envoyer", str(faux), str(MESSAGE))

    assert (depose[0], depose[1].count("accepte"), refuse[0], refuse[1].count("accepte")) == (0, 2, 1, 1)
    assert "/departement" in refuse[1]


def test_it_reads_its_feed_to_the_end_and_survives_a_hub_that_was_restored(
    exemple: Exemple, partenaires: tuple[Porte, Path], tmp_path: Path
) -> None:
    porte, dossier = partenaires
    porte.memoire.positions.clear()
    assert exemple.lancer(tmp_path, acces(dossier, EMETTEUR), "envoyer", str(MESSAGE))[0] == 0
    porte.modes.poser("doublon", 1)

    lu = exemple.lancer(tmp_path, acces(dossier, LECTEUR), "lire")
    fin = porte.memoire.positions[LECTEUR]
    porte.modes.poser("epoque", 1)
    relu = exemple.lancer(tmp_path, acces(dossier, LECTEUR), "lire")

    assert (lu[0], relu[0], fin) == (0, 0, len(porte.memoire.fils[LECTEUR]))


def test_the_kit_finds_no_fault_in_what_it_sends(
    exemple: Exemple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MESSAGE_JSON", str(MESSAGE))
    monkeypatch.setenv("ETAT", str(tmp_path))

    # The steps of --rapide, without its limit in time: a loaded machine changes nothing.
    statut = main(["verifier", "emetteur", "--json", "--commande", exemple.ligne])

    echouees, passees = rapport(capsys)
    assert (statut, echouees) == (0, [])
    assert passees >= VUS_EMETTEUR


def test_the_kit_finds_no_fault_in_what_it_receives(
    exemple: Exemple, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, ancien = nouveau_secret(), nouveau_secret()
    with exemple.recepteur(tmp_path, secret, ancien) as url:
        connus = ["--secret", secret, "--ancien-secret", ancien, "--sonde", f"{url}/sonde"]
        statut = main(["verifier", "recepteur", "--rapide", "--json", "--url", f"{url}/webhooks", *connus])

    echouees, passees = rapport(capsys)
    assert (statut, echouees) == (0, [])
    assert passees >= VUS_RECEPTEUR


def test_what_it_accepted_survives_its_brutal_end(exemple: Exemple, tmp_path: Path) -> None:
    secret, lignes = nouveau_secret(), tmp_path / "recus.ndjson"
    with exemple.recepteur(tmp_path, secret) as url:
        livrer(url, secret, "un", "deux")
    if lignes.exists():  # not all keep their events so
        with lignes.open("ab") as fichier:
            fichier.write(DEBUT if lignes.read_bytes().endswith(b"\n") else b"\n" + DEBUT)
    with exemple.recepteur(tmp_path, secret) as url:
        livrer(url, secret, "un", "trois")
        vus = traites(url)

    assert vus == ["un", "deux", "trois"]
    if lignes.exists():
        assert [json.loads(ligne)["id"] for ligne in lignes.read_bytes().splitlines() if ligne.endswith(b"}")] == vus


def livrer(url: str, secret: str, *ids: str) -> None:
    lot = [{"id": id_, "type": "fr.insertion.usager.signale.v1", "data": {}} for id_ in ids]
    corps, signataire = json.dumps(lot).encode(), v1(base64.b64decode(secret.removeprefix("whsec_")))
    signe = headers([signataire], "_".join(ids), int(time.time()), corps)
    httpx.post(f"{url}/webhooks", content=corps, headers=signe).raise_for_status()
