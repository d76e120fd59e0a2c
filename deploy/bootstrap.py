"""Set up `.venv` from the lock file, with the standard library only; several first uses at once are safe.

A stamp, written last, says for which lock and place the environment is right: an interrupted set-up has none and is
taken up again, a changed lock is installed, a copied or broken environment is made anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
LOCK_FILE = ROOT / "requirements.lock"
STAMP = ENVIRONMENT / ".relais"
PYTHON = ENVIRONMENT / "bin" / "python"


def ensure_environment() -> str:
    """Return the interpreter to run with, after a set-up if one is due; exits with a sentence if it fails."""
    if _stamp_is_right():
        return str(PYTHON)
    os.umask(0o022)  # PostgreSQL's account must be able to read its programs
    try:
        with _alone():
            if not _stamp_is_right():
                _set_up()
    except PermissionError as error:
        sys.exit(f"Impossible d'écrire dans {ROOT} : {error.strerror}.")
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"L'installation de l'environnement a échoué ({error}). Relancez ./relais pour la reprendre.")
    return str(PYTHON)


def _stamp_is_right() -> bool:
    with contextlib.suppress(OSError):
        return STAMP.read_text() == _expected_stamp() and PYTHON.exists()
    return False


def _expected_stamp() -> str:
    return f"{hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()} {ROOT}\n"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (ROOT / ".venv.verrou").open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("une autre installation est en cours, attente…")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _set_up() -> None:
    started = time.monotonic()
    if not _is_usable():
        _say(f"création de l'environnement Python {sys.version_info.major}.{sys.version_info.minor} dans {ENVIRONMENT}")
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        _create()
    STAMP.unlink(missing_ok=True)
    count = LOCK_FILE.read_text().count("==")
    _say(f"installation des {count} paquets de {LOCK_FILE.name} (empreintes vérifiées)…")
    _install()
    _make_importable()
    STAMP.write_text(_expected_stamp())
    _say(f"environnement prêt en {time.monotonic() - started:.0f} s")


def _is_usable() -> bool:
    """Whether the environment's own Python and pip run, and it was made for this place."""
    with contextlib.suppress(OSError):
        if STAMP.read_text().rstrip("\n").partition(" ")[2] != str(ROOT):
            return False
    if not PYTHON.exists():
        return False
    check = "import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2])"
    return subprocess.run([PYTHON, "-c", check], capture_output=True, check=False).returncode == 0


def _create() -> None:
    # The interpreter under the environment in which we may be running, not that environment.
    base = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run([base, "-m", "venv", str(ENVIRONMENT)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        hint = " Sur Debian et Ubuntu : apt-get install python3-venv." if "ensurepip" in said else ""
        sys.exit(f"Python ne peut pas créer d'environnement virtuel.{hint}\n{said}")


def _install() -> None:
    """Through uv, several times faster, when it can be had and reaches the packages; through pip otherwise."""
    uv = _uv()
    if uv is not None:
        command = [uv, "pip", "sync", "--python", str(PYTHON), "--require-hashes", str(LOCK_FILE)]
        if _run_without_package_list(command) == 0:
            return
        _say("uv n'a pas abouti, reprise avec pip…")
    _pip("install", "--require-hashes", "--no-deps", "-r", str(LOCK_FILE))


def _run_without_package_list(command: list[str]) -> int:
    """Show the phases and downloads that uv tells, not its line for each of a hundred packages."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        for line in running.stderr or ():
            if not line.startswith((" + ", " - ", " ~ ")):
                _say(line.rstrip())
    return running.returncode


def _uv() -> str | None:
    inside = ENVIRONMENT / "bin" / "uv"
    if not inside.exists():
        pinned = ENVIRONMENT / "uv.txt"
        pinned.write_text(_locked("uv"))
        with contextlib.suppress(subprocess.CalledProcessError):
            _pip("install", "--quiet", "--require-hashes", "--no-deps", "-r", str(pinned))
        pinned.unlink()
    return str(inside) if inside.exists() else None


def _locked(package: str) -> str:
    """The lines of one package in the lock, with its hashes."""
    lines = iter(LOCK_FILE.read_text().splitlines())
    kept: list[str] = []
    for line in lines:
        if kept and not line.startswith("    --hash"):
            break
        if kept or line.startswith(f"{package}=="):
            kept.append(line)
    return "\n".join(kept).rstrip("\\ ") + "\n"


def _pip(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", *arguments, "--disable-pip-version-check", "--no-input"]
    subprocess.run(command, check=True)


def _make_importable() -> None:
    """The repository and its published distribution, from anywhere, without being installed."""
    place = sysconfig.get_path(
        "purelib", "venv", vars={"base": str(ENVIRONMENT), "py_version_short": _environment_version()}
    )
    (Path(place) / "relais.pth").write_text(f"{ROOT}\n{ROOT / 'contracts'}\n")


def _environment_version() -> str:
    check = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([PYTHON, "-c", check], capture_output=True, text=True, check=True).stdout.strip()


def _say(line: str) -> None:
    sys.stderr.write(f"relais : {line}\n")
    sys.stderr.flush()
