"""The door, assembled: settings, partners, OAuth, journal, dispatch, routes."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from joserfc.jwk import ECKey
from pydantic import Field
from starlette.types import ASGIApp

from chassis import process, settings
from chassis.http_server import serve
from chassis.process import Process
from chassis.waiting import wait
from coffre.keys import Vault
from coffre.masters import Masters
from gateway import accesses, single_use, webhook_keys
from gateway.accesses import AccessChain
from gateway.bodies import Bodies
from gateway.destinations import Resolver
from gateway.inbound.administration import alarms as alarms_desk
from gateway.inbound.administration import aside as aside_desk
from gateway.inbound.administration import audit as audit_desk
from gateway.inbound.administration import credentials, directory, machines
from gateway.inbound.administration import deliveries as deliveries_desk
from gateway.inbound.administration import partners as partners_desk
from gateway.inbound.administration import sight as partner_sight
from gateway.inbound.administration.office import Office
from gateway.inbound.administration.sight import PartnerSight
from gateway.inbound.alarms.evaluating import Alarms
from gateway.inbound.application import Application, surrounded
from gateway.inbound.audit import acts as acts_done
from gateway.inbound.audit import exercises, persons, proof
from gateway.inbound.audit import journal as audit_journal
from gateway.inbound.audit import usages as monthly
from gateway.inbound.audit.exercises import Exercises
from gateway.inbound.audit.journal import AccessJournal
from gateway.inbound.audit.persons import Persons
from gateway.inbound.audit.proof import Verifications
from gateway.inbound.audit.usages import Usages
from gateway.inbound.deposit import former_rows, store
from gateway.inbound.deposit.cabinet import Cabinet
from gateway.inbound.deposit.deposits import Deposits
from gateway.inbound.deposit.dispatch import Dispatch
from gateway.inbound.deposit.journal import Journal
from gateway.inbound.deposit.prepared import Doorway
from gateway.inbound.deposit.retention import Retention
from gateway.inbound.events import replays_store
from gateway.inbound.events.feed import Feed
from gateway.inbound.events.gaps import Gaps
from gateway.inbound.events.replays import Replays
from gateway.inbound.events.subscriptions import Subscriptions
from gateway.inbound.links.answer_links import Signer
from gateway.inbound.links.answers import Answers
from gateway.inbound.messages import answering as messages
from gateway.inbound.operating import views
from gateway.inbound.operating.aside import Aside
from gateway.inbound.reading import contents, delays
from gateway.inbound.reading.bookmarks import Bookmarks
from gateway.inbound.reading.contents import Contents
from gateway.inbound.reading.listing import Listing
from gateway.inbound.reading.offres import Offres
from gateway.inbound.reading.reads import Reads
from gateway.inbound.reading.reports import Reports
from gateway.inbound.reading.roots import Roots
from gateway.inbound.reading.search import Search
from gateway.inbound.reading.sight import Sight
from gateway.inbound.reading.territory_settings import TerritorySettings
from gateway.inbound.request import counters, revoked
from gateway.inbound.request.counters import Counters
from gateway.inbound.request.door import Door
from gateway.inbound.request.limits import Limits, Policy
from gateway.inbound.request.refusals import Refusals
from gateway.inbound.request.revoked import Revoked
from gateway.inbound.request.routes import taken
from gateway.inbound.timeline import answering as timeline
from gateway.inbound.watching import health, metrics, overview, risks, watch
from gateway.inbound.watching.exploration import Exploration, Parts
from gateway.inbound.watching.overview import Overview
from gateway.inbound.watching.served import Served
from gateway.partners import Annuaire
from gateway.pseudonyms import Pseudonyms
from gateway.receipts import Chains
from relais_contrats.oauth.certificate import ProxyDeConfiance
from relais_contrats.oauth.metadata import routes as oauth_routes
from relais_contrats.oauth.profile import Profil
from relais_contrats.oauth.resource import VerificateurAcces
from relais_contrats.oauth.signing import CleServeur, EtatCle, Trousseau
from relais_contrats.recus import Suite

COMPONENT = "entrant"
SCHEMA = "passerelle"
_KEEP_COUNTS = timedelta(days=40)
_KEEP_REPLAYS = timedelta(days=90)
_KEEP_REFUSALS = timedelta(days=90)
_MOST_REFUSALS = 1_000_000
_CLEAN_EVERY_S = 60.0


class Settings(settings.Settings):
    cles_maitres: Path
    url_publique: str
    hote: str = "127.0.0.1"
    port: int
    # Several processes of this machine answer there.
    port_partage: bool = False
    # Folders on the disks whose space is watched; the one of the secrets when none is named.
    disques: list[Path] = Field(default_factory=list)
    # Where operators read `/metrics`; not served without it.
    port_admin: int | None = None
    autoriser_loopback: bool = False
    # A sandbox: operators may disturb what leaves for a partner.
    bac_a_sable: bool = False
    # Sensitive acts of operators are done with the name of a second one only.
    quatre_yeux: bool = False
    ports_du_hub: frozenset[int] = frozenset()
    # Whoever knows `proxy.cle` may say with which client certificate a request came. Off: nobody may.
    proxy_de_confiance: bool = False
    # Per partner: requests at once and per second in each process, requests and messages per day over all of them.
    rafale: int = 10_000
    debit_par_s: int = 5_000
    quota_jour: int = 10_000_000
    # Persons that a partner may name in an hour: searched, or signalled by a partner that has no monthly flow; then
    # signalled by one that has (CAF, MSA, département, France Travail).
    recherches_par_heure: int = 600
    signalements_par_heure: int = 200_000

    @property
    def parts(self) -> Parts:
        return Parts(self.recherches_par_heure, self.signalements_par_heure)


async def assemble(running: Process, configured: Settings) -> None:
    """Start serving once the partners are known."""
    observed = watch.Watch(running.bus)
    await running.bus.respond(risks.SUBJECT, COMPONENT, risks.answering(running.pool, observed, configured.parts))
    overall = Overview(running.pool, observed)
    await running.bus.respond(overview.SUBJECT, COMPONENT, overall.answer)
    await running.bus.respond(delays.SUBJECT, COMPONENT, delays.answering(running.bus))
    running.loop("accueil", overall.run)
    running.loop("veille", observed.run)
    await running.bus.respond(directory.SUBJECT, COMPONENT, directory.answering(running.pool, configured.url_publique))
    await running.bus.respond(machines.SUBJECT, COMPONENT, machines.answering(running.pool))
    folders = configured.disques or [configured.secrets]
    running.loop("alertes", Alarms(running.pool, observed, configured.parts, folders).run)
    gestes = (
        partners_desk.GESTES
        | credentials.GESTES
        | machines.GESTES
        | {
            **deliveries_desk.GESTES,
            **aside_desk.gestes(running.bus),
            **alarms_desk.GESTES,
        }
    )
    await Office(running.pool, gestes, quatre_yeux=configured.quatre_yeux).open(running.bus, COMPONENT)
    app = await build(running, configured, observed)
    shared = configured.port_partage
    running.loop("http", lambda stop: serve(app, configured.hote, configured.port, stop, shared=shared))
    if configured.port_admin:
        admin, port_admin = metrics.application(running.pool, observed, folders), configured.port_admin
        running.loop("http admin", lambda stop: serve(admin, configured.hote, port_admin, stop))


async def build(running: Process, configured: Settings, observed: watch.Watch | None = None) -> ASGIApp:
    """Wire the door: its routes, and the loops behind them."""
    base_url = configured.url_publique
    chains = Chains(configured.pem("recu"), base_url)
    pseudonyms = Pseudonyms(configured.key("pseudonymes"))
    vault = Vault(running.pool, Masters(configured.cles_maitres))
    running.loop("retours-archive", vault.keep_asking)
    journal = Journal(running.pool, chains, AccessChain(configured.pem("recu")), pseudonyms, vault)
    refusals = Refusals(journal)
    async with running.pool.acquire() as conn:
        await accesses.maintain(conn)
    cabinet = Cabinet(vault, configured.key("journal"))
    await cabinet.ready(datetime.now(UTC))
    annuaire = Annuaire(running.pool)
    await annuaire.reload()
    used = Counters(running.pool)
    exploration = Exploration(used, configured.parts)
    dispatch = Dispatch(running.pool, running.bus, journal, cabinet, annuaire, pseudonyms, exploration)
    profil, trousseau, revocations = Profil(base_url), _keys(configured), Revoked(running.pool)
    await revocations.reload()
    limits = Limits(Policy(configured.rafale, configured.debit_par_s, configured.quota_jour), used)
    proxy = ProxyDeConfiance(configured.key("proxy") if configured.proxy_de_confiance else None)
    door = Door(
        VerificateurAcces(profil, trousseau, annuaire, revocations),
        proxy,
        annuaire,
        journal,
        limits,
        refusals,
        base_url,
    )
    doorway = Doorway(running.pool, journal, dispatch, cabinet, pseudonyms, exploration, vault, base_url)
    await running.bus.respond(contents.SUBJECT, COMPONENT, Contents(running.pool, cabinet, journal).answer)
    bodies = Bodies(running.bus, annuaire, pseudonyms, base_url, vault)
    feed = Feed(running.pool, bodies, configured.key("webhooks"), Chains(configured.pem("recu"), base_url))
    subscriptions = Subscriptions(
        running.pool,
        configured.key("webhooks"),
        webhook_keys.read(configured),
        Resolver(autoriser_loopback=configured.autoriser_loopback, ports_du_hub=configured.ports_du_hub),
        pseudonyms,
    )
    sight, bookmarks = Sight(running.pool, running.bus, pseudonyms), Bookmarks(configured.key("webhooks"))
    usages = single_use.UsagesUniquesPostgres(running.pool)
    recus = Suite(ECKey.import_key(configured.pem("recu")))
    timelines = timeline.Timelines(running.pool, Aside(running.pool, running.bus), vault, pseudonyms, annuaire, recus)
    await running.bus.respond(timeline.SUBJECT, COMPONENT, timelines.answering())
    access_journal = AccessJournal(running.pool, pseudonyms, annuaire)
    await running.bus.respond(audit_journal.SUBJECT, COMPONENT, access_journal.answer)
    verifications = Verifications(running.pool, configured.pem("recu"))
    await running.bus.respond(proof.SUBJECT, COMPONENT, verifications.answer)
    running.loop("verifications", verifications.run)
    tried = Exercises(running.pool, bac_a_sable=configured.bac_a_sable)
    await running.bus.respond(exercises.SUBJECT, COMPONENT, tried.answer)
    await running.bus.respond(monthly.SUBJECT, COMPONENT, Usages(running.pool, annuaire).answer)
    await running.bus.respond(acts_done.SUBJECT, COMPONENT, acts_done.answering(running.pool))
    asked_for = Persons(running.pool, running.bus, vault, pseudonyms, annuaire, journal)
    await running.bus.respond(persons.SEARCH, COMPONENT, asked_for.search)
    await running.bus.respond(persons.FILE, COMPONENT, asked_for.file)
    acts = audit_desk.gestes(pseudonyms, bac_a_sable=configured.bac_a_sable)
    await Office(running.pool, acts, quatre_yeux=configured.quatre_yeux).open(running.bus, COMPONENT)
    sees = PartnerSight(running.pool, annuaire, pseudonyms)
    await running.bus.respond(partner_sight.SUBJECT, COMPONENT, sees.answer)
    listed = messages.Messages(running.pool, pseudonyms, annuaire)
    await running.bus.respond(messages.SUBJECT, COMPONENT, listed.answer)
    replays = Replays(running.pool)
    if observed is None:
        observed = watch.Watch(running.bus)
    await views.respond(running, COMPONENT, observed, pseudonyms, journal, vault)
    oauth = oauth_routes(
        profil, trousseau, annuaire, usages, revocations, proxy, lambda: datetime.now(UTC), door.note_token_refused
    )
    # The busiest first: a router tries them one after the other.
    routes = [
        *Deposits(doorway, limits).routes(door),
        *feed.routes(door),
        *taken(oauth),
        *Reports(doorway, sight, bodies, bookmarks).routes(door),
        *Answers(doorway, sight, annuaire, Signer(configured.pem("recu")), proxy, refusals).routes(door),
        *Search(sight, exploration).routes(door),
        *Listing(sight, bookmarks).routes(door),
        *TerritorySettings(sight).routes(door),
        *Reads(sight, bodies, bookmarks).routes(door),
        *Offres(sight, bookmarks).routes(door),
        *subscriptions.routes(door),
        *Gaps(running.pool, bodies, pseudonyms).routes(door),
        *Roots(running.pool, chains, lambda: datetime.now(UTC)).routes(door),
        *replays.routes(door),
        *health.routes(running, chains, base_url, observed, usages),
    ]
    running.loop("partenaires", annuaire.keep_fresh)
    running.loop("territoires", Served(running.bus, annuaire).run)
    for name, batch in (
        ("receptions", journal.receptions),
        ("reglements", journal.settlements),
        ("acces", journal.accesses),
        ("acquittements", feed.acknowledgements),
        ("usages uniques", usages.lots),
        ("regards", sight.looks),
    ):
        running.loop(name, batch.run)
    running.loop("revocations", revocations.keep_fresh)
    running.loop("refus", refusals.run)
    running.loop("cabinet", lambda stop: cabinet.run(running.pool, stop))
    running.loop("scellement", former_rows.Sealing(running.pool, vault).run)
    running.loop("conservation", Retention(running.pool, cabinet).run)
    running.loop("compteurs", used.run)
    running.loop("exploration", lambda stop: exploration.run(running.pool, stop))
    running.loop("rejeux", replays.run)
    running.loop("fil", feed.watch)
    running.loop("menage", lambda stop: _clean(running, stop))
    dispatch.start(running)
    return surrounded(Application(routes, base_url), base_url)


def _keys(configured: Settings) -> Trousseau:
    """`jeton.pem` signs. Beside it, `jeton-suivante.pem` is published before it takes over, `jeton-retiree.pem` until
    the last token that it signed has expired; each change of state is a change of name and a restart."""
    keys = [CleServeur.depuis_pem(configured.pem("jeton"))]
    for etat in (EtatCle.SUIVANTE, EtatCle.RETIREE):
        if (configured.secrets / f"jeton-{etat.value}.pem").exists():
            keys.append(CleServeur.depuis_pem(configured.pem(f"jeton-{etat.value}"), etat))
    return Trousseau(keys)


async def _clean(running: Process, stop: asyncio.Event) -> None:
    """Forget spent proofs once nothing accepts them, and books past their time."""
    while not stop.is_set():
        now = datetime.now(UTC)
        async with running.pool.acquire() as conn:
            await single_use.purger(conn, now)
            await revoked.forget(conn, now)
            await counters.forget(conn, now - _KEEP_COUNTS)
            await replays_store.forget(conn, now - _KEEP_REPLAYS)
            await store.forget_refusals(conn, now - _KEEP_REFUSALS, _MOST_REFUSALS)
            await accesses.maintain(conn)
        await wait(stop, _CLEAN_EVERY_S)


def main() -> None:
    configured = settings.read(Settings)
    process.run(COMPONENT, SCHEMA, configured, lambda running: assemble(running, configured))


if __name__ == "__main__":
    main()
