"""What each partner has received, by feed and by webhook, and waiting until it has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from relais_contrats.client import Partner

FEED, WEBHOOK = "flux", "webhook"
# A type that the demonstration never causes: a page of it is empty, and its cursor is the end of the feed.
_ABSENT_TYPE = "usager.efface"

About = Callable[[str, Mapping[str, Any]], bool]
"""Whether an event that a partner received is the one that is looked for."""


@dataclass(frozen=True, slots=True)
class Received:
    partner: str
    way: str
    event: Mapping[str, Any]

    @property
    def fait(self) -> str:
        return str(self.event["type"]).removeprefix("fr.insertion.").removesuffix(".v1")

    @property
    def data(self) -> Mapping[str, Any]:
        data: Mapping[str, Any] = self.event["data"]
        return data


class Witnesses:
    def __init__(self) -> None:
        self.received: list[Received] = []
        self._pending = asyncio.Event()

    def note(self, partner: str, way: str, event: Mapping[str, Any]) -> None:
        self.received.append(Received(partner, way, event))
        self._pending.set()

    async def follow(self, partner: Partner, cursor: str) -> None:
        """Read the feed as a partner does; nothing is acknowledged, so that its own position does not move."""
        while True:
            page = await partner.events(after=cursor, wait_s=5)
            cursor = page.curseur
            for event in page.evenements:
                self.note(partner.code, FEED, event)

    async def wait_for(
        self,
        partner: str,
        fait: str,
        about: Callable[[str, Mapping[str, Any]], bool],
        way: str | None,
        patience_s: float,
    ) -> Received | None:
        """The last such event, once there is one; None when the patience runs out."""
        deadline = time.monotonic() + patience_s
        while True:
            self._pending.clear()
            for one in reversed(self.received):
                if one.partner == partner and one.fait == fait and way in (None, one.way) and about(partner, one.event):
                    return one
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            try:
                async with asyncio.timeout(left_s):
                    await self._pending.wait()
            except TimeoutError:
                continue


async def end_of_feed(partner: Partner) -> str:
    """Where the feed stands now: what earlier runs left there is not read again."""
    cursor: str | None = None
    while True:
        more = {"apres": cursor} if cursor else {}
        page = await partner.get("/v1/evenements", limite=500, types=_ABSENT_TYPE, **more)
        cursor = page["curseur"]
        if len(page["evenements"]) < 500:
            return str(cursor)
