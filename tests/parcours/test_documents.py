"""What the running hub publishes, read by the tools that partners read it with: ajv, AsyncAPI's parser, Redocly."""

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from deploy.allowed_skips import NO_NPM_TOOL
from deploy.components import ROOT
from tests.hub import Hub

TOOLS = ROOT / "tests" / "outils"


@pytest.fixture(autouse=True)
def tools() -> None:
    if shutil.which("node") is None or not (TOOLS / "node_modules").is_dir():
        pytest.skip(NO_NPM_TOOL)


def run(*command: str | Path) -> str:
    """What the tool found; empty when it found nothing to say."""
    done = subprocess.run([str(part) for part in command], cwd=TOOLS, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stdout + done.stderr)[-4_000:] or f"code {done.returncode}"


def test_ajv_compiles_every_schema_that_the_hub_serves_and_accepts_its_examples(hub: Hub, tmp_path: Path) -> None:
    with httpx.Client(base_url=hub.api) as client:
        listed = client.get("/v1/contrats").json()["contrats"]
        addresses = [one[kind] for one in listed for kind in ("schema", "depot") if one[kind]]
        addresses.append(f"{hub.api}/v1/contrats/evenement")
        for rank, address in enumerate(addresses):
            served = client.get(address)
            assert served.json()["$id"] == address
            (tmp_path / f"{rank:03}.json").write_bytes(served.content)

    assert run("node", "schemas.mjs", tmp_path) == ""


def test_the_asyncapi_document_is_resolved_by_its_parser(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "asyncapi.json").write_bytes(httpx.get(f"{hub.api}/asyncapi.json").content)
    bus = ROOT / "contracts" / "generated" / "asyncapi-bus.json"

    assert run("node", "asyncapi.mjs", tmp_path / "asyncapi.json", bus) == ""


def test_redocly_finds_no_error_in_the_openapi_document(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_bytes(httpx.get(f"{hub.api}/openapi.json").content)

    assert run("node_modules/.bin/redocly", "lint", tmp_path / "openapi.json", "--format=summary") == ""
