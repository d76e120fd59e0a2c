"""The nginx of `deploy/nginx/relais.conf` in front of a door, with throw-away certificates and its own ports."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from deploy.components import COMPONENTS, ROOT, child_environment
from deploy.datadir import HOST, DataDir
from deploy.launcher import component_environment
from tests.hub import free_port

CONFIGURATION = ROOT / "deploy" / "nginx" / "relais.conf"
MAIN = """\
daemon off;
master_process on;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 512; }}
http {{
    {temp_paths}
    include {folder}/relais.conf;
}}
"""
TEMP_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Front:
    """Where partners call, and the certificates that make them trust it or be trusted."""

    def __init__(self, folder: Path, upstream: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.authority = trustme.CA()
        self._write(upstream)

    def _write(self, upstream: str) -> None:
        certificate = self.authority.issue_cert("localhost", HOST)
        certificate.private_key_pem.write_to_path(self.folder / "serveur.cle")
        for position, blob in enumerate(certificate.cert_chain_pems):
            blob.write_to_path(self.folder / "serveur.pem", append=position > 0)
        adapted = CONFIGURATION.read_text()
        for before, after in (
            ("server entrant:8420;", f"server {upstream};"),
            ("server connecteurs:8423;", f"server {upstream};"),
            ("listen 8443 ssl;", f"listen {HOST}:{self.port} ssl;"),
            ("/run/secrets/tls/", f"{self.folder}/"),
            ("/dev/stdout", f"{self.folder}/acces.log"),
            ("/dev/stderr", f"{self.folder}/erreurs.log"),
        ):
            assert before in adapted
            adapted = adapted.replace(before, after)
        (self.folder / "relais.conf").write_text(adapted)
        # Under root, workers keep its rights: the folder of a test is closed to everybody else.
        user = "user root;" if os.geteuid() == 0 else ""
        paths = "\n    ".join(f"{name}_temp_path {self.folder}/{name};" for name in TEMP_PATHS)
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder, temp_paths=paths, user=user))

    @property
    def command(self) -> list[str]:
        return [nginx(), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def trust(self, client_authority: trustme.CA | None = None) -> ssl.SSLContext:
        """A client's side of TLS; with an authority, it shows a certificate that this authority issued."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if client_authority is not None:
            client_authority.issue_cert("partenaire.exemple.fr").configure_cert(context)
        return context

    def access_log(self) -> str:
        return (self.folder / "acces.log").read_text()


def nginx() -> str:
    """Debian's package `nginx-light`."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert found, "nginx is missing: apt-get install nginx-light"
    return found


@contextmanager
def front(folder: Path, upstream: str) -> Iterator[Front]:
    """nginx serving until the end of the block."""
    one = Front(folder, upstream)
    process = subprocess.Popen(one.command)
    try:
        _until_listening(one.port, process)
        yield one
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def door(data: DataDir, public_url: str, port: int, **settings: str) -> Iterator[None]:
    """A door of the hub on `data` that knows itself under another address: what partners call once TLS is in front."""
    entrant = next(component for component in COMPONENTS if component.name == "entrant")
    environment = child_environment() | component_environment(data, data.known_ports(), entrant)
    environment |= {"RELAIS_URL_PUBLIQUE": public_url, "RELAIS_PORT": str(port), "RELAIS_PORT_ADMIN": "0", **settings}
    log = (data.logs / "entrant-tls.log").open("wb")
    with log:
        process = subprocess.Popen([sys.executable, "-m", entrant.module], env=environment, stdout=log, stderr=log)
        try:
            _until_listening(port, process)
            yield
        finally:
            process.terminate()
            process.wait(20)


def _until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    listening = re.compile(rf":{port:04X} 00000000:0000 0A")
    for _ in range(200):
        assert process.poll() is None, "the process ended at once"
        if listening.search(Path("/proc/net/tcp").read_text()):
            return
        time.sleep(0.05)
    raise TimeoutError(port)


def client_folder(data: DataDir, code: str, folder: Path, url: str) -> Path:
    """The partner's `client.json` and key, moved to another address of the same hub."""
    source = data.partners / code
    copy = folder / code
    copy.mkdir()
    local = f"http://{HOST}:{data.known_ports().passerelle}"
    (copy / "client.json").write_text((source / "client.json").read_text().replace(local, url))
    shutil.copyfile(source / "cle.pem", copy / "cle.pem")
    os.chmod(copy / "cle.pem", 0o600)
    return copy
