"""The door ends between the service's decision and its journal: the decision is met again, once, under the same id."""

import json
from typing import Any

import asyncpg
import orjson
import pytest

from gateway import participations
from gateway.inbound.deposit import store
from gateway.participations import Lieu, Participation
from relais_contrats.client import Partner
from relais_contrats.droits import Role
from relais_contrats.exemples import exemple_valide
from tests.engines import Bench
from tests.passerelle.entrance import Entrance
from tests.passerelle.test_inbound_turns import NOW, PARCOURS

pytestmark = pytest.mark.anyio


async def code_of(partner: Partner, message: dict[str, Any]) -> str:
    """Of the refusal; the partner tries again, under the same id, what was not answered."""
    headers = {"Content-Type": "application/cloudevents+json", "Prefer": "wait=9"}
    answer = await partner._send("POST", "/v1/messages", content=json.dumps(message).encode(), headers=headers)
    return str(answer.json()["code"])


@pytest.fixture
def dies_before_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once: its connection to the database goes with it."""
    settle, deaths = store.settle, iter([asyncpg.ConnectionDoesNotExistError("killed")])

    async def killed(*arguments: Any) -> int:
        for death in deaths:
            raise death
        return await settle(*arguments)

    monkeypatch.setattr(store, "settle", killed)


@pytest.mark.usefixtures("dies_before_the_journal")
async def test_what_was_decided_and_not_journalled_is_decided_once(entree: Entrance, banc: Bench) -> None:
    asked: list[str] = []
    async with entree.process.pool.acquire() as conn:
        await participations.enter(conn, [Participation(PARCOURS, "cd-59", Role.TERRITOIRE)], NOW)
        await participations.place(conn, [Lieu(PARCOURS, "59", 1)])

    async def refuse(body: bytes) -> bytes:
        entrees = orjson.loads(body)
        asked.extend(entree["id"] for entree in entrees)
        refus = {"code": "etat-interdit", "pointeur": "/subject", "details": {}}
        return orjson.dumps([{"id": entree["id"], "etat": "refuse", "refus": refus, "faits": []} for entree in entrees])

    service = await banc.process("orientation", "orientation")
    await service.bus.respond("depot.orientation", "orientation", refuse)
    partner = await entree.partner("cd-59")
    data, subject = dict(exemple_valide("orientation.notifiee")["data"]), entree.pseudonyms.of("cd-59", PARCOURS)
    message = partner.message("orientation.notifiee", data, departement="59", subject=subject)
    other = {**message, "agent": "un.autre@cd-59.fr"}

    code = await code_of(partner, message)
    code_of_another_body = await code_of(partner, other)

    assert (code, code_of_another_body) == ("etat-interdit", "contenu-different")
    assert len(asked) >= 2
    assert len(set(asked)) == 1, "the service meets its own decision"
    assert await entree.fetch("SELECT count(*)::int AS recus FROM recus WHERE depot IS NOT NULL") == [{"recus": 1}]
