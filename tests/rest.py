"""When all that a hub was told has had its effect: for what must not come, or is complete only then.

For a hub of the module's own: what another test leaves parked, or without a receiver, is never done.
"""

import asyncio
from typing import Any

import orjson

from chassis.bus_nats import NatsBus
from deploy.components import SERVICES
from deploy.datadir import HOST
from deploy.keys import ADMIN
from deploy.postgres import connect_admin
from tests.hub import Hub

COMPONENTS = (*SERVICES, "sortant")
_TO_SEND = "SELECT count(*) FROM passerelle.envois WHERE etat = 'a-livrer'"


async def at_rest(hub: Hub, patience_s: float = 60.0) -> None:
    """Wait until no component has anything to publish, read, tell or send, two looks in a row; raises TimeoutError."""
    ports = hub.data.known_ports()
    conn = await connect_admin(hub.data, ports.postgres)
    async with asyncio.timeout(patience_s), asyncio.TaskGroup() as tasks:
        bus = await NatsBus.connect(f"nats://{HOST}:{ports.nats}", hub.data.nkey_file(ADMIN), ADMIN, tasks)
        try:
            looks = 0
            while looks < 2:
                said = await asyncio.gather(*(_health(bus, name) for name in COMPONENTS))
                looks = 0 if sum(map(_to_do, said)) + int(await conn.fetchval(_TO_SEND)) else looks + 1
                await asyncio.sleep(0.2)
        finally:
            await bus.close()
            await conn.close()


async def _health(bus: NatsBus, name: str) -> Any:
    return orjson.loads(await bus.request(f"lecture.{name}.sante", b"", timeout_s=10))


def _to_do(said: Any) -> int:
    read = sum(reader["a_lire"] + reader["en_cours"] for reader in said["lecteurs"].values())
    return int(read + said.get("a_publier", 0) + said.get("a_distribuer", 0) + sum(said.get("retenus", {}).values()))
