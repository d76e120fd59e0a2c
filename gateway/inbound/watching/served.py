"""Tells `usagers` which territories have a département among the partners: a transfer to another one waits."""

import asyncio
from typing import Any

import orjson
import structlog

from chassis.bus import Unavailable
from chassis.bus_nats import NatsBus
from chassis.waiting import wait
from gateway.partners import Annuaire

_log = structlog.get_logger()
_LOOK_EVERY_S, _TELL_EVERY_S = 1.0, 60.0
_TIMEOUT_S = 5.0


class Served:
    """Tells at once what changes, and all again every minute: the service may have been restored meanwhile."""

    def __init__(self, bus: NatsBus, annuaire: Annuaire) -> None:
        self._bus = bus
        self._annuaire = annuaire
        self._told: list[str] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        told_at = clock()
        while not stop.is_set():
            if self._annuaire.territoires_servis() != self._told or clock() - told_at > _TELL_EVERY_S:
                await self.tell()
                told_at = clock()
            await wait(stop, _LOOK_EVERY_S)

    async def tell(self) -> None:
        served = self._annuaire.territoires_servis()
        demande: dict[str, Any] = {"departements": served}
        try:
            await self._bus.request("reglage.usagers.territoires", orjson.dumps(demande), timeout_s=_TIMEOUT_S)
        except Unavailable:
            _log.warning("served.usagers_away")
            return
        self._told = served
