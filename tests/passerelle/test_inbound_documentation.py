"""`/docs` in a browser without network: every operation is shown, nothing is asked elsewhere, nothing can be tried."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from chassis.http_server import serve
from deploy.allowed_skips import NO_BROWSER
from gateway.inbound import documentation
from gateway.inbound.application import Application, surrounded
from gateway.inbound.request.routes import Declared
from relais_contrats.api import OPERATIONS
from relais_contrats.openapi import decrire
from tests.hub import free_port
from tests.navigateur import CHROMIUM

pytestmark = pytest.mark.anyio
_PUBLISHED = ("/v1/contrats", "/openapi", "/asyncapi", "/problemes")
ASSETS = {route.path for route in documentation.routes()} - {"/docs"}
_ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture
async def door() -> AsyncIterator[str]:
    """The application with every route of the API and nothing behind them, as it is served."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    mute = PlainTextResponse("")
    routes = [Declared(one, mute) for one in OPERATIONS if not one.chemin.startswith(_PUBLISHED)]
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(surrounded(Application(routes, url), url), "127.0.0.1", port, stop))
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=20)) as client:
            await client.get(f"{url}/docs")
        yield url
        stop.set()


async def test_the_page_shows_every_operation_and_asks_no_other_host(door: str, tmp_path: Path) -> None:
    if shutil.which("chromium") is None:
        pytest.skip(NO_BROWSER)
    asked = tmp_path / "net.json"
    options = [f"--user-data-dir={tmp_path / 'profil'}", f"--log-net-log={asked}", _ALONE, "--enable-logging=stderr"]
    command = [*CHROMIUM, *options, "--virtual-time-budget=8000", "--dump-dom", f"{door}/docs"]

    browser = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    page, said = (stream.decode() for stream in await asyncio.wait_for(browser.communicate(), 120))

    shown = set(re.findall(r'id="operations-default-([^"]+)"', page))
    events = [event.get("params", {}) for event in json.loads(asked.read_text())["events"]]
    urls = {event["url"] for event in events if event.get("initiator") == door}
    assert shown == {decrire(operation)["operationId"] for operation in OPERATIONS}
    assert urls == {f"{door}{path}" for path in ("/openapi.json", *ASSETS)}
    assert re.findall(r"Refused|violates|Uncaught", said) == []
    assert '<html lang="fr"' in page
    assert re.findall(r"authorize|try-out", page) == []


async def test_the_page_is_refused_under_another_name_and_frames_and_inline_scripts_with_it(door: str) -> None:
    async with httpx.AsyncClient(base_url=door) as client:
        page = await client.get("/docs")
        elsewhere = await client.get("/docs", headers={"Host": "ailleurs.test"})
        script = await client.get("/docs/demarrage.js")

    policy = page.headers["content-security-policy"]
    assert (page.status_code, elsewhere.status_code) == (200, 400)
    assert "default-src 'none'; script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert re.findall(r"<script>|\son\w+=|https?://", page.text) == []
    assert "supportedSubmitMethods: []" in script.text
