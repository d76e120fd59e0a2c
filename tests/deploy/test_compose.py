"""docker-compose.yml and the Dockerfile: accepted by their own tools, equal to the table, and their commands start."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy import nats_config, postgres
from deploy.components import COMPONENTS, ROOT, SECRETS, Component, schemas
from deploy.datadir import HOST, DataDir, Ports
from deploy.keys import ADMIN
from deploy.launcher import component_environment
from tests.deploy.container import DOCKERFILE, Image, build
from tests.hub import free_port

BIN = Path(sys.executable).parent
IN_CONTAINER = DataDir(Path("/run"))
PORTS = Ports(passerelle=8420, console=8421, nats=4222, postgres=5432, connecteurs=8423, sftp=8424)
OURS = {component.name: component for component in COMPONENTS}
GATEWAYS = [component.name for component in COMPONENTS if component.gateway]
SHARED = {"contracts", "chassis", "coffre", "healthcheck.py"}
_SANDBOX, _FOUR_EYES = {"RELAIS_BAC_A_SABLE": "0"}, {"RELAIS_QUATRE_YEUX": "0"}
_ALARMS = {
    "RELAIS_ALERTES_SMTP": "",
    "RELAIS_ALERTES_EXPEDITEUR": "relais@localhost",
    "RELAIS_CONSOLE_URL": "",
}
OPTIONS = {"console": _FOUR_EYES, "entrant": _SANDBOX | _FOUR_EYES, "sortant": _SANDBOX | _ALARMS}
"""What an operator may set, as it is when nobody does."""
PUBLIC_URL = "https://relais.exemple.fr"


@cache
def compose() -> Mapping[str, Any]:
    """The file as the compose CLI reads it, variables replaced."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "RELAIS_URL_PUBLIQUE": PUBLIC_URL}
    command = [str(BIN / "docker-compose"), "--project-directory", str(ROOT), "config", "--format", "json"]
    rendered = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert rendered.returncode == 0, rendered.stderr
    assert rendered.stderr == ""
    read: dict[str, Any] = json.loads(rendered.stdout)
    return read


def service(name: str) -> Mapping[str, Any]:
    found: dict[str, Any] = compose()["services"][name]
    return found


def targets(name: str) -> dict[str, str]:
    """Where each secret of a service is, inside → on the host, relative to the data folder."""
    files = {key: secret["file"] for key, secret in compose()["secrets"].items()}
    return {s["target"]: files[s["source"]].partition("/.relais-compose/")[2] for s in service(name)["secrets"]}


def expected_environment(component: Component) -> dict[str, str]:
    """What the launcher gives, with the names of the containers instead of loopback."""
    own = component_environment(IN_CONTAINER, PORTS, component) | {"RELAIS_NIVEAU_LOG": "info"}
    moved = {
        "RELAIS_NATS_URL": "nats://nats:4222",
        "RELAIS_DATABASE_URL": f"postgresql://{component.schema}@postgres:5432/{postgres.DATABASE}",
        "RELAIS_URL_PUBLIQUE": PUBLIC_URL,
        "RELAIS_HOTE": "0.0.0.0",  # noqa: S104
        "RELAIS_AUTORISER_LOOPBACK": "0",
        "RELAIS_PORTS_DU_HUB": "[]",
        "RELAIS_PROXY_DE_CONFIANCE": "1",
        "RELAIS_PORT_ADMIN": "9464",
        "RELAIS_DOSSIER_CONNECTEURS": "/var/lib/relais/connecteurs",
        "RELAIS_OTLP_URL": "http://jaeger:4318",
    }
    return own | OPTIONS.get(component.name, {}) | {name: value for name, value in moved.items() if name in own}


def secret_files(component: Component) -> set[str]:
    """One by one, but for the gateway: it mounts its folder, where a changing key has a second file."""
    if component.gateway:
        return {f"nats/{component.name}.nk", f"postgres/{component.schema}.mdp"}
    own = {f"{component.secrets}/{secret.filename}" for secret in SECRETS.get(component.secrets, ())}
    return {f"nats/{component.name}.nk", f"postgres/{component.schema}.mdp", *own}


def test_the_dockerfile_passes_hadolint() -> None:
    checked = subprocess.run([str(BIN / "hadolint"), str(DOCKERFILE)], capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout) == (0, "")


def test_every_component_is_a_service() -> None:
    built = {name for name, one in compose()["services"].items() if one.get("build", {}).get("target") == "composant"}

    assert built == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_the_environment_is_that_of_the_table(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAIS_OTLP_URL", raising=False)

    assert service(name)["environment"] == expected_environment(OURS[name])


@pytest.mark.parametrize("name", OURS)
def test_a_component_gets_its_own_secrets_and_no_other(name: str) -> None:
    inside = targets(name)

    assert set(inside) == {f"/run/secrets/{path}" for path in secret_files(OURS[name])}
    assert all(host == target.removeprefix("/run/") for target, host in inside.items())


@pytest.mark.parametrize("name", GATEWAYS)
@pytest.mark.parametrize("rank_and_folder", [(0, "passerelle"), (1, "coffre")], ids=["its own", "the masters"])
def test_a_gateway_reads_every_key_of_its_folders_and_writes_none(name: str, rank_and_folder: tuple[int, str]) -> None:
    rank, folder = rank_and_folder
    mounted = service(name)["volumes"][rank]

    assert (mounted["type"], mounted["target"], mounted["read_only"]) == ("bind", f"/run/secrets/{folder}", True)
    assert mounted["source"].endswith(f"/.relais-compose/secrets/{folder}")
    assert mounted["bind"] == {"create_host_path": False}


def test_the_broker_gets_the_cipher_of_its_streams_where_its_configuration_includes_it() -> None:
    [secret] = service("nats")["secrets"]
    [configuration] = service("nats")["configs"]

    assert Path(secret["target"]) == Path(configuration["target"]).with_name("flux.conf")
    assert targets("nats") == {secret["target"]: "secrets/nats/flux.conf"}


def test_provisioning_gets_the_password_of_every_role_and_nothing_else() -> None:
    roles = {ADMIN, *schemas()}

    assert set(targets("provision")) == {f"/run/secrets/postgres/{role}.mdp" for role in roles}


PARTAGES = {"services": "services/dossiers"}


@pytest.mark.parametrize("name", OURS)
def test_an_image_is_built_from_the_folder_of_its_component(name: str) -> None:
    module = OURS[name].module
    package = module.split(".")
    folder = "/".join(package[:-1])
    shared = {"PARTAGE": PARTAGES[package[0]]} if package[0] in PARTAGES else {}

    assert service(name)["build"]["args"] == {"COMPONENT": folder, "MODULE": module, **shared}


@pytest.mark.parametrize("name", [*OURS, "provision", "nginx", "nats", "postgres", "jaeger"])
def test_a_container_is_hardened(name: str) -> None:
    one = service(name)

    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in one


def test_only_the_front_is_published_beyond_this_machine() -> None:
    published = {
        (name, port.get("host_ip"), port["target"])
        for name, one in compose()["services"].items()
        for port in one.get("ports", ())
    }

    assert published == {
        ("nginx", None, 8443),
        ("connecteurs", None, 8424),
        ("console", "127.0.0.1", 8421),
        ("jaeger", "127.0.0.1", 16686),
    }
    assert compose()["networks"]["interne"]["internal"] is True
    assert {name for name, one in compose()["services"].items() if "externe" in one["networks"]} == {
        "nginx",
        "console",
        "jaeger",
        "sortant",
        "connecteurs",
    }


def test_images_are_pinned_to_a_version() -> None:
    images = [one["image"] for one in compose()["services"].values() if "build" not in one]
    base = re.search(r"^ARG PYTHON=(.*)$", DOCKERFILE.read_text(), re.MULTILINE)

    assert base is not None
    assert all(re.search(r":\d+\.\d+", image) for image in [*images, f"python:{base[1]}"])


def test_the_image_of_a_component_holds_no_other(tmp_path: Path) -> None:
    images = {name: build(tmp_path / name, "composant", service(name)["build"]["args"]) for name in OURS}

    own = {name: {path.name for path in image.folder.iterdir()} - SHARED for name, image in images.items()}
    services = {path.name for path in (images["usagers"].folder / "services").iterdir() if path.is_dir()}
    gateways = {n: {p.name for p in (images[n].folder / "gateway").iterdir() if p.is_dir()} for n in GATEWAYS}

    assert own["usagers"] == own["orientation"] == {"services"}
    assert own["entrant"] == own["sortant"] == {"gateway"}
    assert own["console"] == {"console"}
    assert own["connecteurs"] == {"connectors"}
    assert services == {"usagers", "dossiers"}
    assert gateways == {"entrant": {"inbound"}, "sortant": {"outbound"}}


class Site:
    """External engines, empty but for their administrator, prepared as the head of docker-compose.yml says."""

    def __init__(self, folder: Path) -> None:
        self.data = DataDir(folder / "relais")
        self.images = folder / "images"
        self.nats, self.postgres = free_port(), free_port()
        self._processes: list[subprocess.Popen[bytes]] = []
        self.provision = build(self.images / "provision", "provision")

    def prepare(self) -> None:
        self.run_provision("fichiers", str(self.data.path))
        configuration = (self.data.path / "nats.conf").read_text()
        for inside, here in (
            ("0.0.0.0:4222", f"{HOST}:{self.nats}"),
            ("127.0.0.1:8222", f"{HOST}:{free_port()}"),
            ("/data/jetstream", str(self.data.jetstream)),
        ):
            assert inside in configuration
            configuration = configuration.replace(inside, here)
        self.data.nats_conf.write_text(configuration)
        postgres.ensure_cluster(self.data)
        self._start([str(nats_config.executable()), "--config", str(self.data.nats_conf)])
        self._start(postgres.command(self.data, self.postgres), postgres.system_user())

    def _start(self, command: list[str], user: str | None = None) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        self._processes.append(
            subprocess.Popen(command, user=user, extra_groups=[] if user else None, **quiet)  # type: ignore[call-overload]
        )

    def here(self, value: str) -> str:
        """A value of the compose file, on this machine: the addresses of the engines, the folder of the secrets."""
        for inside, outside in (
            ("nats://nats:4222", f"nats://{HOST}:{self.nats}"),
            ("@postgres:5432", f"@{HOST}:{self.postgres}"),
            ("/run/secrets", str(self.data.secrets)),
            ("0.0.0.0", HOST),  # noqa: S104
            ("/var/lib/relais/connecteurs", str(self.data.connectors)),
            ("http://jaeger:4318", f"http://{HOST}:9"),
        ):
            value = value.replace(inside, outside)
        return value

    def environment(self, image: Image, name: str) -> dict[str, str]:
        written = {key: self.here(value) for key, value in service(name)["environment"].items()}
        inside = {key: value.replace("/relais", str(image.folder)) for key, value in image.environment.items()}
        return inside | written | {"PATH": f"{BIN}:{os.environ['PATH']}"}

    def run_provision(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        image = self.provision
        command = ["python", "-m", "deploy.provision", *arguments] if arguments else image.command
        environment = self.environment(image, "provision")
        done = subprocess.run(
            command, env=environment, cwd=image.folder, capture_output=True, text=True, check=False, timeout=90
        )
        assert done.returncode == 0, done.stderr
        return done

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(20)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    one = Site(tmp_path_factory.mktemp("compose"))
    try:
        one.prepare()
        yield one
    finally:
        one.stop()


def started(process: subprocess.Popen[str]) -> list[str]:
    """The events that the component logs until it is at work; fails with what it said when it ends before."""
    events: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        events.append(json.loads(line)["event"] if line.startswith("{") else line)
        if events[-1] == "process.started":
            return events
    raise AssertionError("".join(events))


@pytest.mark.lent
def test_provisioning_creates_the_database_then_has_nothing_more_to_do(site: Site) -> None:
    first = site.run_provision()
    second = site.run_provision()

    assert "PostgreSQL est prêt" in first.stdout
    assert second.stdout == "PostgreSQL est prêt ; 0 migrations appliquées.\n"


@pytest.mark.lent
@pytest.mark.parametrize("name", OURS)
def test_a_component_starts_from_its_image_with_the_environment_written(site: Site, name: str, tmp_path: Path) -> None:
    site.run_provision()
    image = build(tmp_path / "image", "composant", service(name)["build"]["args"])
    environment = site.environment(image, name)
    if "RELAIS_PORT" in environment:
        environment["RELAIS_PORT"] = str(free_port())
    if "RELAIS_PORT_SFTP" in environment:
        environment["RELAIS_PORT_SFTP"] = str(free_port())
    healthcheck = [sys.executable, str(image.folder / "healthcheck.py")]
    before = subprocess.run(healthcheck, env=environment | {"RELAIS_NATS_URL": "nats://nats:1"}, check=False)

    process = subprocess.Popen(
        image.command, env=environment, cwd=image.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        events = started(process)
        is_healthy = _until_healthy(healthcheck, environment)
    finally:
        process.terminate()
        process.communicate(timeout=20)

    assert events[-1] == "process.started"
    assert is_healthy
    assert before.returncode == 1
    assert process.returncode == 0


def _until_healthy(command: list[str], environment: Mapping[str, str]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if subprocess.run(command, env=environment, check=False).returncode == 0:
            return True
        time.sleep(0.2)
    return False


@pytest.mark.lent
def test_an_illegal_import_cannot_start(site: Site, tmp_path: Path) -> None:
    image = build(tmp_path / "image", "composant", service("orientation")["build"]["args"])
    app = image.folder / "services" / "orientation" / "app.py"
    app.write_text(f"import services.usagers.domain\n{app.read_text()}")

    process = subprocess.run(
        image.command,
        env=site.environment(image, "orientation"),
        cwd=image.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert process.returncode != 0
    assert "No module named 'services.usagers'" in process.stderr
