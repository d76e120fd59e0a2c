"""The example partners of docs/exemples/partenaires: how each is run, by its own language."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.components import ROOT
from tests.hub import free_port

DOSSIER = ROOT / "docs" / "exemples" / "partenaires"
MESSAGE = DOSSIER / "message.json"
TSX = "typescript/node_modules/tsx/dist/loader.mjs"
DEMARRAGE_MAX_S = 30.0


@dataclass(frozen=True)
class Exemple:
    """`source` and `requis` are under `DOSSIER`; `requis` is what its language installs or builds: it may be absent.
    `epreuve`, when there is one, is a command that succeeds where all that the language needs is installed."""

    source: str
    commande: Sequence[str]
    requis: Sequence[str] = ()
    epreuve: Sequence[str] = ()

    @property
    def est_installe(self) -> bool:
        if shutil.which(self.commande[0]) is None or not all((DOSSIER / nom).exists() for nom in self.requis):
            return False
        return not self.epreuve or subprocess.run(self.epreuve, capture_output=True, check=False).returncode == 0

    @property
    def ligne(self) -> str:
        """As one line of a shell."""
        return shlex.join(self.commande)

    def lancer(self, etat: Path, environnement: Mapping[str, str], *arguments: str) -> tuple[int, str]:
        """Exit status, and what it wrote; `etat` is where it keeps its own."""
        fini = subprocess.run(
            [*self.commande, *arguments],
            env={**os.environ, "ETAT": str(etat), **environnement},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return fini.returncode, fini.stdout + fini.stderr

    @contextmanager
    def recepteur(self, etat: Path, *secrets: str, port: int | None = None) -> Iterator[str]:
        """Its receiver on loopback, once it answers: the address. `secrets`: the one in force, then the former one."""
        port = port or free_port()
        connus = dict(zip(("RELAIS_SECRET", "RELAIS_ANCIEN_SECRET"), secrets, strict=False))
        with subprocess.Popen(
            [*self.commande, "recevoir", "--port", str(port)],
            env={**os.environ, "ETAT": str(etat), **connus},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as programme:
            try:
                url = f"http://127.0.0.1:{port}"
                _attendre(url, programme)
                yield url
            finally:
                programme.kill()


EXEMPLES: Mapping[str, Exemple] = {
    "python": Exemple("python/partenaire.py", [sys.executable, f"{DOSSIER}/python/partenaire.py"]),
    "typescript": Exemple(
        "typescript/partenaire.ts",
        ["node", "--import", f"{DOSSIER}/{TSX}", f"{DOSSIER}/typescript/partenaire.ts"],
        requis=[TSX],
    ),
    "php": Exemple(
        "php/partenaire.php",
        ["php", f"{DOSSIER}/php/partenaire.php"],
        epreuve=["php", "-r", "exit(extension_loaded('curl') && extension_loaded('pdo_sqlite') ? 0 : 1);"],
    ),
    "go": Exemple("go/partenaire.go", [f"{DOSSIER}/go/partenaire"], requis=["go/partenaire"]),
    "java": Exemple(
        "java/src/main/java/Partenaire.java",
        ["java", "-XX:TieredStopAtLevel=1", "-jar", f"{DOSSIER}/java/target/partenaire.jar"],
        requis=["java/target/partenaire.jar"],
    ),
}


def acces(partenaires: Path, code: str) -> dict[str, str]:
    """What the operator hands over to this partner, as the environment of its program."""
    return {
        "CLIENT_JSON": str(partenaires / code / "client.json"),
        "KEY_PEM": str(partenaires / code / "cle.pem"),
    }


def traites(url: str) -> list[str]:
    """What its probe shows: the ids of the events that it keeps, in order."""
    lus: list[str] = httpx.get(f"{url}/sonde").raise_for_status().json()["traites"]
    return lus


def _attendre(url: str, programme: subprocess.Popen[bytes]) -> None:
    fin = time.monotonic() + DEMARRAGE_MAX_S
    while programme.poll() is None and time.monotonic() < fin:
        try:
            traites(url)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"the receiver does not answer (exit status {programme.returncode})")
