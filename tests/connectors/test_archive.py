"""What a connector received is kept for as long as its mandate says, and no longer."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.archive import archive, archived, folder_of, purge
from connectors.data_inclusion import SYSTEM
from connectors.database import SQLite
from connectors.mandates import Mandate
from connectors.runtime import Installation, Runtime
from connectors.sealing import Vault
from connectors.systems import ConfigurationRefused, Context
from deploy.keys import new_es256_key
from tests.connectors.fakes import KEY, NOW, FakeHub, context

pytestmark = pytest.mark.anyio
CLIENT = dict.fromkeys(("issuer", "token_endpoint", "api", "client_id", "kid"), "x") | {"alg": "ES256", "scopes": []}


def place(folder: Path, **settings: Any) -> Context:
    return context(SYSTEM, settings, folder, FakeHub())


def kept(place: Context, content: bytes, days: float) -> Path:
    """Archived that many days ago."""
    path = archive(place, hashlib.sha256(content).hexdigest(), io.BytesIO(content))
    aged(path, days)
    return path


def aged(path: Path, days: float) -> None:
    instant = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (instant, instant))


async def test_archives_are_kept_ninety_days_unless_the_mandate_says_otherwise(tmp_path: Path) -> None:
    one, other = place(tmp_path / "a"), place(tmp_path / "b", conservation_jours=30)
    young, old = kept(one, b"jeune", 89), kept(one, b"ancien", 91)
    shorter = kept(other, b"court", 31)

    assert (len(purge(one)), len(purge(other))) == (1, 1)
    assert (young.exists(), old.exists(), shorter.exists()) == (True, False, False)


async def test_reports_and_what_the_partner_forgot_to_take_go_with_them_and_what_arrives_does_not(
    tmp_path: Path,
) -> None:
    one = place(tmp_path)
    paths = [
        folder_of(one, name) / "fichier.csv"
        for name in ("rapports", "echanges/retours", "echanges/departs", "echanges/arrivees")
    ]
    for path in paths:
        path.write_text("x")
        aged(path, 91)

    purge(one)

    assert [path.exists() for path in paths] == [False, False, False, True]


async def test_what_comes_again_is_kept_from_then_on(tmp_path: Path) -> None:
    one = place(tmp_path)
    kept(one, b"deux fois", 91)
    digest = hashlib.sha256(b"deux fois").hexdigest()
    archive(one, digest, io.BytesIO(b"deux fois"))

    assert purge(one) == []
    assert archived(one, digest) == b"deux fois"


@pytest.mark.parametrize("days", [0, 3_651, "toujours"])
async def test_a_duration_that_is_none_is_refused(days: object) -> None:
    with pytest.raises(ConfigurationRefused, match="conservation_jours"):
        SYSTEM.configure({"conservation_jours": days})


async def test_every_running_connector_purges_its_own(tmp_path: Path) -> None:
    mandate = Mandate("cd-59-di", SYSTEM.code, "cd-59", "actif", {}, CLIENT, new_es256_key(), None, NOW, NOW)
    installation = Installation(SQLite(tmp_path / "etat.sqlite"), Vault(KEY), tmp_path, clock=lambda: NOW)
    _, its = installation.context(mandate)
    old = kept(its, b"ancien", 91)

    async def known() -> list[Mandate]:
        return [mandate]

    stop = asyncio.Event()
    running = asyncio.create_task(Runtime(installation, known).run(stop))
    async with asyncio.timeout(10):
        while old.exists():
            await asyncio.sleep(0.01)
    stop.set()
    running.cancel()
