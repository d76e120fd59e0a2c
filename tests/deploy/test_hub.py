"""The life of a hub: start, kill, restart, neighbours, and the sentences of those who cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploy import background
from deploy.datadir import DataDir, LaunchError
from tests.deploy.conftest import SILENT

pytestmark = pytest.mark.lent


def start(data: DataDir, port: int) -> None:
    background.start_in_background(data, ["--moteurs-seuls", "--port", str(port)], SILENT)


def process(data: DataDir, name: str) -> psutil.Process:
    processes: Any = data.state()["processus"]
    return psutil.Process(processes[name]["pid"])


def launcher(data: DataDir) -> psutil.Process:
    return psutil.Process(int(str(data.state()["pid"])))


def is_replaced(data: DataDir, name: str, killed_pid: int) -> bool:
    """Whether the state tells of another process, which runs; it may still tell of the one that is gone, or of none."""
    try:
        return process(data, name).pid != killed_pid and is_running(process(data, name))
    except (psutil.NoSuchProcess, KeyError):
        return False


def is_running(found: psutil.Process) -> bool:
    try:
        return found.is_running() and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def until(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "deploy.cli", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.seul
@pytest.mark.parametrize("name", ["nats", "postgres"])
def test_a_killed_process_is_back_within_two_seconds(started: DataDir, name: str) -> None:
    killed = process(started, name)

    killed.kill()

    assert until(lambda: is_replaced(started, name, killed.pid), 2)


def test_a_killed_launcher_leaves_nothing_behind_and_the_next_one_starts(own_folder: DataDir) -> None:
    start(own_folder, 28430)
    children = [process(own_folder, name) for name in ("nats", "postgres")]
    ports = own_folder.known_ports()

    launcher(own_folder).kill()

    assert until(lambda: not any(is_running(child) for child in children), 10)
    start(own_folder, 28430)
    assert own_folder.known_ports() == ports


def test_a_restart_keeps_ports_secrets_and_data(own_folder: DataDir) -> None:
    start(own_folder, 28440)
    before = (own_folder.known_ports(), own_folder.nkey_file("usagers").read_text())
    cluster = (own_folder.postgres / "PG_VERSION").stat().st_mtime

    background.stop(own_folder, SILENT)
    background.start_in_background(own_folder, ["--moteurs-seuls"], SILENT)

    assert (own_folder.known_ports(), own_folder.nkey_file("usagers").read_text()) == before
    assert (own_folder.postgres / "PG_VERSION").stat().st_mtime == cluster


def test_stopping_lets_postgresql_close_properly(own_folder: DataDir) -> None:
    start(own_folder, 28450)
    children = [process(own_folder, name) for name in ("nats", "postgres")]

    background.stop(own_folder, SILENT)

    assert not any(is_running(child) for child in children)
    assert "database system is shut down" in (own_folder.logs / "postgres.log").read_text()


def test_two_hubs_live_side_by_side(started: DataDir, own_folder: DataDir) -> None:
    start(own_folder, 28460)
    ports = [*vars_of(started), *vars_of(own_folder)]

    background.stop(own_folder, SILENT)

    assert len(set(ports)) == 8
    assert is_running(process(started, "nats"))


def vars_of(data: DataDir) -> list[int]:
    ports = data.known_ports()
    return [ports.passerelle, ports.console, ports.nats, ports.postgres]


def test_a_folder_in_use_is_refused_in_one_sentence(started: DataDir) -> None:
    refused = command("up", "--donnees", str(started.path))

    assert refused.returncode == 1
    assert refused.stderr == f"Erreur : Le dossier de données {started.path} sert déjà à un relais en marche.\n"


def test_a_taken_port_is_refused_in_one_sentence(own_folder: DataDir) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        refused = command("up", "--donnees", str(own_folder.path), "--port", str(port))

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"Erreur : Le port {port} est déjà pris")
    assert refused.stderr.count("\n") == 1


def test_a_path_that_is_no_folder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "fichier").touch()

    with pytest.raises(LaunchError, match="qui n'est pas un dossier"):
        DataDir(tmp_path / "fichier" / "donnees").create()


def test_no_secret_reaches_a_process_by_its_environment(own_folder: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOT_DE_PASSE_DU_TERMINAL", "ne-pas-transmettre")
    start(own_folder, 28470)
    secrets = [path.read_text().strip() for path in own_folder.secrets.rglob("*") if path.is_file()]

    environments = [process(own_folder, name).environ() for name in ("nats", "postgres")]
    command_lines = [" ".join(process(own_folder, name).cmdline()) for name in ("nats", "postgres")]

    handed = "\n".join([str(environment) for environment in environments] + command_lines)
    assert "ne-pas-transmettre" not in handed
    assert [secret for secret in secrets if secret in handed] == []


def test_only_the_owner_reads_secrets(started: DataDir) -> None:
    files = [path for path in started.secrets.rglob("*") if path.is_file()]
    folders = [path for path in started.secrets.rglob("*") if path.is_dir()]

    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in [*folders, started.secrets]} == {0o700}


def test_an_interrupted_creation_of_the_cluster_starts_over(own_folder: DataDir) -> None:
    own_folder.create()
    (own_folder.path / "postgres.en-cours").mkdir()
    (own_folder.path / "postgres.en-cours" / "PG_VERSION").touch()

    start(own_folder, 28480)

    assert (own_folder.postgres / "global").is_dir()


def test_a_leftover_pid_that_someone_else_has_now_is_spared(own_folder: DataDir) -> None:
    own_folder.create()
    own_folder.write_state(pid=1, phase="pret", processus={"nats": {"pid": os.getpid(), "debut": 1.0}})
    received: list[int] = []
    previous = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))

    background.stop(own_folder, SILENT)
    signal.signal(signal.SIGTERM, previous)

    assert received == []
