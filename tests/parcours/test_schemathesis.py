"""The running hub against its own OpenAPI document, by a tool that invents requests: every check, no failure.

A campaign of one's own, longer or from another seed:

    RELAIS_GRAINE=7 RELAIS_EXEMPLES=100 .venv/bin/python -m pytest tests/parcours/test_schemathesis.py
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.components import ROOT
from tests.hub import Hub

SEED, EACH = os.environ.get("RELAIS_GRAINE", "1"), os.environ.get("RELAIS_EXEMPLES", "10")
PATIENCE_S = 600 + 10 * int(EACH)


@pytest.mark.lent
def test_the_hub_answers_as_its_document_says(hub: Hub, tmp_path: Path) -> None:
    tool, settings = Path(sys.executable).parent / "schemathesis", ROOT / "tests" / "outils" / "schemathesis.toml"
    command = [tool, "--config-file", settings, "run", f"{hub.api}/openapi.json", "--seed", SEED, "-n", EACH]
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}",
        "RELAIS_PARTENAIRE": str(hub.data.partners / "cd-59"),
        "NO_COLOR": "1",
    }

    # In a folder of its own: the tool begins with what failed there the last time.
    done = subprocess.run(
        [str(part) for part in command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-12_000:]
