"""A mandate that was made a moment ago: nobody is refused because the hub is still learning of its key."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from connectors import runtime, web
from connectors.data_inclusion import SYSTEM
from connectors.database import SQLite
from connectors.mandates import Mandate
from connectors.runtime import Installation, Runtime
from connectors.sealing import Vault
from deploy.keys import new_es256_key
from relais_contrats.client import Partner, RequestRefused
from tests.connectors.fakes import KEY, NOW

pytestmark = pytest.mark.anyio
CLIENT = dict.fromkeys(("issuer", "token_endpoint", "api", "client_id", "kid"), "x") | {"alg": "ES256", "scopes": []}


@pytest.mark.parametrize("answers", [[False, False, True], [None], [False]], ids=["learning", "away", "refused"])
async def test_a_facade_and_loops_wait_until_the_hub_knows_the_key_or_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[bool | None]
) -> None:
    told, calls = list(answers), 0

    async def is_known(_: Partner) -> bool | None:
        nonlocal calls
        calls += 1
        return told.pop(0) if len(told) > 1 else told[0]

    async def call(*_: object, **__: object) -> None:
        assert told == answers[-1:], "a loop called the hub too early"
        raise RequestRefused(403, {})

    monkeypatch.setattr(Partner, "is_known", is_known)
    monkeypatch.setattr(Partner, "call", call)
    monkeypatch.setattr(runtime, "_KNOWN_EVERY_S", 0.01)
    monkeypatch.setattr(runtime, "_ADMITTED_WITHIN_S", 0.5)
    mandate = Mandate("cd-59-di", SYSTEM.code, "cd-59", "actif", {}, CLIENT, new_es256_key(), None, NOW, NOW)
    installation = Installation(SQLite(tmp_path / "etat.sqlite"), Vault(KEY), tmp_path, clock=lambda: NOW)
    stop, started = asyncio.Event(), asyncio.Event()

    async def known() -> list[Mandate]:
        started.set()
        return [mandate]

    async def well() -> bool:
        return True

    running = Runtime(installation, known)
    task = asyncio.create_task(running.run(stop))
    await started.wait()
    transport = httpx.ASGITransport(web.build(running, well))
    async with httpx.AsyncClient(transport=transport, base_url="http://c") as client:
        answer = await client.get("/connecteurs/cd-59-di/api/v1/services")
    stop.set()
    await task

    assert answer.status_code == 401  # its façade answered, which was shown no token
    assert calls == len(answers) if answers[-1] is not False else calls > 1
