"""The set-up of the environment, without installing anything; `.ci/fresh-clone` does it for good."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import bootstrap


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tree with a lock, as `bootstrap` sees it."""
    environment = tmp_path / ".venv"
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", environment)
    monkeypatch.setattr(bootstrap, "LOCK_FILE", tmp_path / "requirements.lock")
    monkeypatch.setattr(bootstrap, "STAMP", environment / ".relais")
    monkeypatch.setattr(bootstrap, "PYTHON", environment / "bin" / "python")
    (tmp_path / "requirements.lock").write_text("a==1\n")
    return tmp_path


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces creation and installation by notes of them."""
    done: list[str] = []

    def create() -> None:
        bootstrap.PYTHON.parent.mkdir(parents=True)
        bootstrap.PYTHON.symlink_to(sys.executable)
        done.append("create")

    monkeypatch.setattr(bootstrap, "_create", create)
    monkeypatch.setattr(bootstrap, "_install", lambda: done.append("install"))
    monkeypatch.setattr(bootstrap, "_make_importable", lambda: None)
    return done


def test_a_second_use_installs_nothing(place: Path, installs: list[str]) -> None:
    bootstrap.ensure_environment()
    bootstrap.ensure_environment()

    assert installs == ["create", "install"]


def test_a_changed_lock_is_installed_in_the_same_environment(place: Path, installs: list[str]) -> None:
    bootstrap.ensure_environment()
    (place / "requirements.lock").write_text("a==2\n")
    bootstrap.ensure_environment()

    assert installs == ["create", "install", "install"]


def test_an_interrupted_installation_is_taken_up_again(
    place: Path, installs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "_install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.ensure_environment()
    monkeypatch.setattr(bootstrap, "_install", lambda: installs.append("install"))
    bootstrap.ensure_environment()

    assert installs == ["create", "install"]


def test_an_environment_copied_from_elsewhere_is_made_anew(place: Path, installs: list[str]) -> None:
    bootstrap.ensure_environment()
    bootstrap.STAMP.write_text("0123 /somewhere/else\n")
    bootstrap.ensure_environment()

    assert installs == ["create", "install", "create", "install"]


def test_a_broken_interpreter_is_replaced(place: Path, installs: list[str]) -> None:
    bootstrap.ensure_environment()
    bootstrap.PYTHON.unlink()
    bootstrap.PYTHON.symlink_to("/gone/python")
    bootstrap.ensure_environment()

    assert installs == ["create", "install", "create", "install"]


def test_the_installer_itself_is_taken_from_the_lock_with_its_hashes() -> None:
    lines = bootstrap._locked("uv").splitlines()

    assert lines[0].startswith("uv==")
    assert all("--hash=sha256:" in line for line in lines[1:])
    assert not lines[-1].endswith("\\")


def test_the_lock_pins_and_hashes_every_package_and_names_no_host() -> None:
    lock = (Path(bootstrap.__file__).parent.parent / "requirements.lock").read_text()
    pinned = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]

    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert "://" not in lock


def test_an_old_python_is_told_what_is_needed() -> None:
    launcher = Path(bootstrap.__file__).parent.parent / "relais"
    source = launcher.read_text().replace("sys.version_info < MINIMUM", "True").replace("python3.1", "absent3.1")

    refused = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)

    assert refused.returncode == 1
    assert refused.stderr.startswith("Relais demande Python 3.11, 3.12 ou 3.13")
