"""The fixtures that partners use: a test of theirs, run with the plugin against a mock that really listens."""

import os
import subprocess
import sys
from pathlib import Path

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
THEIRS = """
import pytest

@pytest.mark.anyio
async def test_un_depot(bouchon, partenaire, messages):
    async with partenaire("caf-59") as caf:
        accepte = await caf.post(messages("usager.signale", source=caf.source))
        refuse = await caf.post(messages("usager.signale", {"brsa": "oui"}, source=caf.source))
    assert (accepte.etat, refuse.code) == ("accepte", "schema-invalide")
    assert [e.statut for e in bouchon.memoire.journal] == [201, 422]

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""

LEUR_RECEPTEUR = """
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relais_contrats.client import Receiver, WebhookRefused

SECRET = "whsec_Y2Ugc2VjcmV0IGVzdCBjZWx1aSBkZSBsJ2Vzc2Fp"


def application(*, verifie):
    traites = []

    async def recevoir(requete):
        corps = await requete.body()
        try:
            evenements = Receiver(SECRET).verify(requete.headers, corps)
        except WebhookRefused:
            return Response(status_code=401 if verifie else 204)
        traites.extend(e["id"] for e in evenements if e["id"] not in traites)
        return Response(status_code=204)

    async def sonde(_):
        return JSONResponse({"traites": traites})

    return Starlette(routes=[Route("/webhooks", recevoir, methods=["POST"]), Route("/traites", sonde)])


def test_notre_recepteur(recepteur):
    bilan = recepteur(application(verifie=True), SECRET, sonde="/traites")
    assert bilan.echecs == {}
    assert "recepteur.doublon-une-fois" in bilan.passees


def test_un_recepteur_qui_accepte_tout(recepteur):
    assert "recepteur.signature-fausse" in recepteur(application(verifie=False), SECRET).echecs
"""


def test_a_partner_tests_its_receiver_with_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_le_leur.py").write_text(LEUR_RECEPTEUR)

    assert "2 passed" in run(tmp_path)


def test_a_partner_tests_its_deposits_with_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_le_leur.py").write_text(THEIRS)

    assert "1 passed" in run(tmp_path)


def run(folder: Path) -> str:
    """What pytest says of the tests of this folder, with the plugin."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "relais_kit.pytest_plugin", "-p", "no:cacheprovider", "."],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(CONTRACTS)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout
