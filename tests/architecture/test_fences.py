"""What no import contract can say: read from the syntax trees of the sources."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOPS = ("coffre", "chassis", "services", "gateway", "console", "connectors", "contracts")
SOURCES = [path for top in TOPS for path in sorted((ROOT / top).rglob("*.py"))]


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def outside_the_domain(path: str, source: str) -> list[str]:
    """A domain imports the standard library, its own files, the models of the contract (where a message is declared
    once), the table of rules, and three of others: nothing else, listed or not."""
    own = ".".join(Path(path).parts[:2]) + ".domain"
    allowed = sys.stdlib_module_names - {"asyncio", "json", "os", "socket", "sqlite3", "time", "random"}
    others = {"chassis.decision", "relais_contrats.identifiants", "relais_contrats.territoires", "relais_contrats.v1"}
    others |= {"services.dossiers.regles", "services.dossiers.vie"}
    return [
        name
        for name in imported(ast.parse(source))
        if name.partition(".")[0] not in allowed and name not in others and not name.startswith(own)
    ]


def bare_tasks(path: str, source: str) -> list[str]:
    """Tasks belong to a task group: one that nobody awaits loses its exception."""
    names = {"create_task", "ensure_future"}
    return [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in names
        and ast.unparse(node.func.value) in {"asyncio", "loop", "asyncio.get_running_loop()"}
    ]


def environment_reads(path: str, source: str) -> list[str]:
    """Configuration is read once, by `chassis.settings`. The kit's terminal colours are the partner's own affair."""
    if path.startswith("contracts/relais_kit/"):
        return []
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    ]


def transactions(path: str, source: str) -> list[str]:
    """Only the batch engine and the use cases (the gateway's; a catalogue taken in and kept; dossiers rebuilt,
    or sealed once; what an organisation sets; keys wrapped again) decide what is one."""
    use_cases = (
        "gateway/",
        "console/receiver.py",
        "services/offres/importer/",
        "services/offres/clocks.py",
        "services/dossiers/rejouer.py",
        "services/dossiers/sceaux/processus.py",
        "services/usagers/store/anciens.py",
        "services/service.py",
        "coffre/rotation.py",
    )
    if path.startswith(("chassis/depots.py", *use_cases)):
        return []
    return [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"transaction", "commit"}
    ]


def silent_excepts(path: str, source: str) -> list[str]:
    """An exception is handled or let through, never swallowed."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body)
    ]


FENCES: list[tuple[Callable[[str, str], list[str]], str, str]] = [
    (outside_the_domain, "services/usagers/domain/x.py", "import yaml"),
    (bare_tasks, "gateway/x.py", "asyncio.create_task(f())"),
    (environment_reads, "gateway/x.py", "import os\nos.environ['A']"),
    (transactions, "services/usagers/store/x.py", "conn.transaction()"),
    (silent_excepts, "gateway/x.py", "try:\n    f()\nexcept ValueError:\n    pass"),
]


@pytest.mark.parametrize(("fence", "path", "planted"), FENCES, ids=[fence.__name__ for fence, _, _ in FENCES])
def test_nothing_passes_the_fence_and_a_planted_line_is_caught(
    fence: Callable[[str, str], list[str]], path: str, planted: str
) -> None:
    sources = [p for p in SOURCES if fence is not outside_the_domain or "/domain" in str(p)]

    found = {
        str(source.relative_to(ROOT)): faults
        for source in sources
        if (faults := fence(str(source.relative_to(ROOT)), source.read_text(encoding="utf-8")))
    }

    assert found == {}
    assert fence(path, planted)


BOUNDS = {
    "coffre": 345,
    "chassis": 1_925,
    "services": 547,
    "services/dossiers": 900,
    "services/dossiers/fusions": 490,
    "services/dossiers/sceaux": 262,
}


@pytest.mark.parametrize(("shared", "bound"), BOUNDS.items())
def test_what_is_shared_stays_small(shared: str, bound: int) -> None:
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / shared).glob("*.py"))

    assert lines <= bound
