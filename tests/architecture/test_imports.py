"""The import contracts of pyproject.toml hold, and each of them catches a planted violation."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "chassis",
    "coffre",
    "services",
    "gateway",
    "console",
    "connectors",
    "deploy",
    "contracts/relais_contrats",
    "contracts/relais_kit",
)

# Sentence of the contract, file to plant in, line that breaks it.
PLANTED = [
    ("Services are unaware of each other", "services/orientation/app.py", "import services.usagers.domain"),
    ("Calls inside a service go one way", "services/usagers/domain/parcours.py", "import services.usagers.app"),
    (
        "The domain knows no framework, no wire format, no database",
        "services/usagers/domain/parcours.py",
        "import orjson",
    ),
    (
        "The domain knows no framework, no wire format, no database",
        "services/usagers/domain/parcours.py",
        "import relais_contrats.lecture",
    ),
    (
        "Only the store of a service writes SQL and only its translation reads the wire format",
        "services/usagers/translation/faits.py",
        "import asyncpg",
    ),
    ("The chassis knows no domain word", "chassis/ordering.py", "import relais_contrats.catalogue"),
    ("The vault knows keys and cells, and the database of the chassis", "coffre/keys.py", "import relais_contrats"),
    ("Contracts stand alone", "contracts/relais_contrats/modele.py", "import chassis.decision"),
    ("Contracts stand alone", "contracts/relais_kit/flux.py", "import gateway.partners"),
    ("The hub never runs the kit of its partners", "gateway/partners.py", "import relais_kit.flux"),
    ("Services and gateways meet only on the bus", "services/usagers/app.py", "import gateway.partners"),
    ("The console reads traces, never a gateway or a service", "console/app.py", "import gateway.partners"),
    ("Gateways are unaware of services and of how they are installed", "gateway/partners.py", "import services"),
    (
        "The gateways are unaware of each other, and what they share of both",
        "gateway/outbound/app.py",
        "import gateway.inbound.deposit.journal",
    ),
    (
        "The gateways are unaware of each other, and what they share of both",
        "gateway/partners.py",
        "import gateway.inbound.request.problems",
    ),
    ("Nobody imports a connector but those who install it", "services/usagers/app.py", "import connectors.hub"),
    ("Nobody imports a connector but those who install it", "gateway/inbound/app.py", "import connectors.hub"),
    ("A connector knows the public API and the chassis only", "connectors/hub.py", "import gateway.partners"),
    ("A connector says and hears nothing on the bus", "connectors/runtime.py", "import chassis.bus"),
    ("Only the chassis talks to NATS and opens sockets", "gateway/inbound/deposit/journal.py", "import nats"),
]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": f"{root}:{root / 'contracts'}", "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources, to plant in."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "exemples"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_as_it_is_breaks_no_contract(tree: Path) -> None:
    outcome = lint(tree)

    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(("sentence", "file", "line"), PLANTED, ids=[sentence for sentence, _, _ in PLANTED])
def test_a_planted_violation_is_caught(tree: Path, sentence: str, file: str, line: str) -> None:
    planted = tree / file
    planted.write_text(f"{planted.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")

    outcome = lint(tree)

    assert outcome.returncode != 0
    assert f"{sentence} BROKEN" in outcome.stdout
