"""`relais-kit verifier hub` on a running hub, and what it found."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.components import ROOT


def verify_hub(url: str, folders: Sequence[Path], *options: str) -> list[dict[str, Any]]:
    """The requirements of the report, whatever their state."""
    acces = [argument for folder in folders for argument in ("--acces", str(folder))]
    command = [sys.executable, "-m", "relais_kit", "verifier", "hub", "--url", url, *acces, "--json", "--ecoute", "0"]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "contracts")}, timeout=120
    )
    assert done.returncode in (0, 1), done.stderr
    requirements: list[dict[str, Any]] = json.loads(done.stdout)["exigences"]
    return requirements


def failures(requirements: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Why each that failed did."""
    return {one["id"]: one["details"] for one in requirements if one["etat"] == "echouee"}


def states(requirements: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {one["id"]: one["etat"] for one in requirements}
