"""Somebody is erased: every connector of her partners forgets her, and nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.archive import about, archive, folder_of, purge_hourly
from connectors.database import SQLite
from connectors.erasure import look
from connectors.systems import Context, System, systems
from relais_contrats.client import HubUnreachable, RequestRefused
from tests.connectors.fakes import NOW, FakeHub, context, pseudonym

pytestmark = pytest.mark.anyio
ZOE, ADA = pseudonym("zoe"), pseudonym("ada")


class Hub(FakeHub):
    """`fed`, `asked`: who was erased, by another partner and by this one."""

    def __init__(self) -> None:
        super().__init__()
        self.fed: list[str] = []
        self.asked: list[str] = []
        self.refusals: dict[str, Exception] = {}

    async def get(self, path: str, **asked: Any) -> Any:
        if path in self.refusals:
            raise self.refusals[path]
        if path == "/v1/evenements":
            assert asked["types"] == "usager.efface"
            after = int(asked.get("apres", 0))
            events = [{"type": "fr.insertion.usager.efface.v1", "subject": one} for one in self.fed[after:]]
            return {"evenements": events, "curseur": str(len(self.fed))}
        assert (path, asked["type"], asked["etat"]) == ("/v1/messages", "usager.efface", "accepte")
        told = [{"type": "usager.efface", "parcours": one, "recu_a": NOW.isoformat()} for one in self.asked]
        return {"messages": told, "suite": None}


@pytest.fixture
def hub() -> Hub:
    return Hub()


def place_of(system: System, folder: Path, hub: Hub) -> Context:
    return context(system, tomllib.loads(system.exemple), folder, hub)


async def lived(place: Context) -> dict[str, list[Path]]:
    """Two persons: their numbers, what was told of each, an archive each and one of both; the files about each."""
    state, files = place.state, {}
    for name, parcours in (("Zoé", ZOE), ("Ada", ADA)):
        await state.link("personne", [(f"nir de {name}", parcours), (f"local de {name}", parcours)])
        await state.link("dit", [(parcours, "empreinte")])
        digest = hashlib.sha256(name.encode()).hexdigest()
        files[name] = [archive(place, digest, io.BytesIO(name.encode()))]
        files[name].append(folder_of(place, "rapports") / f"dossier-{digest[:12]}.jsonl")
        files[name][1].write_text(name)
        await about(place, digest, [state.name("personne", f"nir de {name}")])
    shared = hashlib.sha256(b"tous").hexdigest()
    files["tous"] = [archive(place, shared, io.BytesIO(b"tous"))]
    await about(place, shared, [ZOE, ADA])
    return files


@pytest.mark.parametrize("system", systems(), ids=lambda one: one.code)
@pytest.mark.parametrize("by", ["fed", "asked"], ids=["told by the feed", "asked by this partner"])
async def test_what_a_connector_knows_of_an_erased_person_goes_and_only_that(
    system: System, by: str, tmp_path: Path, hub: Hub
) -> None:
    place = place_of(system, tmp_path, hub)
    files = await lived(place)
    getattr(hub, by).append(ZOE)

    await look(place)
    await look(place)

    there = {name: [path.exists() for path in paths] for name, paths in files.items()}
    assert there == {"Zoé": [False, False], "Ada": [True, True], "tous": [False]}
    known = [await place.state.ours("personne", f"nir de {name}") for name in ("Zoé", "Ada")]
    told = [await place.state.ours("dit", parcours) for parcours in (ZOE, ADA)]
    assert (known, told) == ([None, ADA], [None, "empreinte"])
    [line] = await place.journal.last()
    assert (line.nature, line.reference, line.etat) == ("relais.effacement", ZOE, "fait")
    assert dict(line.compte) == {"paires": 2, "archives": 3}


async def test_nothing_that_is_left_in_the_state_names_an_erased_person(tmp_path: Path, hub: Hub) -> None:
    place = place_of(systems()[0], tmp_path, hub)
    await lived(place)
    hub.fed = [ZOE, ADA]

    await look(place)

    rows = await SQLite(tmp_path / "etat.sqlite").fetch("SELECT espace, la_notre FROM correspondances")
    assert rows == []


async def test_an_erasure_told_while_the_hub_goes_away_is_done_later(tmp_path: Path, hub: Hub) -> None:
    place = place_of(systems()[0], tmp_path, hub)
    await lived(place)
    hub.fed, hub.refusals = [ZOE], {"/v1/evenements": HubUnreachable("absent")}
    with pytest.raises(HubUnreachable):
        await look(place)
    hub.refusals = {"/v1/evenements": RequestRefused(403, {"title": "portée"})}
    hub.asked = [ADA]
    await look(place)
    hub.refusals = {}
    await look(place)

    assert [one.reference for one in await place.journal.last()] == [ZOE, ADA]


async def test_an_archive_that_is_purged_leaves_no_index(tmp_path: Path, hub: Hub) -> None:

    place = place_of(systems()[0], tmp_path, hub)
    files = await lived(place)
    old = (NOW - timedelta(days=91)).timestamp()
    for paths in files.values():
        os.utime(paths[0], (old, old))
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(purge_hourly(place, stop), 5)
    running = asyncio.Event()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(purge_hourly(place, running))
        while files["tous"][0].exists():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        running.set()
        await task

    rows = await SQLite(tmp_path / "etat.sqlite").fetch(
        "SELECT espace FROM correspondances WHERE espace LIKE 'archive %'"
    )
    assert rows == []
