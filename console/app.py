"""The console, assembled: the receiver of traces, the pages, the JSON that `./relais trace` reads, the forgetting.

It asks nobody who they are yet, so it listens on loopback unless told otherwise, and answers pages only under the names
it is known by: a page of some other site, resolved to this address, reads nothing.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pydantic import Field
from starlette.applications import Starlette

from chassis import process, settings
from chassis.database import Pool
from chassis.http_server import serve
from chassis.process import Process
from chassis.waiting import wait
from console import store
from console.api import Api
from console.pages import Pages
from console.receiver import Receiver
from console.risks import Demander, asking
from console.shell import HANDLERS, guarded

COMPONENT = "console"
_FORGET_EVERY_S = 60.0
_SLICE_SPANS = 5_000


class Settings(settings.Settings):
    """`console_noms`: names under which operators reach it, separated by spaces. `console_conservation_jours`: how long
    traces are kept."""

    hote: str = "127.0.0.1"
    port: int
    console_noms: str = "127.0.0.1 localhost"
    console_conservation_jours: int = Field(7, ge=1, le=365)


async def assemble(running: Process, configured: Settings) -> None:
    retention = timedelta(days=configured.console_conservation_jours)
    app, receiver = build(running.pool, configured.console_noms.split(), retention, utc_now, asking(running.bus))
    running.loop("traces", receiver.inserts.run)
    running.loop("menage", lambda stop: _forget(running, retention, stop))
    running.loop("http", lambda stop: serve(app, configured.hote, configured.port, stop))


def build(
    pool: Pool, names: list[str], retention: timedelta, clock: Callable[[], datetime], ask: Demander
) -> tuple[Starlette, Receiver]:
    """The application, and its receiver, whose `inserts` must run for a request to be answered."""
    receiver = Receiver(pool, clock, retention)
    seen = [*Pages(pool, retention, ask).routes(), *Api(pool).routes()]
    routes = [*receiver.routes(), guarded(seen, names)]
    return Starlette(routes=routes, exception_handlers=HANDLERS), receiver


def utc_now() -> datetime:
    return datetime.now(UTC)


async def forget(pool: Pool, before: datetime, stop: asyncio.Event) -> int:
    """Delete what began before, slice by slice, so that no transaction is long; returns how many traces went."""
    gone = 0
    while not stop.is_set():
        async with pool.acquire() as conn:
            deleted = await store.forget(conn, before, _SLICE_SPANS)
        if not deleted:
            break
        gone += deleted
    return gone


async def _forget(running: Process, retention: timedelta, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await forget(running.pool, utc_now() - retention, stop)
        await wait(stop, _FORGET_EVERY_S)


def main() -> None:
    configured = settings.read(Settings)
    process.run(COMPONENT, COMPONENT, configured, lambda running: assemble(running, configured))


if __name__ == "__main__":
    main()
