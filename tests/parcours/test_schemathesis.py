"""The running hub against its own OpenAPI document, by a tool that invents requests: every check, no failure.

The suite plays invented requests. The campaign, before what changes a route is landed, adds every edge of every
parameter (two minutes more), or more examples from another seed:

    RELAIS_PHASES=coverage,fuzzing RELAIS_GRAINE=7 RELAIS_EXEMPLES=100 \\
        .venv/bin/python -m pytest tests/parcours/test_schemathesis.py
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.components import ROOT
from tests.hub import Hub

SEED, EACH = os.environ.get("RELAIS_GRAINE", "1"), os.environ.get("RELAIS_EXEMPLES", "20")
PHASES = os.environ.get("RELAIS_PHASES", "fuzzing")
PATIENCE_S = 600 + 10 * int(EACH)


@pytest.mark.lent
def test_the_hub_answers_as_its_document_says(hub: Hub, tmp_path: Path) -> None:
    tool, settings = Path(sys.executable).parent / "schemathesis", ROOT / "tests" / "outils" / "schemathesis.toml"
    command = [tool, "--config-file", settings, "run", f"{hub.api}/openapi.json", "--phases", PHASES]
    command += ["--seed", SEED, "-n", EACH]
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
