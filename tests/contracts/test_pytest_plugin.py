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


def test_a_partner_tests_its_deposits_with_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_le_leur.py").write_text(THEIRS)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "relais_kit.pytest_plugin", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(CONTRACTS)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
