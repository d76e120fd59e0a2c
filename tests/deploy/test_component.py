"""How the launcher treats a component: readiness, respawn, environment, failure at start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from deploy.components import ROOT
from deploy.datadir import DataDir
from tests.deploy.test_hub import is_replaced, is_running, process, until

pytestmark = pytest.mark.lent

PORT = 28490
Launch = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def launch(own_folder: DataDir) -> Iterator[Launch]:
    launched: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.deploy.fake_hub", str(own_folder.path), str(PORT)]
        environment = os.environ | {"MOT_DE_PASSE_DU_TERMINAL": "ne-pas-transmettre"}
        started = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        launched.append(started)
        return started

    yield run
    for hub in launched:
        hub.send_signal(signal.SIGINT)
        hub.communicate(timeout=30)


def is_ready(data: DataDir) -> bool:
    return data.state().get("phase") == "pret"


@pytest.mark.seul
def test_a_hub_is_ready_once_its_gateway_says_so(own_folder: DataDir, launch: Launch) -> None:
    launch()

    ready = until(lambda: is_ready(own_folder), 20)

    assert ready
    assert (own_folder.logs / "entrant.log").read_text().count("sante.demandee") >= 4


@pytest.mark.seul
def test_a_killed_component_is_back_within_two_seconds(own_folder: DataDir, launch: Launch) -> None:
    launch()
    assert until(lambda: is_ready(own_folder), 20)
    killed = process(own_folder, "entrant")

    killed.kill()

    assert until(lambda: is_replaced(own_folder, "entrant", killed.pid), 2)


def test_a_component_inherits_paths_of_its_secrets_and_nothing_of_the_terminal(
    own_folder: DataDir, launch: Launch
) -> None:
    launch()
    assert until(lambda: is_ready(own_folder), 20)
    contents = [path.read_text().strip() for path in own_folder.secrets.rglob("*") if path.is_file()]

    environment = process(own_folder, "entrant").environ()

    assert "MOT_DE_PASSE_DU_TERMINAL" not in environment
    assert environment["RELAIS_SECRETS"] == str(own_folder.secrets / "passerelle")
    assert [content for content in contents if content in str(environment)] == []


def test_ctrl_c_stops_everything_in_order(own_folder: DataDir, launch: Launch) -> None:
    hub = launch()
    assert until(lambda: is_ready(own_folder), 20)
    processes = [process(own_folder, name) for name in ("entrant", "nats", "postgres")]

    hub.send_signal(signal.SIGINT)
    said, _ = hub.communicate(timeout=30)

    assert hub.returncode == 0
    assert "arrêt…" in said
    assert not any(is_running(one) for one in processes)


def test_a_component_that_cannot_start_fails_the_launch_with_its_last_words(
    own_folder: DataDir, launch: Launch
) -> None:
    own_folder.create()
    (own_folder.secrets / "passerelle").mkdir()
    (own_folder.secrets / "passerelle" / "panne").touch()

    hub = launch()
    said, _ = hub.communicate(timeout=60)

    assert hub.returncode == 1
    assert "entrant s'arrête à chaque démarrage :" in said
    assert said.rstrip().endswith("entrant │ panne demandée")
