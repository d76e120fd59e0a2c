"""What a component cannot take is set aside: it holds its parcours, shows, and an operator of the hub settles it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from deploy import postgres
from relais_contrats.client import Partner
from tests.hub import Hub
from tests.parcours.reorientation import MAISON, REFERENT, day, decision, eventually, opened, send

pytestmark = [pytest.mark.anyio, pytest.mark.lent]

DECIDEE = {"decision": "acceptee"} | decision(MAISON, "departement", 1, -10)
NOTIFIEE = {"date_notification": day(-10)}
DESIGNE = {"referent": REFERENT, "structure": MAISON, "date_debut": day(-9)}


@asynccontextmanager
async def sick(hub: Hub, table: str, condition: str) -> AsyncIterator[None]:
    """A table that refuses some rows, as data that nobody foresaw would."""
    ports = hub.data.known_ports()
    conn = await postgres.connect_admin(hub.data, ports.postgres)
    await conn.execute(
        "CREATE OR REPLACE FUNCTION public.refuser() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE data_exception; END $$"
    )
    await conn.execute(
        f"CREATE TRIGGER malade BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW WHEN ({condition}) "
        "EXECUTE FUNCTION public.refuser()"
    )
    try:
        yield
    finally:
        await conn.execute(f"DROP TRIGGER malade ON {table}")
        await conn.close()


async def internal(hub: Hub, message: str) -> str:
    """The hub's own name of the parcours of this deposit."""
    conn: asyncpg.Connection[Any] = await postgres.connect_admin(hub.data, hub.data.known_ports().postgres)
    try:
        return str(await conn.fetchval("SELECT parcours FROM passerelle.depots WHERE message = $1", message))
    finally:
        await conn.close()


async def deposit(cd: Partner, prc: str, fait: str, data: dict[str, Any], finalite: str = "orientation") -> str:
    """Deposit without waiting for the decision."""
    message = cd.message(fait, data, departement="59", subject=prc, finalite=finalite)
    await cd.post(message, wait_s=3)
    return str(message["id"])


async def told(cd: Partner, message: str) -> dict[str, Any]:
    return dict(await cd.get(f"/v1/messages/{message}"))


async def rebut(hub: Hub, command: str, *options: str, check: bool = True) -> Any:
    done = await asyncio.to_thread(hub.relais, f"rebut {command}", *options, "--json", check=check)
    return json.loads(done.stdout)


async def parked_in(hub: Hub, composant: str) -> list[dict[str, Any]]:
    return [row for row in await rebut(hub, "lister") if row["composant"] == composant]


async def test_a_deposit_set_aside_holds_its_parcours_until_it_is_tried_again(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        prc, other = await opened(hub, cd), await opened(hub, cd)
        first = await send(cd, prc, "diagnostic.realise", {"criteres": {}})
        parcours = await internal(hub, first.id or "")
        async with sick(hub, "orientation.faits", f"NEW.agregat = '{parcours}'"):
            poison = await deposit(cd, prc, "orientation.decidee", DECIDEE)
            seen = await eventually(lambda: told(cd, poison), lambda v: v if v["etat"] == "rebut" else None)
            followers = [
                await deposit(cd, prc, "orientation.notifiee", NOTIFIEE),
                await deposit(cd, prc, "referent.designe", DESIGNE, "accompagnement"),
            ]
            neighbour = await send(cd, other, "orientation.decidee", DECIDEE)
            waiting = [await told(cd, message) for message in followers]
            [row] = await parked_in(hub, "orientation")
            shown = await rebut(hub, "montrer", row["id"])
            sick_still = await rebut(hub, "reprendre", row["id"], check=False)
            state = json.loads((await asyncio.to_thread(hub.relais, "etat", "--json", check=False)).stdout)

        cured = await rebut(hub, "reprendre", row["id"], "--motif", "table réparée", "--par", "o.perateur")
        after = [await cd.settled(message) for message in (poison, *followers)]

    assert "opérateur" in seen["precision"]
    assert [one["etat"] for one in waiting] == ["en-attente", "en-attente"]
    assert neighbour.etat == "accepte"
    assert (row["nature"], row["type"], row["raison"]) == ("depot", "orientation.decidee", "DataError")
    assert (shown[0]["message"], shown[0]["gestes"]) == (poison, [])
    assert sick_still[0]["etat"] in ("parque", "a-reprendre")
    assert state["pending"]["orientation : messages au rebut"] == 1
    assert [one["etat"] for one in cured] == ["repris"]
    assert [one.etat for one in after] == ["accepte"] * 3
    [again] = await rebut(hub, "montrer", row["id"])
    last = again["gestes"][-1]
    assert (last["geste"], last["par"], last["motif"]) == ("repris", "outil/o.perateur", "table réparée")


async def test_a_deposit_that_is_discarded_says_so_and_lets_its_parcours_go_on(hub: Hub) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        first = await send(cd, prc, "diagnostic.realise", {"criteres": {}})
        parcours = await internal(hub, first.id or "")
        async with sick(hub, "orientation.faits", f"NEW.agregat = '{parcours}' AND NEW.type LIKE 'diagnostic%'"):
            poison = await deposit(cd, prc, "diagnostic.realise", {"criteres": {}})
            await eventually(lambda: told(cd, poison), lambda v: v["etat"] == "rebut")
            follower = await deposit(cd, prc, "orientation.decidee", DECIDEE)
            [row] = await parked_in(hub, "orientation")
            without = await asyncio.to_thread(hub.relais, "rebut ecarter", row["id"], check=False)
            [discarded] = await rebut(hub, "ecarter", row["id"], "--motif", "saisi deux fois")
        after = await cd.settled(follower)
        seen = await told(cd, poison)
        twice = await asyncio.to_thread(hub.relais, "rebut ecarter", row["id"], "--motif", "x", check=False)

    assert without.returncode == 2
    assert discarded["etat"] == "ecarte"
    assert after.etat == "accepte"
    assert (seen["etat"], seen["motif"]) == ("ecarte", "saisi deux fois")
    assert twice.returncode == 1
    assert await parked_in(hub, "orientation") == []


@pytest.mark.parametrize("geste", ["reprendre", "ecarter"])
async def test_an_event_set_aside_by_a_sibling_holds_what_follows_it_there(hub: Hub, geste: str) -> None:
    async with hub.partner("cd-59") as cd:
        prc = await opened(hub, cd)
        first = await send(cd, prc, "diagnostic.realise", {"criteres": {}})
        parcours = await internal(hub, first.id or "")
        async with sick(hub, "referents.positions", f"NEW.agregat = '{parcours}' AND NEW.brique = 'orientation'"):
            await send(cd, prc, "orientation.decidee", DECIDEE)
            [row] = await eventually(lambda: parked_in(hub, "referents"), bool) and await parked_in(hub, "referents")
            follower = await deposit(cd, prc, "referent.designe", DESIGNE, "accompagnement")
            waiting = await told(cd, follower)
        await rebut(hub, geste, row["id"], "--motif", "essai")
        after = await cd.settled(follower)

    assert (row["nature"], waiting["etat"]) == ("evenement", "en-attente")
    assert after.etat == ("accepte" if geste == "reprendre" else "refuse")
    assert await parked_in(hub, "referents") == []
