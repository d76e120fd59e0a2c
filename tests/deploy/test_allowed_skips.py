"""A skip that hides a missing part fails the run."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.allowed_skips import NO_BROWSER
from deploy.components import ROOT


@pytest.mark.parametrize(
    ("reason", "everything_is_installed", "code"),
    [(NO_BROWSER, "0", 0), (NO_BROWSER, "1", 1), ("not to-day", "0", 1)],
)
def test_only_a_known_reason_skips_and_none_that_an_installation_ends(
    tmp_path: Path, reason: str, everything_is_installed: str, code: int
) -> None:
    (tmp_path / "test_one.py").write_text(f"import pytest\ndef test_one():\n    pytest.skip({reason!r})\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "deploy.allowed_skips", "-p", "no:cacheprovider", tmp_path]

    done = subprocess.run(
        [str(part) for part in command],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "RELAIS_SANS_SAUT": everything_is_installed, "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
    )

    assert done.returncode == code
