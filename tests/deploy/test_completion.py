"""The shell completes `./relais`: commands, and those of a group."""

import os
import subprocess
import sys

from deploy.cli.completion import VARIABLE
from deploy.components import ROOT


def test_the_shell_is_told_the_commands_that_may_come_next() -> None:
    asked = {VARIABLE: "complete_bash", "COMP_WORDS": "./relais partenaire c", "COMP_CWORD": "2"}
    environment = os.environ | asked | {"PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}"}
    command = [sys.executable, "-m", "deploy.cli"]

    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)

    assert {"creer", "cle", "certifier"} <= set(told.stdout.split())
    assert "modifier" not in told.stdout.split()
