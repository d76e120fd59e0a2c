"""The guide of a partner, followed to the letter in an empty folder: every command, every file, what they show."""

import contextlib
import importlib.metadata
import os
import shlex
import subprocess
import sys
from pathlib import Path

from relais_kit.bouchon.serveur import ecouter
from tests.contracts.guide import PAGE, WHEEL, Terminal, blocks
from tests.contracts.test_distribution import CONTRACTS, closure, lend

LONGEST_LINES = 250


def free_port() -> int:
    with contextlib.closing(ecouter(0)) as taken:
        return int(taken.getsockname()[1])


def test_the_page_is_short() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) <= LONGEST_LINES


def test_from_nothing_to_a_verified_sender_and_receiver(tmp_path: Path) -> None:
    mock, receiver = free_port(), free_port()
    ports = {"relais-kit bouchon\n": f"relais-kit bouchon --port {mock}\n", "8430": str(mock), "9000": str(receiver)}
    (wheel,) = WHEEL.findall(PAGE.read_text(encoding="utf-8"))
    (tmp_path / "contracts").symlink_to(CONTRACTS)
    # Nothing is fetched: the tools that build come from here, and so do the libraries that the wheel declares.
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    python = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PIP_NO_BUILD_ISOLATION": "0", **offline}
    subprocess.run(shlex.split(wheel), cwd=tmp_path, check=True, env=python, capture_output=True)
    (tmp_path / "contracts").unlink()

    reader = {"PATH": f"{this_python(tmp_path / 'bin')}:{os.environ['PATH']}"}
    with contextlib.ExitStack() as opened:
        first = opened.enter_context(Terminal(tmp_path, {**offline, **reader}))
        for block in blocks(ports):
            if block.file:
                (tmp_path / block.file).write_text(block.text, encoding="utf-8")
            elif block.kind == "sh serveur":
                opened.enter_context(Terminal(tmp_path, reader)).serve(block)
            elif block.kind != "sh relais":
                first.run(block)
            if "pip install" in block.text:
                lend_what_it_declares(tmp_path / "essai")

    assert {"recus.ndjson", "bilan.html", "bilan.xml"} <= {path.name for path in tmp_path.iterdir()}
    assert (tmp_path / "emetteur" / "rapport.html").exists()


def this_python(folder: Path) -> Path:
    """A folder whose `python3` is the one of this run: the lent libraries are compiled for it."""
    folder.mkdir()
    (folder / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    (folder / "python3").chmod(0o755)
    return folder


def lend_what_it_declares(environment: Path) -> None:
    [site] = (environment / "lib").glob("python*/site-packages")
    [installed] = importlib.metadata.distributions(name="relais-contrats", path=[str(site)])
    for name in closure(installed, frozenset({"kit"})):
        lend(importlib.metadata.distribution(name), site)
