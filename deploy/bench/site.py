"""Where the measures are taken: a hub of its own in a throwaway folder (or one that runs), and the floor beside it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from rich.console import Console

from deploy import background, postgres
from deploy.components import ROOT
from deploy.datadir import HOST, DataDir, LaunchError, free_port
from deploy.keys import ADMIN

_FLOOR_STARTS_IN_S = 20.0


@dataclass(frozen=True, slots=True)
class Site:
    """A running hub with its demo partners, and the base address of the floor programs."""

    data: DataDir
    floor: str

    def processor_s(self) -> dict[str, float]:
        """Processor time that each process of the hub has used so far, with that of its children, in seconds."""
        known = self.data.state().get("processus")
        used: dict[str, float] = {}
        for name, facts in known.items() if isinstance(known, dict) else ():
            process = psutil.Process(int(facts["pid"]))
            family = [process, *process.children(recursive=True)]
            used[name] = sum(sum(member.cpu_times()[:2]) for member in family)
        return used


@contextlib.contextmanager
def site(running: Path | None, console: Console) -> Iterator[Site]:
    """Without `running`, a hub is started for the time of the measures and leaves nothing behind."""
    with contextlib.ExitStack() as stack:
        if running is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relais-bench-")))
            data = DataDir(folder / "donnees")
            background.start_in_background(data, ["--port", str(free_port())], console)
            stack.callback(background.stop, data, console)
        else:
            data = DataDir(running)
            if not data.is_locked():
                raise LaunchError(f"Aucun relais en marche sur {running} : ./relais up --detach le démarre.")
        yield Site(data, stack.enter_context(_floor(data)))


@contextlib.contextmanager
def _floor(data: DataDir) -> Iterator[str]:
    ports, port = data.known_ports(), free_port()
    where = {
        "nats": f"nats://{HOST}:{ports.nats}",
        "nkey": str(data.nkey_file(ADMIN)),
        "postgres": f"postgresql://{ADMIN}@{HOST}:{ports.postgres}/{postgres.DATABASE}",
        "mot_de_passe": data.password_file(ADMIN).read_text().strip(),
        "port": port,
    }
    environment = os.environ | {"PLANCHER": json.dumps(where), "PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}"}
    process = subprocess.Popen([sys.executable, "-m", "deploy.bench.floor"], env=environment, cwd=ROOT)
    try:
        base = f"http://{HOST}:{port}"
        _wait_for(process, f"{base}/lecture/prc_0")
        yield base
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _FLOOR_STARTS_IN_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, trust_env=False).raise_for_status()
            return
        time.sleep(0.1)
    raise LaunchError("Le programme plancher n'a pas démarré.")
