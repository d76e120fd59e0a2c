"""The outgoing half, assembled: settings, partners, fan-out of both streams, sender."""

import asyncio

from chassis import process, settings
from chassis.bus import STREAMS
from chassis.process import Process
from gateway import webhook_keys
from gateway.bodies import Bodies
from gateway.destinations import Resolver
from gateway.outbound.delivery import Sender, Targets
from gateway.outbound.departures import Departures
from gateway.outbound.fanout import Fanout
from gateway.outbound.http_client import HttpClient
from gateway.outbound.signals import Signals
from gateway.outbound.suspensions import Suspensions
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from gateway.receipts import Chain
from gateway.webhook_secrets import Safe

COMPONENT = "sortant"
SCHEMA = "passerelle"


class Settings(settings.Settings):
    url_publique: str
    autoriser_loopback: bool = False


async def assemble(running: Process, configured: Settings) -> None:
    """Start to distribute once the partners are known: an event whose receivers are not known yet would miss them."""
    annuaire = Annuaire(running.pool)
    await annuaire.reload()
    bodies = Bodies(running.bus, annuaire, Pseudonyms(configured.key("pseudonymes")), configured.url_publique)
    client = HttpClient(Resolver(autoriser_loopback=configured.autoriser_loopback))
    targets = Targets(Safe(configured.key("webhooks")), webhook_keys.read(configured))
    chain = Chain(configured.pem("recu"), configured.url_publique)
    sender = Sender(running.pool, bodies, client, targets, chain)
    fanout = Fanout(running.pool, annuaire, sender.wake)
    signals = Signals(running.pool, client, targets, sender.wake)
    suspensions = Suspensions(running.pool, sender.wake)
    running.loop("partenaires", annuaire.keep_fresh)
    running.loop("suspensions", suspensions.run)
    running.loop("departs", Departures(running.pool).run)
    running.loop("envois", lambda stop: push(sender, signals, client, stop))
    for stream in STREAMS:
        running.loop(f"distribution {stream}", _consume(running, fanout, stream))


async def push(sender: Sender, signals: Signals, client: HttpClient, stop: asyncio.Event) -> None:
    """All that goes out by HTTP; connections are closed once the last answer is in."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(sender.run(stop))
            group.create_task(signals.run(stop))
    finally:
        await client.close()


def _consume(running: Process, fanout: Fanout, stream: str) -> process.Loop:
    async def consume(stop: asyncio.Event) -> None:
        await running.bus.consume(stream, COMPONENT, STREAMS[stream], fanout.handle, stop)

    return consume


def main() -> None:
    configured = settings.read(Settings)
    process.run(COMPONENT, SCHEMA, configured, lambda running: assemble(running, configured))


if __name__ == "__main__":
    main()
