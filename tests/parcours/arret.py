"""A service of a hub is stopped while a person is reoriented: what its roadmap shows meanwhile, and after.

A *mixture* is a view whose parts do not answer for one decision. Around a réorientation there are two that do: before,
the first structure with its active référent and its signed contract; after, the new structure without an active
référent and with the contract to be signed again. All else is a mixture, an unreadable roadmap shows none.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from chassis.database import open_pool
from deploy.datadir import HOST
from deploy.postgres import DATABASE
from relais_contrats.client import HubUnreachable, Partner
from tests.hub import Hub
from tests.parcours.reorientation import (
    AGENCE,
    MAISON,
    Vue,
    contract,
    followed,
    is_active,
    open_structure,
    reorientation,
    sheet,
)

BEFORE, AFTER, AWAY = "before", "after", "away"
_LOOK_EVERY_S = 0.2
_PATIENCE_S = 60.0


@dataclass(slots=True)
class Account:
    """What the roadmap showed: each state with the instant (monotonic, seconds) at which it was first seen."""

    service: str
    seen: list[tuple[float, str]] = field(default_factory=list)
    stopped_s: float = 0.0
    recovery_s: float = 0.0
    """From the restart of the process until the roadmap shows the new orientation, and all that goes with it."""

    def look(self, vue: Vue | None) -> str:
        shown = state(vue)
        if not self.seen or self.seen[-1][1] != shown:
            self.seen.append((time.monotonic(), shown))
        return shown

    @property
    def states(self) -> list[str]:
        return [shown for _, shown in self.seen if shown != AWAY]

    @property
    def longest_mixture_s(self) -> float:
        ends = [*(a for a, _ in self.seen[1:]), time.monotonic()]
        lasting = [end - since for (since, shown), end in zip(self.seen, ends, strict=True) if " " in shown]
        return max(lasting, default=0.0)


def state(vue: Vue | None) -> str:
    """`before`, `after`, `away`, or what a mixture consists of, in words."""
    if vue is None:
        return AWAY
    held = (open_structure(vue), is_active(vue), contract(vue))
    if held == (MAISON["valeur"], True, "signe"):
        return BEFORE
    if held == (AGENCE["valeur"], False, "a-signer"):
        return AFTER
    return f"structure {held[0]}, active référent {held[1]}, contract {held[2]}"


async def go_through(hub: Hub, service: str, meanwhile: Callable[[], Awaitable[None]]) -> Account:
    """Stop the process of `service`, reorient, do `meanwhile`, start it anew, wait until the roadmap has it all."""
    account = Account(service)
    async with (
        hub.partner("cd-59") as cd,
        Partner.load(hub.data.partners / "cd-59", patience_s=0.5) as reader,
        asyncio.TaskGroup() as tasks,
    ):
        prc = await followed(hub, cd)
        watching = tasks.create_task(_watch(account, reader, prc))
        stopped_at = time.monotonic()
        with suppress(ProcessLookupError), hub.stopped(service):
            for fait, data in reorientation():
                await cd.post(cd.message(fait, data, departement="59", subject=prc), wait_s=1)
            await meanwhile()
            account.stopped_s = time.monotonic() - stopped_at
            os.kill(hub.pid(service), signal.SIGKILL)
        restarted_at = time.monotonic()
        watching.cancel()  # it may wait for an answer of the process that was stopped
        watching = tasks.create_task(_watch(account, reader, prc))
        async with asyncio.timeout(_PATIENCE_S):
            while not account.seen or account.seen[-1][1] != AFTER or account.seen[-1][0] < stopped_at:
                await asyncio.sleep(_LOOK_EVERY_S / 4)
            account.look(await sheet(cd, prc))
        account.recovery_s = max(account.seen[-1][0] - restarted_at, 0.0)
        watching.cancel()
    return account


async def _watch(account: Account, reader: Partner, prc: str) -> None:
    while True:
        try:
            account.look(await sheet(reader, prc))
        except (HubUnreachable, httpx.HTTPError):
            account.look(None)
        await asyncio.sleep(_LOOK_EVERY_S)


async def age_by_an_hour(hub: Hub, service: str) -> None:
    """The one instant that a stop of a service leaves behind: when it last compared its facts with the stream."""
    url = f"postgresql://{service}@{HOST}:{hub.data.known_ports().postgres}/{DATABASE}"
    async with await open_pool(url, hub.data.password_file(service).read_text().strip(), service) as pool:
        await pool.execute("UPDATE transport SET verifie_a = verifie_a - interval '1 hour'")
