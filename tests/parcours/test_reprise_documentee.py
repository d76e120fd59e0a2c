"""`docs/reprise.md`, command by command, on a hub: what each step does, and what the checks show of a small stock."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.components import ROOT
from tests.deploy.cnaf_flows import HEADER, flux, foyer, personne
from tests.hub import Hub, free_port
from tests.jour import aujourdhui
from tests.offres.annonces import service, structure
from tests.parcours.reorientation import day
from tests.parcours.stock import Personne, personnes, situation

pytestmark = pytest.mark.lent

BLOC = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = (ROOT / "docs" / "reprise.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECENTE, ANCIENNE = day(-20), day(-700)


def commandes() -> list[str]:
    """Each line of each block of the page."""
    return [ligne for bloc in BLOC.findall(PAGE) for ligne in bloc.splitlines()]


def fonction() -> str:
    """`relais_curl`, as the README has it."""
    [found] = re.findall(r"^relais_curl\(\) \{.*?^\}$", README, re.MULTILINE | re.DOTALL)
    return str(found)


class Poste:
    """The desk of the département: a folder with its files, `./relais` and `relais-kit`; what each command answered."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.folder = folder
        self._hub = hub
        self._programme("relais", f'exec {ROOT}/.venv/bin/python -m deploy.cli "$@" --donnees {hub.data.path}')
        self._programme("relais-kit", f'exec {ROOT}/.venv/bin/python -m relais_kit "$@"')
        (folder / "docs").symlink_to(ROOT / "docs")
        self.reponses: dict[str, str] = {}

    def _programme(self, nom: str, ligne: str) -> None:
        chemin = self.folder / nom
        chemin.write_text(f"#!/bin/sh\nPYTHONPATH={ROOT}:{ROOT}/contracts {ligne}\n")
        chemin.chmod(0o755)

    def lance(self, commande: str) -> None:
        texte = f"set -euo pipefail\n{fonction()}\n{commande}".replace(":8420", f":{self._hub.port}")
        environment = os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}", "COLUMNS": "120"}
        done = subprocess.run(
            ["bash", "-c", texte], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, (commande, done.stdout, done.stderr)
        self.reponses[commande] = done.stdout

    def reponse(self, motif: str) -> Any:
        """What the one command that names this answered."""
        [texte] = [texte for commande, texte in self.reponses.items() if motif in commande]
        return json.loads(texte)

    def lignes(self, fichier: str) -> list[dict[str, Any]]:
        return [json.loads(ligne) for ligne in (self.folder / fichier).read_text().splitlines()]

    def ecrit(self, fichier: str, lignes: list[dict[str, Any]]) -> None:
        (self.folder / fichier).write_text("\n".join(json.dumps(ligne, ensure_ascii=False) for ligne in lignes) + "\n")


def a_la_caf(une: Personne, demande_le: str) -> str:
    connue = personne(int(une.matricule[-3:]), nom=une.nom, naissance=une.naissance, nir_="")
    return foyer(connue, matricule=une.matricule, demande=f"{une.matricule:0>11}", demande_le=demande_le)


@pytest.fixture(scope="module")
def stock() -> dict[str, Personne]:
    """Known to the CAF since a while, or for a short time; not known to it; of whom the file says something wrong; and
    who is not in the stock."""
    noms = ("ancienne", "recente", "inconnue", "erronee", "nouvelle")
    connues = dict(zip(noms, personnes(len(noms)), strict=True))
    fausse = situation(date_reprise=day(2))
    return connues | {"erronee": Personne(**vars(connues["erronee"]) | {"situation": fausse})}


@pytest.fixture(scope="module")
def poste(stock: dict[str, Personne]) -> Iterator[Poste]:
    with tempfile.TemporaryDirectory(prefix="relais-reprise-") as folder:
        hub = Hub(Path(folder) / "hub", free_port())
        hub.up()
        try:
            desk = Path(folder) / "poste"
            desk.mkdir()
            poste = Poste(hub, desk)
            _fichiers(poste, stock)
            for commande in commandes():
                poste.lance(commande)
            yield poste
        finally:
            hub.down()


def _fichiers(poste: Poste, stock: dict[str, Personne]) -> None:
    today = aujourdhui().isoformat()
    header = HEADER.replace("2026-11-05", today).replace("2026-10-31", today)
    dits = {"ancienne": ANCIENNE, "recente": RECENTE, "erronee": ANCIENNE, "nouvelle": RECENTE}
    (poste.folder / "flux-rsa.xml").write_bytes(
        flux(*(a_la_caf(stock[qui], demande_le) for qui, demande_le in dits.items()), header=header)
    )
    poste.ecrit("catalogue.jsonl", [structure(1), service(1)])
    suivies = [une for qui, une in stock.items() if qui != "nouvelle"]
    poste.ecrit("signalements.ndjson", [une.signalement() for une in suivies])
    poste.ecrit("reprises-sans-sujet.ndjson", [une.reprise() for une in suivies])


def test_the_page_says_how_to_load_and_how_to_check() -> None:
    assert len(commandes()) >= 12
    assert "docs/reprise.md" in README


def test_each_person_of_the_stock_is_signalled_and_what_is_right_is_declared(
    poste: Poste, stock: dict[str, Personne]
) -> None:
    etats = {ligne["id"]: ligne["etat"] for ligne in poste.lignes("reponses-reprises.ndjson")}

    assert etats == {
        f"reprise-{stock['ancienne'].dossier}": "accepte",
        f"reprise-{stock['recente'].dossier}": "accepte",
        f"reprise-{stock['inconnue'].dossier}": "accepte",
        f"reprise-{stock['erronee'].dossier}": "refuse",
    }


def test_what_was_not_taken_is_found_with_its_reason(poste: Poste, stock: dict[str, Personne]) -> None:
    refusees = poste.reponse("etat=refuse&type=reprise.declaree")["messages"]

    assert [une["id"] for une in refusees] == [f"reprise-{stock['erronee'].dossier}"]
    assert [e["pointeur"] for e in refusees[0]["probleme"]["erreurs"]] == ["/data/date_reprise"]
    assert poste.reponse("etat=refuse&type=usager.signale")["messages"] == []
    assert poste.reponse("etat=en-attente")["messages"] == []


def test_what_was_deposited_is_listed_with_its_hash(poste: Poste) -> None:
    deposes = {ligne["id"] for ligne in poste.lignes("deposes.ndjson")}

    assert {ligne["id"] for ligne in poste.lignes("signalements.ndjson")} <= deposes
    assert {ligne["id"] for ligne in poste.lignes("reprises.ndjson")} <= deposes


def test_whom_the_stock_does_not_say_is_listed(poste: Poste, stock: dict[str, Personne]) -> None:
    sans = {une["parcours"] for une in poste.reponse("orientation=aucune")["parcours"]}
    signales = {r["id"].removeprefix("signale-"): r["parcours"] for r in poste.lignes("reponses-signalements.ndjson")}

    assert len(sans) == 2
    assert signales[stock["erronee"].dossier] in sans
    assert signales[stock["recente"].dossier] not in sans


def test_whom_the_caf_does_not_say_was_opened_by_the_stock(poste: Poste, stock: dict[str, Personne]) -> None:
    ouverts = poste.reponse("types=parcours.ouvert")["evenements"]

    assert f"signale-{stock['inconnue'].dossier}" in [un.get("causeid") for un in ouverts]
    assert f"signale-{stock['ancienne'].dossier}" not in [un.get("causeid") for un in ouverts]
    assert poste.reponse("etat=ambigu")["parcours"] == []


def test_six_weeks_run_for_the_new_ones_only(poste: Poste) -> None:
    dus = poste.reponse("echeance_avant")["parcours"]

    assert [une["nature"] for une in dus if une["nature"] in ("decision", "signature", "reexamen")] == ["decision"]
