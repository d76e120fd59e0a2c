"""A hub without a terminal: start it detached and wait until it is ready, or stop the one that holds a data folder."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil
from rich.console import Console

from deploy import operators
from deploy.datadir import DataDir, LaunchError
from deploy.space import lacks, sentence
from deploy.supervision import stop_leftovers

STOP_TIMEOUT_S = 60.0
POLL_S = 0.1


def start_in_background(data: DataDir, options: list[str], console: Console) -> None:
    """Return once the hub is ready; raise LaunchError with its last message otherwise."""
    data.create()
    if data.is_locked():
        raise LaunchError(f"Le dossier de données {data.path} sert déjà à un relais en marche.")
    started = time.monotonic()
    output = data.logs / "lanceur.out"
    launcher = _spawn(["-P", "-m", "deploy.cli", "up", "--en-fond", "--donnees", str(data.path), *options], output)
    with console.status("Démarrage du relais…") as waiting:
        while not _is_ready(data, launcher):
            if os.waitpid(launcher, os.WNOHANG) != (0, 0):
                raise LaunchError(_explanation(data, launcher, output.read_text(errors="replace")))
            waiting.update(f"Démarrage du relais… {_last_said(output)}")
            time.sleep(POLL_S)
    ports = data.known_ports()
    console.print(
        f"Relais prêt en {time.monotonic() - started:.1f} s : http://127.0.0.1:{ports.passerelle} "
        f"(lanceur {launcher}, données {data.path})",
        soft_wrap=True,
    )
    console.print(operators.sentence(data), soft_wrap=True)


def _spawn(arguments: list[str], output: Path) -> int:
    """Start Python in a session of its own, so that it outlives the terminal; not a Popen, which would want its end."""
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.posix_spawn(
        sys.executable,
        [sys.executable, *arguments],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), write, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _last_said(output: Path) -> str:
    """Return the launcher's last message, which names the part that it waits for. The launcher itself gives up when
    nothing moves.
    """
    lines = output.read_text(errors="replace").splitlines() if output.exists() else []
    said = [line.partition("│")[2].strip() for line in lines if line.strip().startswith("lanceur")]
    return said[-1] if said else ""


def _is_ready(data: DataDir, launcher: int) -> bool:
    state = data.state()
    return state.get("pid") == launcher and state.get("phase") == "pret"


def _explanation(data: DataDir, launcher: int, output: str) -> str:
    """The sentence that the launcher left, else the end of what it wrote."""
    state = data.state()
    if state.get("pid") == launcher and state.get("erreur"):
        return str(state["erreur"])
    if lacks(data.path):
        return f"Le relais ne peut pas démarrer : {sentence(data.path)}."
    return "\n  ".join(["Le relais n'a pas démarré.", *output.strip().splitlines()[-12:]])


def stop(data: DataDir, console: Console) -> None:
    """Stop the hub of this folder and what a killed launcher may have left; succeed when there is nothing to stop."""
    state = data.state()
    pid = state.get("pid")
    if data.is_locked() and isinstance(pid, int):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        with console.status("Arrêt du relais…"):
            while data.is_locked() and psutil.pid_exists(pid):
                if time.monotonic() > deadline:
                    raise LaunchError(f"Le relais (lanceur {pid}) ne s'est pas arrêté en {STOP_TIMEOUT_S:.0f} s.")
                time.sleep(POLL_S)
        console.print("Relais arrêté.")
        return
    processes = state.get("processus")
    left = stop_leftovers(processes) if isinstance(processes, dict) else []
    console.print(f"Processus restants arrêtés : {', '.join(left)}." if left else "Aucun relais en marche ici.")
