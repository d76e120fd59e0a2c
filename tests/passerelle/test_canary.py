"""A text that partners sent is searched for in every file of both engines: tables, log, streams, a dump of the schema.

No service runs here: `tests/parcours/test_effacement.py` searches a whole hub.
"""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from gateway import participations
from gateway.participations import Lieu, Participation
from relais_contrats.droits import Role
from relais_contrats.exemples import exemple_valide
from tests.engines import Bench
from tests.passerelle.entrance import Entrance
from tests.passerelle.outgoing import DROITS, Sortant, until
from tests.passerelle.test_feed_epochs import run
from tests.passerelle.test_inbound_turns import NOW

pytestmark = pytest.mark.anyio
DUMPED = ("passerelle", "coffre")
FAIT = "orientation.close"


def canary() -> str:
    return f"zqcanari{uuid4().hex[:12]}"


async def holding(banc: Bench, word: str, folder: Path) -> set[str]:
    """The files that hold this word in the clear, once all that is in memory was written down; and the dump."""
    admin = await banc.admin()
    await admin.execute("CHECKPOINT")
    dump = folder / f"{uuid4().hex}.sql"
    run(banc, "pg_dump", *(f"--schema={schema}" for schema in DUMPED), "-f", str(dump), banc.database)
    files = [path for path in banc.engines.data.path.rglob("*") if path.is_file()]
    assert any("pg_wal" in path.parts for path in files)
    assert any(path.suffix == ".blk" for path in files)
    words = [word.encode(), word.encode().hex().encode()]
    return {path.name for path in (dump, *files) if any(one in content(path) for one in words)}


def content(path: Path) -> bytes:
    """Of a file that the engine has removed meanwhile: nothing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    return tmp_path


async def test_the_search_finds_what_is_in_the_clear(banc: Bench, folder: Path) -> None:
    word, admin = canary(), await banc.admin()

    await admin.execute("CREATE TABLE passerelle.temoin AS SELECT $1::text AS mot", word)

    found = await holding(banc, word, folder)
    assert any(name.endswith(".sql") for name in found)
    assert len(found) >= 3  # the dump, the table, the log


async def service(banc: Bench, verdict: dict[str, Any]) -> None:
    """Stands for a brique: it accepts, refuses or puts off what it is asked, as `verdict` says by message."""

    async def answer(body: bytes) -> bytes:
        return orjson.dumps([{"id": one["id"], **_decided(one, verdict)} for one in orjson.loads(body)])

    process = await banc.process("orientation", "orientation")
    await process.bus.respond("depot.orientation", "orientation", answer)


def _decided(entree: dict[str, Any], verdict: dict[str, Any]) -> dict[str, Any]:
    etat = verdict[entree["message"]]
    if etat == "refuse":
        details = {"attendu": entree["donnees"]["motif"]}
        return {
            "etat": etat,
            "refus": {"code": "etat-interdit", "pointeur": "/subject", "details": details},
            "faits": [],
        }
    return {"etat": etat, "faits": []}


@pytest.mark.parametrize("etat", ["accepte", "refuse", "attente"])
async def test_no_word_of_a_deposit_is_on_disk_whatever_becomes_of_it(
    entree: Entrance, banc: Bench, folder: Path, etat: str
) -> None:
    word, parcours = canary(), uuid4()
    async with entree.process.pool.acquire() as conn:
        await participations.enter(conn, [Participation(parcours, "cd-59", Role.TERRITOIRE)], NOW)
        await participations.place(conn, [Lieu(parcours, "59", 1)])
    partner = await entree.partner("cd-59")
    data = {**exemple_valide(FAIT)["data"], "motif": word}
    message = partner.message(FAIT, data, departement="59", subject=entree.pseudonyms.of("cd-59", parcours))
    await service(banc, {message["id"]: etat})
    headers = {"Content-Type": "application/cloudevents+json", "Prefer": "wait=2"}

    answer = await partner._send("POST", "/v1/messages", content=json.dumps(message).encode(), headers=headers)

    assert answer.status_code == {"accepte": 201, "refuse": 409, "attente": 202}[etat]
    assert await holding(banc, word, folder) == set()


async def test_no_word_of_an_event_is_on_disk_before_and_after_an_erasure(
    sortant: Sortant, banc: Bench, folder: Path
) -> None:
    word, parcours = canary(), uuid4()
    sortant.distribute()
    await sortant.signale(parcours)
    await sortant.tell("droits.modifies", parcours, {**DROITS, "motif": word})
    await sortant.delivered(4)
    sortant.sequences[parcours, "usagers"] += 1
    await sortant.tell("droits.modifies", parcours, {**DROITS, "motif": word})
    await until(lambda: is_waiting(sortant))
    before = await holding(banc, word, folder)

    sortant.sequences[parcours, "usagers"] -= 2
    await sortant.tell("usager.efface", parcours, {"motif": "Demande."})
    await until(lambda: is_erased(sortant, parcours))

    assert (before, await holding(banc, word, folder)) == (set(), set())


async def is_waiting(sortant: Sortant) -> bool:
    return bool(await sortant.field("SELECT count(*) FROM retenus"))


async def is_erased(sortant: Sortant, parcours: UUID) -> bool:
    return bool(await sortant.field("SELECT count(*) FROM effaces WHERE parcours = $1", parcours))
