"""The data folder of one hub: where each thing lies, the lock that makes it exclusive, its ports and its state file."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.components import ROOT

DEFAULT_FOLDER = ROOT / ".relais"
DEFAULT_PORT = 8420
HOST = "127.0.0.1"


class LaunchError(Exception):
    """The reason why the hub cannot start, in one French sentence for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Ports:
    passerelle: int
    console: int
    nats: int
    postgres: int
    metriques: int = 0
    """Prometheus reads here; 0 in the file of a hub that had none yet."""
    connecteurs: int = 0
    """Where partners' own systems call; 0 as above."""
    sftp: int = 0


@dataclass(frozen=True, slots=True)
class DataDir:
    path: Path

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def logs(self) -> Path:
        return self.path / "journaux"

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def jetstream(self) -> Path:
        return self.path / "nats"

    @property
    def nats_conf(self) -> Path:
        return self.secrets / "nats" / "nats.conf"

    @property
    def partners(self) -> Path:
        return self.path / "partenaires"

    @property
    def connectors(self) -> Path:
        """A folder of files per mandate."""
        return self.path / "connecteurs"

    @property
    def masters(self) -> Path:
        """The master keys of all that is sealed."""
        return self.secrets / "coffre" / "maitres.cles"

    @property
    def archive_masters(self) -> Path:
        """Those of the archive, which its process alone reads."""
        return self.secrets / "archive" / "maitres.cles"

    @property
    def stream_cipher(self) -> Path:
        """What NATS includes in its configuration: the cipher and the key of the streams."""
        return self.secrets / "nats" / "flux.conf"

    @property
    def first_password(self) -> Path:
        """That of the first operator, until it was told."""
        return self.secrets / "console" / "premier.mdp"

    def nkey_file(self, user: str) -> Path:
        return self.secrets / "nats" / f"{user}.nk"

    def password_file(self, role: str) -> Path:
        return self.secrets / "postgres" / f"{role}.mdp"

    def create(self) -> None:
        """Make the folder and its private sub-folders; under root, PostgreSQL's own account must traverse the first."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for folder in (self.secrets, self.secrets / "nats", self.secrets / "postgres", self.logs, self.partners):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700)
        except PermissionError as error:
            raise LaunchError(f"Droit d'écriture manquant pour le dossier de données {self.path}.") from error
        except (NotADirectoryError, FileExistsError) as error:
            raise LaunchError(
                f"Le dossier de données {self.path} passe par un fichier qui n'est pas un dossier."
            ) from error
        except OSError as error:
            raise LaunchError(f"Le dossier de données {self.path} ne peut pas être créé : {error.strerror}.") from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; the system lets it go when the process ends, however it ends."""
        descriptor = os.open(self.path / "verrou", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise LaunchError(f"Le dossier de données {self.path} sert déjà à un relais en marche.") from error
        finally:
            os.close(descriptor)

    def is_locked(self) -> bool:
        """Whether a launcher holds the folder at this instant."""
        try:
            descriptor = os.open(self.path / "verrou", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def ports(self) -> Ports | None:
        try:
            return Ports(**json.loads((self.path / "ports.json").read_text()))
        except FileNotFoundError:
            return None

    def known_ports(self) -> Ports:
        """The ports of a hub that was started here at least once."""
        ports = self.ports()
        if ports is None:
            raise LaunchError(f"Aucun relais n'a encore été lancé sur {self.path}.")
        return ports

    def state(self) -> dict[str, object]:
        """What the launcher last wrote about itself: `pid`, `phase`, `processus`, `erreur`."""
        try:
            content = json.loads((self.path / "etat.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write_state(self, **facts: object) -> None:
        write_private(self.path / "etat.json", json.dumps(facts, ensure_ascii=False, indent=1) + "\n")

    def choose_ports(self, gateway_port: int | None) -> Ports:
        """Keep the ports of the last start. An internal port moves when it is taken; the gateway's never does."""
        known = self.ports()
        gateway = gateway_port or (known.passerelle if known else DEFAULT_PORT)
        console = known.console if known and known.passerelle == gateway else gateway + 1
        if not _is_free(gateway):
            raise LaunchError(
                f"Le port {gateway} est déjà pris sur {HOST} : choisissez-en un autre avec --port, "
                "ou arrêtez le programme qui l'occupe."
            )
        nats = known.nats if known and _is_free(known.nats) else free_port()
        postgres = known.postgres if known and _is_free(known.postgres) else free_port()
        metriques = known.metriques if known and known.metriques and console == known.console else console + 1
        same = known if known and console == known.console else None
        connecteurs = same.connecteurs if same and same.connecteurs else console + 2
        sftp = same.sftp if same and same.sftp else console + 3
        ports = Ports(
            *(gateway, console, nats, postgres),
            metriques if _is_free(metriques) else free_port(),
            connecteurs if _is_free(connecteurs) else free_port(),
            sftp if _is_free(sftp) else free_port(),
        )
        write_private(self.path / "ports.json", json.dumps(asdict(ports)) + "\n")
        return ports


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one step, so that a crash leaves the old one or the new one, never half of it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
