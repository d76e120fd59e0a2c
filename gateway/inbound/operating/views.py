"""The answers to `lecture.passerelle.<vue>` of these rooms: each takes the JSON of what is asked, and returns one."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from chassis.process import Process
from coffre.keys import Vault
from gateway.inbound.alarms.reading import Alerts
from gateway.inbound.deposit.journal import Journal
from gateway.inbound.operating.aside import Aside
from gateway.inbound.operating.failures import Failures
from gateway.inbound.operating.opened import Opened
from gateway.inbound.operating.replays import Replayed
from gateway.inbound.operating.subscriptions import Subscriptions
from gateway.inbound.watching.watch import Watch
from gateway.pseudonyms import Pseudonyms

View = Callable[[dict[str, Any]], Awaitable[Any]]


async def respond(
    running: Process, component: str, watch: Watch, pseudonyms: Pseudonyms, journal: Journal, vault: Vault
) -> None:
    aside = Aside(running.pool, running.bus)
    subscriptions = Subscriptions(running.pool, pseudonyms)
    replayed = Replayed(running.pool)
    views: Mapping[str, View] = {
        "livraisons": subscriptions.all,
        "abonnement": subscriptions.one,
        "rejeux": replayed.all,
        "rejeu": replayed.one,
        "rebut": aside.all,
        "contenu-du-rebut": Opened(aside, journal, vault).open,
        "rejeu-a-blanc": replayed.dry,
        "alertes": Alerts(running.pool).all,
        "pannes": Failures(running.pool, watch, aside).all,
    }
    for name, view in views.items():
        await running.bus.respond(f"lecture.passerelle.{name}", component, _answering(view))


def _answering(view: View) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(asked: bytes) -> bytes:
        return orjson.dumps(await view(orjson.loads(asked)))

    return answer
