"""A whole hub for tests, started as its users start it: `./relais up --detach` on ports and a folder of its own."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from deploy.components import ROOT
from deploy.datadir import DataDir
from relais_contrats.client import Partner, RequestRefused


class Hub:
    """A running hub. `signal` reaches one of its processes by name: entrant, sortant, usagers, nats, postgres…"""

    def __init__(self, folder: Path, port: int) -> None:
        self.data = DataDir(folder)
        self.port = port
        self.api = f"http://127.0.0.1:{port}"

    def relais(self, command: str, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `./relais command … --donnees` on this hub."""
        arguments = [sys.executable, "-m", "deploy.cli", *command.split(), *options, "--donnees", str(self.data.path)]
        environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}", "COLUMNS": "120"}
        return subprocess.run(
            arguments, check=check, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=180
        )

    def up(self, *options: str) -> None:
        self.relais("up", "--detach", "--port", str(self.port), *options)

    def down(self) -> None:
        self.relais("down")

    def partner(self, code: str) -> Partner:
        """A client with the keys that the hub made for this demo partner."""
        return Partner.load(self.data.partners / code)

    @asynccontextmanager
    async def known(self, code: str) -> AsyncIterator[Partner]:
        """A client of a partner that was declared a moment ago, once the door gives it a token: two seconds at most."""
        async with self.partner(code) as partner:
            await until_known(partner)
            yield partner

    def processes(self) -> Mapping[str, Mapping[str, Any]]:
        """Those that run, by name, as the launcher last wrote."""
        found = self.data.state().get("processus")
        return found if isinstance(found, dict) else {}

    def pid(self, process: str) -> int:
        """The process id, waited for when it is being started again."""
        for _ in range(100):
            if process in (running := self.processes()):
                return int(running[process]["pid"])
            time.sleep(0.1)
        raise LookupError(process)

    def signal(self, process: str, number: int) -> None:
        """To the process that bears this name; one that has just died is still on the list for a moment."""
        for _ in range(100):
            with suppress(ProcessLookupError):
                return os.kill(self.pid(process), number)
            time.sleep(0.1)
        raise LookupError(process)

    @contextmanager
    def stopped(self, process: str) -> Iterator[None]:
        """The process answers nothing meanwhile (SIGSTOP), then goes on."""
        pid = self.pid(process)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


async def until_known(partner: Partner) -> None:
    async with asyncio.timeout(10):
        while True:
            with suppress(RequestRefused):
                return await partner._renew_token()
            await asyncio.sleep(0.2)


def free_port() -> int:
    """A port whose two successors are free too: the console and the metrics take them. Below those that the system
    gives to whoever asks for any, as every client and server of the other tests does meanwhile."""
    while True:
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            port = 20_000 + secrets.randbelow(12_000)
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
            except OSError:
                continue
            return port
