"""How far each service is with a parcours: what it said last, and what it has heard of its siblings."""

import asyncio
from collections.abc import Collection, Mapping
from uuid import UUID

import orjson

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.ordering import Key
from gateway.outbound.order import BRIQUES, Avancement

_TIMEOUT_S = 2.0


class Quiescence:
    def __init__(self, bus: NatsBus) -> None:
        self._bus = bus

    async def ask(self, parcours: Collection[UUID]) -> Mapping[Key, Avancement]:
        """By brique and parcours; a service that does not answer is absent."""
        if not parcours:
            return {}
        body = orjson.dumps({"parcours": sorted(map(str, parcours))})
        said = await asyncio.gather(*(self._ask(brique, body) for brique in BRIQUES))
        return {key: avancement for of_brique in said for key, avancement in of_brique.items()}

    async def _ask(self, brique: str, body: bytes) -> Mapping[Key, Avancement]:
        try:
            answer = await self._bus.request(f"lecture.{brique}.avancement", body, timeout_s=_TIMEOUT_S)
        except Unavailable:
            return {}
        return {
            (brique, UUID(one)): Avancement(dit["dit"], dit["entendu"]) for one, dit in orjson.loads(answer).items()
        }
