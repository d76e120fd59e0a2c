"""The outgoing half, assembled: settings, partners, fan-out of both streams, sender."""

import asyncio
from pathlib import Path

from chassis import process, settings
from chassis.bus import STREAMS
from chassis.process import Process
from coffre.keys import Vault
from coffre.masters import Masters
from gateway import webhook_keys
from gateway.bodies import Bodies
from gateway.destinations import Resolver
from gateway.outbound import health
from gateway.outbound.alarms import Alarms
from gateway.outbound.delivery import Sender
from gateway.outbound.departures import Departures
from gateway.outbound.exercises import Exercises
from gateway.outbound.fanout import Fanout
from gateway.outbound.heartbeats import Heartbeats
from gateway.outbound.http_client import HttpClient
from gateway.outbound.mail import Smtp
from gateway.outbound.renewals import Renewals
from gateway.outbound.signals import Signals
from gateway.outbound.suspensions import Suspensions
from gateway.outbound.targets import Targets
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from gateway.quiescence import Quiescence
from gateway.receipts import Chains
from gateway.webhook_secrets import Safe

COMPONENT = "sortant"
SCHEMA = "passerelle"


class Settings(settings.Settings):
    cles_maitres: Path
    url_publique: str
    autoriser_loopback: bool = False
    # The mail server of the alarms (`gateway.outbound.mail`), who writes, and the console that mails lead to.
    alertes_smtp: str | None = None
    alertes_expediteur: str = "relais@localhost"
    console_url: str | None = None
    ports_du_hub: frozenset[int] = frozenset()
    # A sandbox: operators may disturb what leaves for a partner.
    bac_a_sable: bool = False


async def assemble(running: Process, configured: Settings) -> None:
    """Start to distribute once the partners are known: an event whose receivers are not known yet would miss them."""
    annuaire = Annuaire(running.pool)
    await annuaire.reload()
    vault = Vault(running.pool, Masters(configured.cles_maitres))
    bodies = Bodies(running.bus, annuaire, Pseudonyms(configured.key("pseudonymes")), configured.url_publique, vault)
    client = HttpClient(
        Resolver(autoriser_loopback=configured.autoriser_loopback, ports_du_hub=configured.ports_du_hub)
    )
    targets = Targets(Safe(configured.key("webhooks")), webhook_keys.read(configured))
    chains = Chains(configured.pem("recu"), configured.url_publique)
    exercises = Exercises(running.pool, client) if configured.bac_a_sable else None
    if exercises:
        await exercises.look()
        running.loop("exercices", exercises.run)
    sender = Sender(running.pool, bodies, client, targets, chains, exercises=exercises)
    fanout = Fanout(running.pool, vault, annuaire, Quiescence(running.bus), sender.wake)
    signals = Signals(running.pool, client, targets, sender.wake)
    heartbeats = Heartbeats(running.pool, signals, targets)
    suspensions = Suspensions(running.pool, vault, sender.wake)
    smtp = None
    if configured.alertes_smtp:
        smtp = Smtp.read(configured.alertes_smtp, configured.alertes_expediteur, configured.secrets)
    alarms = Alarms(running.pool, client, webhook_keys.read(configured), smtp, configured.console_url)
    running.loop("alertes", alarms.run)
    running.loop("partenaires", annuaire.keep_fresh)
    running.loop("suspensions", suspensions.run)
    running.loop("battements", heartbeats.run)
    running.loop("retenus", fanout.keep_trying)
    running.loop("reprises", Renewals(running.pool, annuaire, sender.wake).run)
    running.loop("retours-archive", vault.keep_asking)
    running.loop("departs", Departures(running.pool).run)
    running.loop("envois", lambda stop: push(sender, signals, client, stop))
    await running.bus.respond(health.SUBJECT, COMPONENT, health.answering(running, COMPONENT))
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
